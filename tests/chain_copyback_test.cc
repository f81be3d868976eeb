// m_copyback, m_append.
#include <cerrno>
#include <climits>

#include "tests/chain_make.h"

namespace weir {
namespace {

class MCopyback : public ChainTest {};
class MAppend : public ChainTest {};

TEST_F(MCopyback, EveryRangeIsWrittenAndTheRestStays) {
  for (int off = 0; off <= 60; off += 3) {
    for (int len : {0, 1, 5, 30, 300, 5000}) {
      mbuf* m = Packet(
          {{Buffer::kSmall, 3, 7}, {}, {Buffer::kCluster, 9, 11}, {Buffer::kReadOnly, 5, 13}});
      mbuf* copy = m_copypacket(m, M_WAIT);
      std::string before = Buffers(copy);
      std::string data = Bytes(m);
      std::string with = Pattern(static_cast<size_t>(len));
      EXPECT_EQ(m_copyback(m, off, len, with.data()), 0);
      data.resize(std::max(data.size(), static_cast<size_t>(off + len)), 0);
      data.replace(static_cast<size_t>(off), with.size(), with);
      ExpectChain(m, data);
      EXPECT_TRUE(Buffers(copy) == before) << "the other holder of the buffers is untouched";
      m_freem(copy);
      m_freem(m);
    }
  }
}

TEST_F(MCopyback, AReadOnlyBufferIsCopiedFirst) {
  mbuf* m = Packet({{Buffer::kReadOnly, 10, 100}, {Buffer::kReadOnly, 10, 1000}});
  std::string data = Bytes(m);
  EXPECT_EQ(m_copyback(m, 90, 20, Pattern(20).data()), 0);
  EXPECT_TRUE(M_WRITABLE(m));
  EXPECT_TRUE(M_WRITABLE(m->m_next));
  EXPECT_EQ(Bytes(m).substr(0, 90), data.substr(0, 90));
  EXPECT_EQ(Bytes(m).substr(110), data.substr(110));
  EXPECT_EQ(ExternalInUse(), 0) << "nobody holds the old buffers";
  m_freem(m);
}

TEST_F(MCopyback, AnMbufMarkedReadOnlyWithoutACusterIsCopiedToo) {
  mbuf* m = Packet({{Buffer::kSmall, 10, 100}});
  m->m_flags |= M_RDONLY;
  std::string data = Bytes(m);
  EXPECT_EQ(m_copyback(m, 0, 3, "abc"), 0);
  ExpectChain(m, "abc" + data.substr(3));
  m_freem(m);
}

TEST_F(MCopyback, OfAHugeSharedBufferOnlyWhatIsWrittenIsCopied) {
  for (int off : {0, 100, 20000, 39990}) {
    for (int len : {1, 10, 16384, 17000}) {
      mbuf* m = Packet({{Buffer::kReadOnly, 0, 40000}});
      m->m_flags |= M_EOR;
      std::string data = Bytes(m);
      std::string with = Pattern(static_cast<size_t>(std::min(len, 40000 - off)));
      EXPECT_EQ(m_copyback(m, off, static_cast<int>(with.size()), with.data()), 0);
      ExpectChain(m, data.replace(static_cast<size_t>(off), with.size(), with));
      EXPECT_TRUE(m_last(m)->m_flags & M_EOR);
      m_freem(m);
    }
  }
}

TEST_F(MCopyback, AGapIsFilledWithZeros) {
  for (int gap : {0, 1, 100, MLEN, 5000}) {
    for (int len : {0, 1, 500}) {
      mbuf* m = Packet({{Buffer::kSmall, 0, 10}});
      std::string data = Bytes(m);
      std::string with = Pattern(static_cast<size_t>(len));
      EXPECT_EQ(m_copyback(m, 10 + gap, len, with.data()), 0);
      ExpectChain(m, data + std::string(static_cast<size_t>(gap), 0) + with);
      m_freem(m);
    }
  }
}

TEST_F(MCopyback, TrailingRoomIsUsedFirst) {
  mbuf* m = Packet({{Buffer::kSmall, 0, 10}, {Buffer::kCluster, 0, 48}});
  std::string with = Pattern(2010);
  EXPECT_EQ(m_copyback(m, 48, 2010, with.data()), 0);
  EXPECT_EQ(Lengths(m), (std::vector<int>{10, 2048}));
  m_freem(m);
}

TEST_F(MCopyback, TrailingRoomOfASharedBufferIsNotUsed) {
  mbuf* m = Packet({{Buffer::kCluster, 0, 48}});
  mbuf* copy = m_copypacket(m, M_WAIT);
  std::string before = Buffers(copy);
  EXPECT_EQ(m_copyback(m, 48, 10, Pattern(10).data()), 0);
  EXPECT_EQ(Lengths(m), (std::vector<int>{48, 10}));
  EXPECT_TRUE(Buffers(copy) == before);
  m_freem(copy);
  m_freem(m);
}

TEST_F(MCopyback, NothingIsPutBehindAnEndOfRecordInItsMbuf) {
  mbuf* m = Packet({{Buffer::kSmall, 0, 10}});
  m->m_flags |= M_EOR;
  EXPECT_EQ(m_copyback(m, 5, 10, Pattern(10).data()), 0);
  EXPECT_EQ(Lengths(m), (std::vector<int>{10, 5}));
  EXPECT_TRUE(m->m_flags & M_EOR);
  EXPECT_FALSE(m->m_next->m_flags & M_EOR);
  m_freem(m);
}

TEST_F(MCopyback, OutOfMemorySaysHowFarByThePacketLength) {
  for (int off : {0, 5, 100, 140, 3000}) {
    std::string with = Pattern(6000);
    auto make = [] { return Packet({{Buffer::kReadOnly, 0, 100}, {Buffer::kSmall, 176, 40}}); };
    int failures = ForEachFailure(make, [&](mbuf* m) {
      std::string old = Bytes(m);
      int error = m_copyback(m, off, 6000, with.data());
      std::string want = old;
      if (size_t len = static_cast<size_t>(m->m_pkthdr.len); len > old.size()) {
        want.resize(static_cast<size_t>(off) + 6000, 0);
        want.replace(static_cast<size_t>(off), 6000, with);
        want.resize(len);
      }
      ExpectChain(m, want);
      EXPECT_TRUE(error == 0 ? m->m_pkthdr.len == off + 6000 : error == ENOBUFS);
      m_freem(m);
      return error == 0;
    });
    EXPECT_GE(failures, 2);
  }
}

TEST_F(MCopyback, BadArgumentsAreEinvalWithNothingWritten) {
  mbuf* m = Packet({{Buffer::kSmall, 0, 10}});
  std::string data = Bytes(m);
  struct Case {
    int off, len;
  };
  for (Case c : {Case{-1, 5},
                 {INT_MIN, 5},
                 {0, -1},
                 {5, INT_MIN},
                 {INT_MAX, 1},
                 {1, INT_MAX},
                 {INT_MAX, INT_MAX},
                 {-5, 5}}) {
    EXPECT_EQ(m_copyback(m, c.off, c.len, data.data()), EINVAL);
  }
  EXPECT_EQ(m_copyback(m, 0, 5, nullptr), EINVAL);
  EXPECT_EQ(m_copyback(nullptr, 0, 0, nullptr), EINVAL);
  ExpectChain(m, data);
  EXPECT_EQ(m_copyback(m, 5, 0, nullptr), 0);
  ExpectChain(m, data);
  EXPECT_EQ(m_copyback(m, 12, 0, nullptr), 0) << "nothing but a gap";
  ExpectChain(m, data + std::string(2, '\0'));
  m_freem(m);
}

TEST_F(MAppend, TrailingSpaceIsFilledBeforeMbufsAreAdded) {
  mbuf* m = Packet({{Buffer::kSmall, 0, 100}});
  std::string data = Bytes(m);
  for (int len : {0, 1, MHLEN - 101, MLEN, MCLBYTES + 1}) {
    std::string more = Pattern(static_cast<size_t>(len));
    EXPECT_EQ(m_append(m, len, more.data()), 1);
    data += more;
    ExpectChain(m, data);
  }
  EXPECT_EQ(Lengths(m), (std::vector<int>{MHLEN, MLEN, MCLBYTES, 1}));
  m_freem(m);
}

TEST_F(MAppend, WhenItStopsShortTheChainHoldsWhatFitted) {
  std::string more = Pattern(10000);
  auto make = [] { return Packet({{Buffer::kSmall, 0, 100}}); };
  int failures = ForEachFailure(make, [&](mbuf* m) {
    std::string data = Bytes(m);
    int done = m_append(m, 10000, more.data());
    if (!done) {
      EXPECT_EQ(errno, ENOBUFS);
    }
    ExpectChain(m, (data + more).substr(0, static_cast<size_t>(m->m_pkthdr.len)));
    m_freem(m);
    return done == 1;
  });
  EXPECT_GE(failures, 8);
}

TEST_F(MAppend, BadArgumentsAreRefused) {
  mbuf* m = Packet({{Buffer::kSmall, 0, 10}});
  std::string data = Bytes(m);
  for (int len : {-1, INT_MIN}) {
    errno = 0;
    EXPECT_EQ(m_append(m, len, data.data()), 0);
    EXPECT_EQ(errno, EINVAL);
  }
  EXPECT_EQ(m_append(m, INT_MAX, data.data()), 0);
  EXPECT_EQ(errno, EMSGSIZE);
  EXPECT_EQ(m_append(m, 1, nullptr), 0);
  EXPECT_EQ(errno, EINVAL);
  EXPECT_EQ(m_append(nullptr, 1, data.data()), 0);
  EXPECT_EQ(m_append(m, 0, nullptr), 1) << "nothing may be nowhere";
  ExpectChain(m, data);
  m_freem(m);
}

}  // namespace
}  // namespace weir
