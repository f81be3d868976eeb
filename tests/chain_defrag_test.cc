// m_defrag and m_collapse.
#include <cerrno>
#include <climits>

#include "tests/chain_make.h"

namespace weir {
namespace {

class MDefrag : public ChainTest {};
class MCollapse : public ChainTest {};

mbuf* Small(int count) {
  mbuf* m = Packet({{Buffer::kSmall, 0, 10}});
  for (int i = 1; i < count; ++i) m_last(m)->m_next = Chain({{Buffer::kSmall, MLEN - 10, 10}});
  m_fixhdr(m);
  return m;
}

TEST_F(MDefrag, TheSmallestBuffersThatHoldItAreTaken) {
  struct Row {
    int each;
    std::vector<int> lengths;
    int size;  // of the last buffer
  };
  const Row rows[] = {
      {20, {60}, MHLEN},
      {100, {300}, MCLBYTES},
      {1000, {3000}, MJUMPAGESIZE},
      {3000, {9000}, MJUM9BYTES},
      {5000, {15000}, MJUM16BYTES},
      {7000, {MJUM16BYTES, 21000 - MJUM16BYTES}, MJUM9BYTES},
  };
  for (const Row& row : rows) {
    mbuf* m = Packet({{Buffer::kReadOnly, 0, row.each},
                      {},
                      {Buffer::kReadOnly, 0, row.each},
                      {Buffer::kReadOnly, 0, row.each}});
    AddTag(m, 1, "tag");
    m->m_nextpkt = m;
    std::string data = Bytes(m);
    mbuf* next = m->m_nextpkt;
    m = m_defrag(m, M_DONTWAIT);
    ASSERT_NE(m, nullptr);
    EXPECT_EQ(m->m_nextpkt, next) << "it stays in its queue";
    m->m_nextpkt = nullptr;
    EXPECT_EQ(Lengths(m), row.lengths);
    EXPECT_EQ(M_SIZE(m_last(m)), row.size);
    ExpectChain(m, data);
    EXPECT_EQ(Tags(m), "1:tag ");
    EXPECT_EQ(m->m_pkthdr.flowid, 0x11111111u);
    EXPECT_TRUE(m->m_flags & M_BCAST);
    m_freem(m);
  }
}

TEST_F(MDefrag, WhatCannotBeShorterIsReturnedAsIs) {
  for (mbuf* m : {Packet({{Buffer::kExternal, 0, 40000}}), Packet({{}}),
                  Packet({{Buffer::kExternal, 0, 40000}, {Buffer::kSmall, 0, 10}}),
                  Packet({{Buffer::kJumbo16, 0, MJUM16BYTES}, {Buffer::kSmall, 0, 1}})}) {
    std::string data = Bytes(m);
    EXPECT_EQ(m_defrag(m, M_DONTWAIT), m);
    ExpectChain(m, data);
    m_freem(m);
  }
}

TEST_F(MDefrag, AnExactFitIsOneBuffer) {
  mbuf* m = Packet({{Buffer::kCluster, 0, 2000}, {Buffer::kSmall, 0, 48}});
  std::string data = Bytes(m);
  m = m_defrag(m, M_DONTWAIT);
  EXPECT_EQ(Lengths(m), (std::vector<int>{2048}));
  EXPECT_EQ(M_SIZE(m), MCLBYTES);
  ExpectChain(m, data);
  m_freem(m);
}

TEST_F(MDefrag, RecordsStayApart) {
  mbuf* m = Packet({{},
                    {Buffer::kSmall, 0, 10},
                    {Buffer::kSmall, 0, 10},
                    {},
                    {Buffer::kSmall, 0, 10},
                    {},
                    {Buffer::kSmall, 0, 5},
                    {Buffer::kSmall, 0, 5}});
  int i = 0;
  for (mbuf* n = m; n != nullptr; n = n->m_next, ++i) {
    if (i == 0 || i == 3 || i == 4 || i == 5) n->m_flags |= M_EOR;
  }
  std::string data = Bytes(m);
  m = m_defrag(m, M_DONTWAIT);
  EXPECT_EQ(Lengths(m), (std::vector<int>{0, 20, 10, 10}));
  ExpectChain(m, data);
  EXPECT_TRUE(m->m_flags & m->m_next->m_flags & m->m_next->m_next->m_flags & M_EOR);
  EXPECT_FALSE(m_last(m)->m_flags & M_EOR);
  m_freem(m);
}

TEST_F(MDefrag, AChainWithoutAHeaderAndAnEmptyOneToo) {
  mbuf* m = Chain({{Buffer::kSmall, 0, 10}, {Buffer::kSmall, 0, 10}});
  std::string data = Bytes(m);
  m = m_defrag(m, M_DONTWAIT);
  EXPECT_EQ(Lengths(m), (std::vector<int>{20}));
  ExpectChain(m, data);
  m_freem(m);
  m = m_defrag(Packet({{}, {}, {}}), M_DONTWAIT);
  EXPECT_EQ(Lengths(m), (std::vector<int>{0}));
  ExpectChain(m, "");
  m_freem(m);
  errno = 0;
  EXPECT_EQ(m_defrag(nullptr, M_DONTWAIT), nullptr);
  EXPECT_EQ(errno, EINVAL);
}

TEST_F(MDefrag, ALinkHeaderFitsInFront) {
  mbuf* m = m_defrag(Small(8), M_DONTWAIT);
  EXPECT_GE(M_LEADINGSPACE(m), max_linkhdr);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(m->m_data) % 64, 0u) << "copied in whole lines";
  m_freem(m);
}

TEST_F(MCollapse, FewEnoughIsReturnedAsIs) {
  mbuf* m = Small(5);
  EXPECT_EQ(m_collapse(m, M_DONTWAIT, 5), m);
  EXPECT_EQ(Lengths(m).size(), 5u);
  m_freem(m);
}

TEST_F(MCollapse, EveryNumberOfFragmentsCanBeHad) {
  for (int most = 1; most <= 40; ++most) {
    mbuf* m = Small(40);
    AddTag(m, 1, "tag");
    std::string data = Bytes(m);
    m = m_collapse(m, M_DONTWAIT, most);
    ASSERT_NE(m, nullptr);
    EXPECT_LE(Lengths(m).size(), static_cast<size_t>(most));
    ExpectChain(m, data);
    EXPECT_EQ(Tags(m), "1:tag ");
    m_freem(m);
  }
}

TEST_F(MCollapse, FreeSpaceIsUsedFirstExactFitsToo) {
  mbuf* m = Packet({{Buffer::kSmall, 0, MHLEN - 10},
                    {Buffer::kSmall, 0, 10},
                    {Buffer::kCluster, 0, MCLBYTES - 7},
                    {},
                    {Buffer::kSmall, 0, 7}});
  mbuf* cluster = m->m_next->m_next;
  std::string data = Bytes(m);
  EXPECT_EQ(m_collapse(m, M_DONTWAIT, 2), m);
  EXPECT_EQ(m->m_next, cluster) << "nothing new was needed";
  EXPECT_EQ(Lengths(m), (std::vector<int>{MHLEN, MCLBYTES}));
  ExpectChain(m, data);
  m_freem(m);
}

TEST_F(MCollapse, NoMoreIsMovedThanIsAskedFor) {
  mbuf* m = Packet({{Buffer::kReadOnly, 0, 10},
                    {Buffer::kReadOnly, 0, 10},
                    {Buffer::kReadOnly, 0, 10},
                    {Buffer::kReadOnly, 0, 10}});
  const char* first = m->m_data;
  const char* last = m_last(m)->m_data;
  EXPECT_EQ(m_collapse(m, M_DONTWAIT, 3), m);
  EXPECT_EQ(Lengths(m), (std::vector<int>{10, 20, 10}));
  EXPECT_EQ(m->m_data, first);
  EXPECT_EQ(m_last(m)->m_data, last);
  m_freem(m);
}

TEST_F(MCollapse, NeighboursMayFillTheLargestClusterExactly) {
  mbuf* m = Packet(
      {{Buffer::kReadOnly, 0, 10}, {Buffer::kReadOnly, 0, 8192}, {Buffer::kReadOnly, 0, 8192}});
  std::string data = Bytes(m);
  EXPECT_EQ(m_collapse(m, M_DONTWAIT, 2), m);
  EXPECT_EQ(Lengths(m), (std::vector<int>{10, MJUM16BYTES}));
  ExpectChain(m, data);
  m_freem(m);
}

TEST_F(MCollapse, SharedBuffersAreNotWritten) {
  mbuf* m = Packet({{Buffer::kCluster, 0, 10}, {Buffer::kCluster, 0, 10}, {Buffer::kPage, 0, 10}});
  mbuf* copy = m_copypacket(m, M_WAIT);
  std::string before = Buffers(copy);
  std::string data = Bytes(m);
  m = m_collapse(m, M_DONTWAIT, 1);
  EXPECT_EQ(Lengths(m), (std::vector<int>{30}));
  ExpectChain(m, data);
  EXPECT_TRUE(Buffers(copy) == before);
  m_freem(copy);
  m_freem(m);
}

TEST_F(MCollapse, WhatTakesMoreIsEmsgsizeAndKeepsItsData) {
  mbuf* m =
      Packet({{Buffer::kReadOnly, 0, 30000}, {Buffer::kSmall, 0, 10}, {Buffer::kSmall, 0, 10}});
  std::string data = Bytes(m);
  errno = 0;
  EXPECT_EQ(m_collapse(m, M_DONTWAIT, 1), nullptr);
  EXPECT_EQ(errno, EMSGSIZE);
  ExpectChain(m, data);
  m_freem(m);
  m = Chain({{Buffer::kSmall, 0, 10}, {Buffer::kSmall, 0, 10}, {Buffer::kSmall, 0, 10}});
  m->m_next->m_flags |= M_EOR;
  data = Bytes(m);
  EXPECT_EQ(m_collapse(m, M_DONTWAIT, 1), nullptr) << "a record ends in it";
  EXPECT_EQ(errno, EMSGSIZE);
  EXPECT_EQ(m_collapse(m, M_DONTWAIT, 2), m);
  ExpectChain(m, data);
  EXPECT_EQ(Lengths(m), (std::vector<int>{20, 10}));
  EXPECT_TRUE(m->m_flags & M_EOR);
  m_freem(m);
}

TEST_F(MCollapse, BadArgumentsAreEinval) {
  mbuf* m = Small(3);
  for (int most : {0, -1, INT_MIN}) {
    errno = 0;
    EXPECT_EQ(m_collapse(m, M_DONTWAIT, most), nullptr);
    EXPECT_EQ(errno, EINVAL);
  }
  EXPECT_EQ(Lengths(m).size(), 3u);
  m_freem(m);
  EXPECT_EQ(m_collapse(nullptr, M_DONTWAIT, 1), nullptr);
}

}  // namespace
}  // namespace weir
