// m_pullup.
#include <cerrno>
#include <climits>

#include "tests/chain_make.h"

namespace weir {
namespace {

class MPullup : public ChainTest {};

TEST_F(MPullup, EveryLengthOfAMixedChain) {
  for (int len = 0; len <= 250; len += 5) {
    mbuf* m = Packet({{Buffer::kSmall, 3, 7},
                      {},
                      {Buffer::kCluster, 9, 110},
                      {Buffer::kReadOnly, 0, 130},
                      {Buffer::kSmall, 0, 3}});
    std::string data = Bytes(m);
    m = m_pullup(m, len);
    ASSERT_NE(m, nullptr);
    EXPECT_GE(m->m_len, len);
    ExpectChain(m, data);
    EXPECT_EQ(m->m_pkthdr.flowid, 0x11111111u);
    m_freem(m);
  }
}

TEST_F(MPullup, ContiguousClusterIsReturnedAsIs) {
  mbuf* m = Packet({{Buffer::kCluster, 0, 1500}, {Buffer::kSmall, 0, 10}});
  const char* at = m->m_data;
  EXPECT_EQ(m_pullup(m, 300), m);
  EXPECT_EQ(m_pullup(m, 1500), m);
  EXPECT_EQ(m->m_data, at);
  EXPECT_EQ(Lengths(m), (std::vector<int>{1500, 10}));
  m_freem(m);
}

TEST_F(MPullup, ContiguousSingleMbufIsReturnedAsIs) {
  mbuf* m = Packet({{Buffer::kSmall, 0, 100}});
  EXPECT_EQ(m_pullup(m, 40), m);
  EXPECT_EQ(m_pullup(m, 0), m);
  EXPECT_EQ(Lengths(m), (std::vector<int>{100}));
  m_freem(m);
}

TEST_F(MPullup, ContiguousSharedOrReadOnlyDataIsReturnedAsIs) {
  mbuf* m = Packet({{Buffer::kReadOnly, 0, 40000}});
  mbuf* copy = m_copypacket(m, M_WAIT);
  EXPECT_EQ(m_pullup(m, 40000), m);
  m_freem(copy);
  m_freem(m);
}

TEST_F(MPullup, ExactFitIsAllowed) {
  mbuf* m = Packet({{Buffer::kSmall, 10, MHLEN - 20}, {Buffer::kSmall, 0, 30}});
  std::string data = Bytes(m);
  EXPECT_EQ(m_pullup(m, MHLEN - 10), m);
  EXPECT_EQ(Lengths(m), (std::vector<int>{MHLEN - 10, 20}));
  ExpectChain(m, data);
  m_freem(m);
  m = Packet({{Buffer::kCluster, 0, 2000}, {Buffer::kSmall, 0, 48}});
  EXPECT_EQ(m_pullup(m, 2048), m);
  EXPECT_EQ(Lengths(m), (std::vector<int>{2048}));
  m_freem(m);
}

TEST_F(MPullup, LeadingSpaceIsUsedInsteadOfANewMbuf) {
  mbuf* m = Packet({{Buffer::kCluster, 1000, 1000}, {Buffer::kCluster, 0, 1000}});
  std::string data = Bytes(m);
  EXPECT_EQ(m_pullup(m, 1500), m);
  ExpectChain(m, data);
  EXPECT_EQ(m->m_len, 1500);
  EXPECT_GE(M_LEADINGSPACE(m), 540) << "as much of it as can stay stays";
  m_freem(m);
}

TEST_F(MPullup, ASharedOrReadOnlyFirstBufferIsNotWritten) {
  for (Buffer buffer : {Buffer::kCluster, Buffer::kReadOnly}) {
    mbuf* m = Packet({{buffer, 100, 100}, {Buffer::kSmall, 0, 100}});
    mbuf* copy = m_copypacket(m, M_WAIT);
    std::string data = Bytes(m);
    std::string before = Buffers(copy);
    m = m_pullup(m, 150);
    ExpectChain(m, data);
    EXPECT_TRUE(Buffers(copy) == before);
    m_freem(copy);
    m_freem(m);
  }
}

TEST_F(MPullup, UpToMjum16BytesCanBeContiguous) {
  for (int len : {MHLEN + 1, MCLBYTES + 1, MJUM9BYTES, MJUM16BYTES}) {
    mbuf* m = Packet({{Buffer::kReadOnly, 0, 100}, {Buffer::kReadOnly, 0, 30000}});
    std::string data = Bytes(m);
    m = m_pullup(m, len);
    ASSERT_NE(m, nullptr);
    EXPECT_GE(m->m_len, len);
    ExpectChain(m, data);
    m_freem(m);
  }
}

TEST_F(MPullup, BeyondMjum16BytesOnlyTheChainsOwnBufferServes) {
  mbuf* m = Packet({{Buffer::kExternal, 0, 100}, {Buffer::kReadOnly, 0, 30000}});
  EXPECT_EQ(m_pullup(m, 30000), m);
  m_freem(m);
  uint64_t failures = weir_pullup_failures();
  m = Packet({{Buffer::kReadOnly, 0, 100}, {Buffer::kReadOnly, 0, 30000}});
  errno = 0;
  EXPECT_EQ(m_pullup(m, MJUM16BYTES + 1), nullptr);
  EXPECT_EQ(errno, EMSGSIZE);
  EXPECT_EQ(weir_pullup_failures(), failures + 1);
}

TEST_F(MPullup, LongerThanTheChainIsEinvalCountedAndFreed) {
  uint64_t failures = weir_pullup_failures();
  uint64_t n = 0;
  for (int len : {111, MJUM16BYTES, MJUM16BYTES + 1, INT_MAX, -1, INT_MIN}) {
    mbuf* m = Packet({{Buffer::kCluster, 0, 100}, {Buffer::kSmall, 0, 10}});
    errno = 0;
    EXPECT_EQ(m_pullup(m, len), nullptr);
    EXPECT_EQ(errno, EINVAL);
    ++n;
  }
  EXPECT_EQ(m_pullup(nullptr, 0), nullptr);
  EXPECT_EQ(weir_pullup_failures(), failures + n + 1);
}

TEST_F(MPullup, MoreIsPulledUpToMaxProtohdrWhenThereIsRoom) {
  mbuf* m = Packet({{Buffer::kSmall, 0, 10}, {Buffer::kSmall, 0, 20}, {Buffer::kSmall, 0, 100}});
  m = m_pullup(m, 20);
  EXPECT_EQ(m->m_len, max_protohdr);
  EXPECT_EQ(m->m_next->m_len, 130 - max_protohdr);
  m_freem(m);
}

TEST_F(MPullup, ARecordsEndIsNotMovedForBytesThatNobodyAskedFor) {
  mbuf* m = Packet({{Buffer::kSmall, 0, 10}, {Buffer::kSmall, 0, 10}, {Buffer::kSmall, 0, 100}});
  m->m_next->m_flags |= M_EOR;
  m = m_pullup(m, 20);
  EXPECT_EQ(Lengths(m), (std::vector<int>{20, 100}));
  EXPECT_TRUE(m->m_flags & M_EOR);
  m_freem(m);
}

TEST_F(MPullup, TheQueueLinkMovesToANewFirstMbuf) {
  mbuf* next = Packet({{}});
  mbuf* m = Packet({{Buffer::kReadOnly, 0, 100}, {Buffer::kSmall, 0, 100}});
  m->m_nextpkt = next;
  m = m_pullup(m, 150);
  EXPECT_EQ(m->m_nextpkt, next);
  m_freemp(m);
}

TEST_F(MPullup, ANewFirstMbufHasRoomForALinkHeader) {
  mbuf* m = Packet({{Buffer::kReadOnly, 0, 50}, {Buffer::kSmall, 0, 50}});
  m = m_pullup(m, 60);
  EXPECT_GE(M_LEADINGSPACE(m), max_linkhdr);
  m_freem(m);
}

}  // namespace
}  // namespace weir
