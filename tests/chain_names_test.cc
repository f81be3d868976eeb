// The names of the three BSDs for what mbuf.h has under another, and the small functions beside.
#include <cerrno>

#include "tests/chain_make.h"

namespace weir {
namespace {

class Names : public ChainTest {};
class MResethdr : public ChainTest {};
class MDupPkt : public ChainTest {};

mbuf* Tagged() {
  mbuf* m =
      Packet({{Buffer::kSmall, 0, 10}, {Buffer::kCluster, 0, 300}, {Buffer::kReadOnly, 0, 9}});
  AddTag(m, 1, "tag");
  return m;
}

TEST_F(MResethdr, OnlyTheLengthStays) {
  mbuf* m = Tagged();
  m->m_flags |= M_EOR;
  std::string data = Bytes(m);
  EXPECT_EQ(m_resethdr(m), 0);
  ExpectChain(m, data);
  EXPECT_EQ(Tags(m), "");
  EXPECT_EQ(m->m_flags, M_PKTHDR | M_EOR);
  EXPECT_EQ(m->m_pkthdr.rcvif, nullptr);
  EXPECT_EQ(m->m_pkthdr.flowid, 0u);
  EXPECT_EQ(m->m_pkthdr.ether_vtag, 0);
  EXPECT_EQ(m_resethdr(m->m_next), EINVAL);
  EXPECT_EQ(m_resethdr(nullptr), EINVAL);
  m_freem(m);
}

TEST_F(MDupPkt, OneBufferWithRoomInFront) {
  for (unsigned adj : {0u, 2u, 64u, 5000u, unsigned(MJUM16BYTES - 319)}) {
    mbuf* m = Tagged();
    m->m_next->m_flags |= M_EOR;
    mbuf* n = m_dup_pkt(m, adj, M_DONTWAIT);
    ASSERT_NE(n, nullptr);
    ExpectChain(n, Bytes(m));
    EXPECT_EQ(n->m_next, nullptr);
    EXPECT_EQ(M_LEADINGSPACE(n), static_cast<int>(adj));
    EXPECT_EQ(Tags(n), "1:tag ");
    EXPECT_EQ(n->m_pkthdr.flowid, 0x11111111u);
    EXPECT_TRUE(n->m_flags & M_EOR);
    EXPECT_FALSE(m->m_flags & M_EOR);
    m_freem(n);
    m_freem(m);
  }
}

TEST_F(MDupPkt, FailuresLeaveThePacketAsItWas) {
  mbuf* m = Tagged();
  for (unsigned adj : {unsigned(MJUM16BYTES - 318), ~0u}) {
    errno = 0;
    EXPECT_EQ(m_dup_pkt(m, adj, M_DONTWAIT), nullptr);
    EXPECT_EQ(errno, EMSGSIZE);
  }
  errno = 0;
  EXPECT_EQ(m_dup_pkt(m->m_next, 0, M_DONTWAIT), nullptr);
  EXPECT_EQ(errno, EINVAL);
  EXPECT_EQ(m_dup_pkt(nullptr, 0, M_DONTWAIT), nullptr);
  m_freem(m);
}

TEST_F(Names, Copym2SharesNothing) {
  mbuf* m = Tagged();
  std::string data = Bytes(m);
  mbuf* n = m_copym2(m, 5, 310, M_DONTWAIT);
  ExpectChain(n, data.substr(5, 310));
  for (mbuf* i = n; i != nullptr; i = i->m_next) EXPECT_TRUE(M_WRITABLE(i));
  m_freem(n);
  errno = 0;
  EXPECT_EQ(m_copym2(m, 5, 315, M_DONTWAIT), nullptr);
  EXPECT_EQ(errno, EINVAL);
  EXPECT_EQ(m_copym2(m, 5, 0, M_DONTWAIT), nullptr);
  EXPECT_EQ(errno, 0);
  m_freem(m);
}

TEST_F(Names, AddLinksTwoChains) {
  mbuf* m = Chain({{Buffer::kSmall, 0, 1}, {Buffer::kSmall, 0, 2}});
  EXPECT_EQ(m_add(nullptr, m), m);
  EXPECT_EQ(m_add(m, Chain({{Buffer::kSmall, 0, 3}})), m);
  EXPECT_EQ(Lengths(m), (std::vector<int>{1, 2, 3})) << "nothing is moved";
  EXPECT_EQ(m_add(m, nullptr), m);
  m_freem(m);
}

TEST_F(Names, HeadersAreCopiedAndRemoved) {
  mbuf* m = Tagged();
  mbuf* n = m_get(M_WAIT, MT_DATA);
  EXPECT_EQ(m_copy_pkthdr(n, m), 0);
  EXPECT_EQ(Tags(n), "1:tag ");
  EXPECT_EQ(m_copy_pkthdr(n, m->m_next), EINVAL);
  EXPECT_EQ(m_remove_pkthdr(n), 0);
  EXPECT_FALSE(n->m_flags & M_PKTHDR);
  EXPECT_EQ(m_removehdr(m), 0);
  EXPECT_EQ(m_removehdr(m), EINVAL);
  m_freem(n);
  m_freem(m);
}

TEST_F(Names, LengthsFlagsAndListsHaveTheirSynonyms) {
  mbuf* m = Tagged();
  m->m_pkthdr.len = 0;
  m_calchdrlen(m);
  EXPECT_EQ(m->m_pkthdr.len, 319);
  m->m_flags |= M_PROTO1 | M_PROTO12;
  m->m_next->m_flags |= M_PROTO5;
  m_clrprotoflags(m);
  EXPECT_FALSE((m->m_flags | m->m_next->m_flags) & M_PROTOFLAGS);
  EXPECT_TRUE(m->m_flags & M_BCAST);
  m_clrprotoflags(nullptr);
  mbuf* shared = m_get(M_WAIT, MT_DATA);
  EXPECT_EQ(mb_dupcl(shared, m->m_next), 0);
  EXPECT_TRUE(M_READONLY(shared));
  EXPECT_TRUE(M_UNWRITABLE(shared, 1));
  EXPECT_TRUE(M_UNWRITABLE(m, 11));
  EXPECT_FALSE(M_UNWRITABLE(m, 10));
  m_freem(shared);
  EXPECT_EQ(m_zero(m), EBUSY) << "it has a read-only buffer";
  m->m_nextpkt = Tagged();
  m_purge(m);
}

TEST_F(Names, TagsInMemoryOfTheCallers) {
  static int frees;
  frees = 0;
  m_tag t;
  m_tag_setup(&t, 5, 6, 0);
  t.m_tag_free = [](m_tag*) { ++frees; };
  EXPECT_EQ(t.m_tag_next, nullptr);
  mbuf* m = m_gethdr(M_WAIT, MT_DATA);
  m_tag_init(m);
  EXPECT_EQ(m_tag_prepend(m, &t), 0);
  EXPECT_EQ(m_tag_locate(m, 5, 6, nullptr), &t);
  // A header that was copied by hand must not free the tags of the other.
  mbuf* n = m_gethdr(M_WAIT, MT_DATA);
  n->m_pkthdr = m->m_pkthdr;
  m_tag_init(n);
  EXPECT_EQ(m_tag_first(n), nullptr);
  m_freem(n);
  EXPECT_EQ(frees, 0);
  m_freem(m);
  EXPECT_EQ(frees, 1);
}

}  // namespace
}  // namespace weir
