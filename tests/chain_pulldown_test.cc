// m_pulldown, m_copyup and m_ensure_contig: m_pullup's relatives.
#include <cerrno>
#include <climits>

#include "tests/chain_make.h"

namespace weir {
namespace {

class MPulldown : public ChainTest {};
class MCopyup : public ChainTest {};
class MEnsureContig : public ChainTest {};

mbuf* Mixed() {
  mbuf* m = Packet({{Buffer::kSmall, 3, 7},
                    {},
                    {Buffer::kCluster, 9, 110},
                    {Buffer::kReadOnly, 0, 130},
                    {},
                    {Buffer::kSmall, 0, 3}});
  AddTag(m, 1, "tag");
  return m;
}

TEST_F(MPulldown, EveryRangeOfAMixedChain) {
  for (int off = 0; off <= 250; off += 5) {
    for (int len = 0; len <= 250 - off; len += 7) {
      for (bool ask : {true, false}) {
        mbuf* m = Mixed();
        std::string data = Bytes(m);
        int at = -1;
        mbuf* n = m_pulldown(m, off, len, ask ? &at : nullptr);
        ASSERT_NE(n, nullptr);
        if (!ask) at = 0;
        ASSERT_LE(at + len, n->m_len);
        EXPECT_EQ(std::string(n->m_data + at, static_cast<size_t>(len)),
                  data.substr(static_cast<size_t>(off), static_cast<size_t>(len)));
        ExpectChain(m, data);
        EXPECT_EQ(m->m_pkthdr.flowid, 0x11111111u);
        EXPECT_EQ(Tags(m), "1:tag ");
        m_freem(m);
      }
    }
  }
}

TEST_F(MPulldown, WhatIsInFrontDoesNotMove) {
  mbuf* m = Packet({{Buffer::kSmall, 0, 60}, {Buffer::kSmall, 0, 100}, {Buffer::kSmall, 0, 150}});
  const char* first = m->m_data;
  const char* second = m->m_next->m_data;
  std::string data = Bytes(m);
  int at;
  mbuf* n = m_pulldown(m, 100, 100, &at);
  EXPECT_EQ(n, m->m_next) << "it had the room";
  EXPECT_EQ(at, 40);
  n = m_pulldown(m, 90, 200, &at);
  EXPECT_EQ(m->m_data, first);
  EXPECT_EQ(m->m_next->m_data, second);
  EXPECT_EQ(std::string(second, 30), data.substr(60, 30));
  EXPECT_NE(n, m->m_next) << "there was none left";
  ExpectChain(m, data);
  m_freem(m);
}

TEST_F(MPulldown, RoomThatFitsExactlyIsUsed) {
  mbuf* m =
      Packet({{Buffer::kSmall, 0, 60}, {Buffer::kSmall, 0, MLEN - 50}, {Buffer::kSmall, 0, 50}});
  mbuf* second = m->m_next;
  int at;
  EXPECT_EQ(m_pulldown(m, 70, MLEN - 10, &at), second);
  EXPECT_EQ(Lengths(m), (std::vector<int>{60, MLEN}));
  m_freem(m);
}

TEST_F(MPulldown, ContiguousBytesAreLeftWhereTheyAre) {
  mbuf* m = Packet({{Buffer::kSmall, 0, 10}, {Buffer::kReadOnly, 0, 40000}});
  int at;
  EXPECT_EQ(m_pulldown(m, 1010, 38000, &at), m->m_next);
  EXPECT_EQ(at, 1000);
  EXPECT_EQ(Lengths(m), (std::vector<int>{10, 40000}));
  EXPECT_EQ(m_pulldown(m, 10, 40000, nullptr), m->m_next);
  EXPECT_EQ(Lengths(m), (std::vector<int>{10, 40000}));
  m_freem(m);
}

TEST_F(MPulldown, WithoutAnOffsetALargeBufferIsCutNotCopied) {
  mbuf* m = Packet({{Buffer::kReadOnly, 0, 40000}});
  std::string data = Bytes(m);
  mbuf* n = m_pulldown(m, 100, 30000, nullptr);
  EXPECT_EQ(n->m_data, m->m_data + 100);
  EXPECT_EQ(Lengths(m), (std::vector<int>{100, 39900}));
  ExpectChain(m, data);
  m_freem(m);
}

TEST_F(MPulldown, ASharedOrReadOnlyBufferIsNotWritten) {
  for (Buffer buffer : {Buffer::kCluster, Buffer::kReadOnly, Buffer::kJumbo9}) {
    mbuf* m = Packet({{buffer, 100, 100}, {Buffer::kCluster, 0, 100}});
    mbuf* copy = m_copypacket(m, M_WAIT);
    std::string data = Bytes(m);
    std::string before = Buffers(copy);
    int at;
    ASSERT_NE(m_pulldown(m, 50, 100, &at), nullptr);
    ExpectChain(m, data);
    EXPECT_TRUE(Buffers(copy) == before);
    m_freem(copy);
    m_freem(m);
  }
}

TEST_F(MPulldown, TheFirstMbufStaysTheFirst) {
  mbuf* m = Packet({{Buffer::kReadOnly, 0, 100}, {Buffer::kReadOnly, 0, 100}});
  std::string data = Bytes(m);
  int at;
  mbuf* n = m_pulldown(m, 0, 150, &at);
  EXPECT_NE(n, m);
  EXPECT_EQ(at, 0);
  EXPECT_TRUE(m->m_flags & M_PKTHDR);
  ExpectChain(m, data);
  m_freem(m);
  m = Packet({{Buffer::kCluster, 1990, 50}, {Buffer::kCluster, 0, 100}});
  EXPECT_EQ(m_pulldown(m, 0, 150, &at), m) << "its own buffer has the room, if not behind the data";
  m_freem(m);
}

TEST_F(MPulldown, ARecordsEndMovesOnlyIfItMust) {
  mbuf* m = Packet({{Buffer::kSmall, 0, 10}, {Buffer::kSmall, 0, 10}, {Buffer::kSmall, 0, 10}});
  m->m_flags |= M_EOR;
  m->m_next->m_flags |= M_EOR;
  int at;
  mbuf* n = m_pulldown(m, 10, 15, &at);
  EXPECT_EQ(n, m->m_next);
  EXPECT_TRUE(m->m_flags & M_EOR);
  EXPECT_TRUE(n->m_flags & M_EOR);
  EXPECT_GE(n->m_len, 15);
  m_freem(m);
}

TEST_F(MPulldown, OutOfRangeFreesTheChain) {
  struct Row {
    int off, len;
  };
  for (Row row : {Row{0, 251}, Row{250, 1}, Row{251, 0}, Row{-1, 1}, Row{0, -1}, Row{INT_MAX, 1},
                  Row{INT_MAX, INT_MAX}, Row{INT_MIN, 1}}) {
    int at = 77;
    errno = 0;
    EXPECT_EQ(m_pulldown(Mixed(), row.off, row.len, &at), nullptr);
    EXPECT_EQ(errno, EINVAL);
    EXPECT_EQ(at, 77);
  }
  EXPECT_EQ(m_pulldown(nullptr, 0, 0, nullptr), nullptr);
  errno = 0;
  EXPECT_EQ(m_pulldown(Packet({{Buffer::kReadOnly, 0, 10}, {Buffer::kReadOnly, 0, 20000}}), 5,
                       MJUM16BYTES + 1, nullptr),
            nullptr);
  EXPECT_EQ(errno, EMSGSIZE);
}

TEST_F(MCopyup, TheDataIsInANewMbufBehindTheRoom) {
  for (int len : {0, 5, 40, 117, 247, 250}) {
    for (int dstoff : {0, 2, 64, 3000}) {
      mbuf* m = Mixed();
      std::string data = Bytes(m);
      mbuf* n = m_copyup(m, len, dstoff);
      ASSERT_NE(n, nullptr);
      EXPECT_NE(n, m);
      EXPECT_EQ(n->m_data, M_START(n) + dstoff);
      EXPECT_GE(n->m_len, len);
      EXPECT_EQ(M_LEADINGSPACE(n), dstoff) << "it may be written";
      ExpectChain(n, data);
      EXPECT_EQ(Tags(n), "1:tag ");
      m_freem(n);
    }
  }
}

TEST_F(MCopyup, BothTogetherMayFillTheLargestCluster) {
  mbuf* m = Packet({{Buffer::kReadOnly, 0, 20000}});
  std::string data = Bytes(m);
  m = m_copyup(m, MJUM16BYTES - 10, 10);
  ASSERT_NE(m, nullptr);
  ExpectChain(m, data);
  errno = 0;
  EXPECT_EQ(m_copyup(m, MJUM16BYTES - 9, 10), nullptr);
  EXPECT_EQ(errno, EMSGSIZE);
}

TEST_F(MCopyup, BadArgumentsFreeTheChain) {
  struct Row {
    int len, dstoff;
  };
  for (Row row : {Row{251, 0}, Row{-1, 0}, Row{10, -1}, Row{INT_MIN, 0}, Row{INT_MAX, INT_MAX}}) {
    errno = 0;
    EXPECT_EQ(m_copyup(Mixed(), row.len, row.dstoff), nullptr);
    EXPECT_EQ(errno, EINVAL);
  }
  EXPECT_EQ(m_copyup(nullptr, 0, 0), nullptr);
}

TEST_F(MEnsureContig, DoesWhatPullupDoes) {
  for (int len = 0; len <= 250; len += 5) {
    mbuf* m = Mixed();
    std::string data = Bytes(m);
    EXPECT_EQ(m_ensure_contig(&m, len), 1);
    EXPECT_GE(m->m_len, len);
    ExpectChain(m, data);
    EXPECT_EQ(Tags(m), "1:tag ");
    m_freem(m);
  }
}

TEST_F(MEnsureContig, TheChainSurvivesAFailure) {
  uint64_t failures = weir_pullup_failures();
  mbuf* m = Mixed();
  std::string data = Bytes(m);
  std::vector<int> lengths = Lengths(m);
  for (int len : {251, MJUM16BYTES + 1, INT_MAX, -1, INT_MIN}) {
    errno = 0;
    mbuf* n = m;
    EXPECT_EQ(m_ensure_contig(&n, len), 0);
    EXPECT_EQ(errno, EINVAL);
    EXPECT_EQ(n, m);
    EXPECT_EQ(Lengths(m), lengths);
    ExpectChain(m, data);
  }
  m_freem(m);
  m = nullptr;
  EXPECT_EQ(m_ensure_contig(&m, 0), 0);
  EXPECT_EQ(m_ensure_contig(nullptr, 0), 0);
  m = Packet({{Buffer::kReadOnly, 0, 10}, {Buffer::kReadOnly, 0, 20000}});
  errno = 0;
  EXPECT_EQ(m_ensure_contig(&m, MJUM16BYTES + 1), 0);
  EXPECT_EQ(errno, EMSGSIZE);
  m_freem(m);
  EXPECT_EQ(weir_pullup_failures(), failures);
}

}  // namespace
}  // namespace weir
