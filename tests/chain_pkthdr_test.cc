// m_dup_pkthdr, m_move_pkthdr, m_demote_pkthdr, m_demote.
#include <cerrno>
#include <cstring>

#include "tests/chain_make.h"

namespace weir {
namespace {

class MPkthdr : public ChainTest {};

constexpr uint32_t kPacketFlags = M_PKTHDR | M_BCAST | M_PROTO3 | M_LINK1;

TEST_F(MPkthdr, DupCopiesHeaderFlagsAndTags) {
  mbuf* m = Packet({{Buffer::kSmall, 0, 10}});
  AddTag(m, 1, "one");
  AddTag(m, 2, "");
  m->m_flags |= M_EOR;
  mbuf* n = m_get(M_WAIT, MT_DATA);
  EXPECT_EQ(m_dup_pkthdr(n, m, M_DONTWAIT), 1);
  EXPECT_EQ(n->m_flags, kPacketFlags | M_EOR);
  EXPECT_EQ(n->m_data, n->m_pktdat);
  EXPECT_EQ(Tags(n), "2: 1:one ");
  EXPECT_NE(n->m_pkthdr.tags, m->m_pkthdr.tags);
  n->m_pkthdr.tags->m_tag_next->m_tag_cookie = 99;
  EXPECT_EQ(m->m_pkthdr.tags->m_tag_next->m_tag_cookie, 7u);
  m_freem(n);
  m_freem(m);
}

TEST_F(MPkthdr, DupKeepsAClusterAndItsData) {
  mbuf* m = Packet({{}});
  mbuf* n = Chain({{Buffer::kCluster, 10, 100}});
  char* at = n->m_data;
  EXPECT_EQ(m_dup_pkthdr(n, m, M_DONTWAIT), 1);
  EXPECT_EQ(n->m_data, at);
  EXPECT_EQ(n->m_len, 100);
  EXPECT_TRUE(n->m_flags & M_EXT);
  m_freem(n);
  m_freem(m);
}

TEST_F(MPkthdr, DupReplacesAHeaderWithItsTags) {
  mbuf* m = Packet({{}});
  mbuf* n = Packet({{Buffer::kSmall, 16, 20}});
  AddTag(m, 1, "one");
  AddTag(n, 2, "two");
  std::string data = Bytes(n);
  EXPECT_EQ(m_dup_pkthdr(n, m, M_DONTWAIT), 1);
  EXPECT_EQ(Tags(n), "1:one ");
  EXPECT_EQ(Bytes(n), data);
  m_freem(n);
  m_freem(m);
}

TEST_F(MPkthdr, DataThatTheHeaderWouldOverwriteIsRefused) {
  mbuf* m = Packet({{}});
  mbuf* n = Chain({{Buffer::kSmall, 0, MLEN}});
  std::string data = Bytes(n);
  errno = 0;
  EXPECT_EQ(m_dup_pkthdr(n, m, M_DONTWAIT), 0);
  EXPECT_EQ(errno, EINVAL);
  EXPECT_EQ(m_move_pkthdr(n, m), EINVAL);
  ExpectChain(n, data);
  EXPECT_TRUE(m->m_flags & M_PKTHDR);
  m_freem(n);
  n = Chain({{Buffer::kSmall, MLEN - MHLEN, MHLEN}});
  data = Bytes(n);
  EXPECT_EQ(m_dup_pkthdr(n, m, M_DONTWAIT), 1) << "none of it is in the way";
  EXPECT_EQ(Bytes(n), data);
  m_freem(n);
  m_freem(m);
}

TEST_F(MPkthdr, AFailedDupLeavesTheTargetAsItWas) {
  mbuf* m = Packet({{}});
  AddTag(m, 1, "one");
  AddTag(m, 2, "two");
  auto make = [] {
    mbuf* n = Packet({{Buffer::kSmall, 0, 5}});
    AddTag(n, 3, "three");
    n->m_pkthdr.flowid = 77;
    return n;
  };
  int failures = ForEachFailure(make, [&](mbuf* n) {
    bool done = m_dup_pkthdr(n, m, M_DONTWAIT) == 1;
    EXPECT_EQ(n->m_pkthdr.flowid, done ? 0x11111111u : 77u);
    EXPECT_EQ(Tags(n), done ? "2:two 1:one " : "3:three ");
    m_freem(n);
    return done;
  });
  EXPECT_EQ(failures, 2);
  m_freem(m);
}

TEST_F(MPkthdr, MoveLeavesAPlainMbuf) {
  mbuf* m = Packet({{Buffer::kSmall, 0, 10}});
  AddTag(m, 1, "one");
  m->m_flags |= M_EOR;
  std::string data = Bytes(m);
  mbuf* n = m_get(M_WAIT, MT_DATA);
  EXPECT_EQ(m_move_pkthdr(n, m), 0);
  EXPECT_EQ(n->m_flags, kPacketFlags | M_EOR);
  EXPECT_EQ(Tags(n), "1:one ");
  EXPECT_EQ(m->m_flags, M_EOR);
  ExpectChain(m, data);
  m_freem(n);
  m_freem(m);
}

TEST_F(MPkthdr, WithoutAHeaderOrAnMbufItIsEinval) {
  mbuf* m = Chain({{}});
  mbuf* n = Chain({{}});
  EXPECT_EQ(m_dup_pkthdr(n, m, M_DONTWAIT), 0);
  EXPECT_EQ(m_dup_pkthdr(nullptr, m, M_DONTWAIT), 0);
  EXPECT_EQ(m_dup_pkthdr(n, nullptr, M_DONTWAIT), 0);
  EXPECT_EQ(errno, EINVAL);
  EXPECT_EQ(m_move_pkthdr(n, m), EINVAL);
  EXPECT_EQ(m_move_pkthdr(nullptr, nullptr), EINVAL);
  EXPECT_EQ(m_move_pkthdr(n, nullptr), EINVAL);
  EXPECT_EQ(m_demote_pkthdr(m), EINVAL);
  EXPECT_EQ(m_demote_pkthdr(nullptr), EINVAL);
  EXPECT_EQ(m_demote(nullptr, 1, 0), EINVAL);
  m_freem(n);
  m_freem(m);
}

TEST_F(MPkthdr, ToItselfIsANoOp) {
  mbuf* m = Packet({{Buffer::kSmall, 0, 10}});
  AddTag(m, 1, "one");
  EXPECT_EQ(m_dup_pkthdr(m, m, M_DONTWAIT), 1);
  EXPECT_EQ(m_move_pkthdr(m, m), 0);
  EXPECT_EQ(m_tag_copy_chain(m, m, M_DONTWAIT), 1);
  EXPECT_EQ(Tags(m), "1:one ");
  m_freem(m);
}

TEST_F(MPkthdr, DemoteFreesTagsAndKeepsData) {
  mbuf* m = Packet({{Buffer::kSmall, 20, 30}});
  AddTag(m, 1, "one");
  std::string data = Bytes(m);
  EXPECT_EQ(m_demote_pkthdr(m), 0);
  EXPECT_EQ(m->m_flags, 0u);
  ExpectChain(m, data);
  m_freem(m);
}

TEST_F(MPkthdr, DemoteOfAChainKeepsOnlyTheFlagsAskedFor) {
  for (int all : {0, 1}) {
    mbuf* m = Packet({{Buffer::kCluster, 0, 10}});
    m->m_next = Packet({{Buffer::kReadOnly, 0, 10}});
    AddTag(m->m_next, 1, "one");
    m->m_next->m_flags |= M_EOR | M_PROTO1;
    EXPECT_EQ(m_demote(m, all, static_cast<int>(M_PROTO3 | M_PKTHDR)), 0);
    EXPECT_EQ(m->m_flags, all ? M_EXT | M_PROTO3 : M_EXT | kPacketFlags);
    EXPECT_EQ(m->m_next->m_flags, M_EXT | M_RDONLY | M_EOR | M_PROTO3);
    m_freem(m);
  }
}

}  // namespace
}  // namespace weir
