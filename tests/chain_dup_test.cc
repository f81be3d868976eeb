// m_dup.
#include <cerrno>

#include "tests/chain_make.h"

namespace weir {
namespace {

class MDup : public ChainTest {};

TEST_F(MDup, NothingIsSharedAndAllIsWritable) {
  mbuf* m = Packet({{Buffer::kSmall, 8, 100},
                    {Buffer::kCluster, 0, 2048},
                    {Buffer::kReadOnly, 10, 5000},
                    {Buffer::kJumbo16, 0, 16384},
                    {}});
  std::string data = Bytes(m);
  mbuf* n = m_dup(m, M_DONTWAIT);
  ExpectChain(n, data);
  for (const mbuf* i = n; i != nullptr; i = i->m_next) EXPECT_TRUE(M_WRITABLE(i));
  for (const mbuf* i = m; i != nullptr; i = i->m_next) EXPECT_LE(m_extrefcnt(i), 1u);
  m_freem(m);
  ExpectChain(n, data);
  m_freem(n);
}

TEST_F(MDup, ABufferLargerThanAnyClusterBecomesSeveral) {
  mbuf* m = Packet({{Buffer::kExternal, 0, 40000}});
  m->m_flags |= M_EOR;
  std::string data = Bytes(m);
  mbuf* n = m_dup(m, M_DONTWAIT);
  ExpectChain(n, data);
  EXPECT_EQ(Lengths(n), (std::vector<int>{16384, 16384, 7232}));
  EXPECT_FALSE(n->m_flags & M_EOR);
  EXPECT_FALSE(n->m_next->m_flags & (M_EOR | M_PKTHDR));
  EXPECT_TRUE(n->m_next->m_next->m_flags & M_EOR);
  m_freem(n);
  m_freem(m);
}

TEST_F(MDup, HeaderTagsTypesAndMarksAreCopied) {
  mbuf* m = Packet({{Buffer::kSmall, 0, 5}, {Buffer::kCluster, 0, 5}});
  AddTag(m, 1, "one");
  ASSERT_EQ(m_chtype(m->m_next, MT_CONTROL), 0);
  m->m_next->m_flags |= M_EOR;
  mbuf* n = m_dup(m, M_DONTWAIT);
  EXPECT_EQ(Tags(n), "1:one ");
  EXPECT_EQ(n->m_pkthdr.ether_vtag, 0x8888);
  EXPECT_EQ(n->m_next->m_type, MT_CONTROL);
  EXPECT_EQ(n->m_next->m_flags, M_EOR);
  m_freem(n);
  m_freem(m);
}

TEST_F(MDup, LeadingSpaceIsKeptAsFarAsItFits) {
  mbuf* m = Packet({{Buffer::kSmall, 60, 20}, {Buffer::kCluster, 100, 1000}});
  mbuf* n = m_dup(m, M_DONTWAIT);
  EXPECT_EQ(M_LEADINGSPACE(n), 60);
  EXPECT_EQ(M_LEADINGSPACE(n->m_next), 100);
  m_freem(n);
  m_freem(m);
}

TEST_F(MDup, AnEmptyChainIsCopiedAndNullIsEinval) {
  mbuf* m = Chain({{}});
  mbuf* n = m_dup(m, M_DONTWAIT);
  ExpectChain(n, "");
  m_freem(n);
  m_freem(m);
  EXPECT_EQ(m_dup(nullptr, M_DONTWAIT), nullptr);
  EXPECT_EQ(errno, EINVAL);
}

}  // namespace
}  // namespace weir
