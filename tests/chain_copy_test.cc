// m_copym, m_copypacket, m_copydata.
#include <cerrno>
#include <climits>
#include <cstring>

#include "tests/chain_make.h"

namespace weir {
namespace {

class MCopym : public ChainTest {};
class MCopypacket : public ChainTest {};
class MCopydata : public ChainTest {};

TEST_F(MCopym, EveryRangeHoldsItsBytes) {
  mbuf* m =
      Packet({{Buffer::kSmall, 3, 7}, {}, {Buffer::kCluster, 9, 11}, {Buffer::kReadOnly, 0, 13}});
  std::string data = Bytes(m);
  for (int off = 0; off < 31; ++off) {
    for (int len = 1; off + len <= 31; ++len) {
      mbuf* n = m_copym(m, off, len, M_DONTWAIT);
      ExpectChain(n, data.substr(static_cast<size_t>(off), static_cast<size_t>(len)));
      EXPECT_EQ((n->m_flags & M_PKTHDR) != 0, off == 0) << "the header is copied only from 0";
      m_freem(n);
    }
  }
  ExpectChain(m, data);
  m_freem(m);
}

TEST_F(MCopym, ClustersAreSharedAndSmallDataIsCopied) {
  mbuf* m = Chain({{Buffer::kSmall, 0, 10}, {Buffer::kCluster, 5, 100}});
  mbuf* n = m_copym(m, 2, 50, M_DONTWAIT);
  EXPECT_NE(n->m_data, m->m_data + 2);
  EXPECT_EQ(n->m_next->m_data, m->m_next->m_data);
  EXPECT_EQ(m_extrefcnt(m->m_next), 2u);
  EXPECT_FALSE(M_WRITABLE(m->m_next));
  m_freem(n);
  EXPECT_TRUE(M_WRITABLE(m->m_next));
  m_freem(m);
}

TEST_F(MCopym, AnEmptyRangeIsNullWithoutErrorOrFailureCount) {
  mbuf* m = Packet({{Buffer::kSmall, 0, 10}});
  uint64_t failures = weir_copy_failures();
  struct Case {
    int off, len;
  };
  for (Case c : {Case{0, 0}, {5, 0}, {10, 0}, {10, M_COPYALL}}) {
    errno = 99;
    EXPECT_EQ(m_copym(m, c.off, c.len, M_DONTWAIT), nullptr);
    EXPECT_EQ(errno, 0);
  }
  EXPECT_EQ(weir_copy_failures(), failures);
  m_freem(m);
}

TEST_F(MCopym, OutOfRangeIsEinvalAndCounted) {
  mbuf* m = Packet({{Buffer::kSmall, 0, 10}, {Buffer::kCluster, 0, 10}});
  uint64_t failures = weir_copy_failures();
  struct Case {
    int off, len;
  };
  int n = 0;
  for (Case c : {Case{-1, 5},
                 {0, -1},
                 {0, 21},
                 {20, 1},
                 {21, 0},
                 {21, M_COPYALL},
                 {1, INT_MAX},
                 {INT_MAX, INT_MAX},
                 {INT_MIN, INT_MIN},
                 {INT_MIN, M_COPYALL}}) {
    errno = 0;
    EXPECT_EQ(m_copym(m, c.off, c.len, M_DONTWAIT), nullptr) << c.off << ' ' << c.len;
    EXPECT_EQ(errno, EINVAL);
    ++n;
  }
  errno = 0;
  EXPECT_EQ(m_copym(nullptr, 0, M_COPYALL, M_DONTWAIT), nullptr);
  EXPECT_EQ(errno, EINVAL);
  EXPECT_EQ(weir_copy_failures(), failures + static_cast<uint64_t>(n) + 1);
  m_freem(m);
}

TEST_F(MCopym, AnEmptyFirstMbufBeforeMoreThanMhlenIsSafe) {
  for (int full : {MHLEN + 1, MLEN}) {
    mbuf* m = Packet({{}, {Buffer::kSmall, 0, full}});
    std::string data = Bytes(m);
    mbuf* n = m_copym(m, 0, full, M_DONTWAIT);
    ExpectChain(n, data);
    EXPECT_TRUE(n->m_flags & M_PKTHDR);
    m_freem(n);
    n = m_copym(m, 1, full - 1, M_DONTWAIT);
    ExpectChain(n, data.substr(1));
    m_freem(n);
    m_freem(m);
  }
}

TEST_F(MCopym, LeadingOffsetOfSmallMbufsIsKept) {
  mbuf* m = Packet({{Buffer::kSmall, 64, 10}, {Buffer::kSmall, 33, 10}});
  mbuf* n = m_copym(m, 0, M_COPYALL, M_DONTWAIT);
  EXPECT_EQ(M_LEADINGSPACE(n), 64);
  EXPECT_EQ(M_LEADINGSPACE(n->m_next), 33);
  mbuf* first = n;
  M_PREPEND(n, 40, M_DONTWAIT);
  EXPECT_EQ(n, first) << "the copy has room for a header as its original had";
  m_freem(n);
  n = m_copym(m, 4, 6, M_DONTWAIT);
  EXPECT_EQ(M_LEADINGSPACE(n), 68);
  m_freem(n);
  m_freem(m);
}

TEST_F(MCopym, EndOfRecordIsKeptOnEveryMbuf) {
  mbuf* m = Packet({{Buffer::kSmall, 0, 5}, {Buffer::kCluster, 0, 5}, {Buffer::kSmall, 0, 5}});
  m->m_flags |= M_EOR;
  m->m_next->m_flags |= M_EOR;
  m->m_next->m_next->m_flags |= M_EOR;
  mbuf* n = m_copym(m, 0, M_COPYALL, M_DONTWAIT);
  for (const mbuf* i = n; i != nullptr; i = i->m_next) EXPECT_TRUE(i->m_flags & M_EOR);
  m_freem(n);
  n = m_copym(m, 2, 5, M_DONTWAIT);
  EXPECT_TRUE(n->m_flags & M_EOR);
  EXPECT_FALSE(n->m_next->m_flags & M_EOR) << "the end of this record was not copied";
  m_freem(n);
  m_freem(m);
}

TEST_F(MCopym, TheHeaderGetsTheLengthOfTheRange) {
  mbuf* m = Packet({{Buffer::kSmall, 0, 5}, {Buffer::kCluster, 0, 500}});
  AddTag(m, 1, "one");
  AddTag(m, 2, "two");
  mbuf* n = m_copym(m, 0, 55, M_DONTWAIT);
  EXPECT_EQ(n->m_pkthdr.len, 55);
  EXPECT_EQ(n->m_pkthdr.rcvif, m->m_pkthdr.rcvif);
  EXPECT_EQ(n->m_pkthdr.PH_loc.sixtyfour[0], m->m_pkthdr.PH_loc.sixtyfour[0]);
  EXPECT_EQ(n->m_flags & M_COPYFLAGS, m->m_flags & M_COPYFLAGS);
  EXPECT_EQ(Tags(n), "2:two 1:one ");
  m_freem(n);
  m_freem(m);
}

TEST_F(MCopym, EmptyMbufsShareNothing) {
  mbuf* m = Chain({{Buffer::kCluster, 10, 0}, {Buffer::kCluster, 0, 5}});
  mbuf* n = m_copym(m, 0, M_COPYALL, M_DONTWAIT);
  EXPECT_EQ(m_extrefcnt(m), 1u);
  EXPECT_EQ(Lengths(n), (std::vector<int>{0, 5}));
  m_freem(n);
  m_freem(m);
}

TEST_F(MCopypacket, TheWholePacketIsCopied) {
  mbuf* m = Packet({{}, {Buffer::kSmall, 8, 100}, {Buffer::kJumbo9, 0, 9216}, {}});
  std::string data = Bytes(m);
  mbuf* n = m_copypacket(m, M_DONTWAIT);
  ExpectChain(n, data);
  EXPECT_EQ(Lengths(n), Lengths(m));
  EXPECT_EQ(n->m_pkthdr.flowid, m->m_pkthdr.flowid);
  m_freem(m);
  ExpectChain(n, data);
  m_freem(n);
}

// The first shares the buffer of one holder, the second that of two; a length that is wrong and a
// type that it is not counted under are not copied as they are: ways of their own, one result,
// which is that of m_copym.
TEST_F(MCopypacket, EachCopyOfAPacketIsAsTheOthers) {
  for (int type : {MT_DATA, MT_CONTROL, MT_NTYPES - 1}) {
    for (int len : {90, 100}) {
      for (int counted_as : {type, int{MT_SONAME}}) {
        mbuf* m = m_getcl(M_DONTWAIT, counted_as, M_PKTHDR);
        m->m_type = static_cast<int16_t>(type);
        m->m_data += 7;
        m->m_len = 100;
        m->m_pkthdr.len = len;
        m->m_pkthdr.flowid = 77;
        m->m_flags |= M_BCAST | M_EOR;
        memset(m->m_data, 'x', 100);
        mbuf* const copies[] = {m_copypacket(m, M_DONTWAIT), m_copypacket(m, M_DONTWAIT),
                                m_copym(m, 0, M_COPYALL, M_DONTWAIT)};
        EXPECT_EQ(m_extrefcnt(m), 4u);
        for (const mbuf* n : copies) {
          ASSERT_NE(n, nullptr);
          EXPECT_EQ(n->m_next, nullptr);
          EXPECT_EQ(n->m_nextpkt, nullptr);
          EXPECT_EQ(n->m_data, m->m_data);
          EXPECT_EQ(n->m_len, 100);
          EXPECT_EQ(n->m_flags, m->m_flags);
          EXPECT_EQ(n->m_type, type);
          EXPECT_EQ(n->m_tally, type);
          EXPECT_EQ(n->m_pkthdr.len, 100);
          EXPECT_EQ(n->m_pkthdr.flowid, 77u);
          EXPECT_EQ(memcmp(&n->m_ext, &m->m_ext, sizeof n->m_ext), 0);
        }
        m_freem(m);
        for (mbuf* n : copies) m_freem(n);
      }
    }
  }
}

TEST_F(MCopypacket, ACountThatCannotGoOnIsReportedAndTheCopyIsWhole) {
  char buf[100] = "data";
  uint32_t count = (uint32_t{1} << 31) - 1;
  mbuf* m = m_gethdr(M_DONTWAIT, MT_DATA);
  ASSERT_EQ(m_extaddref(
                m, buf, sizeof buf, &count, [](mbuf*) { FAIL(); }, nullptr, nullptr),
            0);
  m->m_len = m->m_pkthdr.len = 4;
  testing::internal::CaptureStderr();
  mbuf* n = m_copypacket(m, M_DONTWAIT);
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("is shared more than"), std::string::npos) << said;
  ExpectChain(n, "data");
  m_freem(m);
  m_freem(n);
}

TEST_F(MCopypacket, WithoutAHeaderItIsEinval) {
  mbuf* m = Chain({{Buffer::kSmall, 0, MLEN}});
  uint64_t failures = weir_copy_failures();
  EXPECT_EQ(m_copypacket(m, M_DONTWAIT), nullptr);
  EXPECT_EQ(errno, EINVAL);
  EXPECT_EQ(m_copypacket(nullptr, M_DONTWAIT), nullptr);
  EXPECT_EQ(weir_copy_failures(), failures + 2);
  m_freem(m);
}

TEST_F(MCopypacket, AnEmptyPacketIsStillAPacket) {
  mbuf* m = Packet({{}});
  mbuf* n = m_copypacket(m, M_DONTWAIT);
  ASSERT_NE(n, nullptr);
  ExpectChain(n, "");
  EXPECT_EQ(n->m_pkthdr.flowid, m->m_pkthdr.flowid);
  m_freem(n);
  m_freem(m);
}

TEST_F(MCopydata, EveryRangeIsGathered) {
  mbuf* m = Packet({{Buffer::kSmall, 3, 7}, {}, {Buffer::kCluster, 9, 11}, {}});
  std::string data = Bytes(m);
  for (int off = 0; off <= 18; ++off) {
    for (int len = 0; off + len <= 18; ++len) {
      std::string to(static_cast<size_t>(len), 0);
      EXPECT_EQ(m_copydata(m, off, len, to.data()), 0);
      EXPECT_EQ(to, data.substr(static_cast<size_t>(off), static_cast<size_t>(len)));
    }
  }
  EXPECT_EQ(m_copydata(m, 18, 0, nullptr), 0);
  m_freem(m);
}

TEST_F(MCopydata, ARangeNotInsideIsEinvalWithTheBufferUntouched) {
  mbuf* m = Packet({{Buffer::kSmall, 0, 10}, {Buffer::kCluster, 0, 10}});
  std::string to(100, '.');
  struct Case {
    int off, len;
  };
  for (Case c : {Case{0, 21},
                 {20, 1},
                 {21, 0},
                 {-1, 1},
                 {0, -1},
                 {INT_MAX, INT_MAX},
                 {1, INT_MAX},
                 {INT_MIN, INT_MIN},
                 {15, 6}}) {
    EXPECT_EQ(m_copydata(m, c.off, c.len, to.data()), EINVAL);
  }
  EXPECT_EQ(m_copydata(nullptr, 0, 0, to.data()), EINVAL);
  EXPECT_EQ(m_copydata(m, 0, 5, nullptr), EINVAL);
  EXPECT_EQ(to, std::string(100, '.'));
  m_freem(m);
}

}  // namespace
}  // namespace weir
