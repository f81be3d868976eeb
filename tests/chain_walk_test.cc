// m_apply, m_getptr, m_length, m_last, m_fixhdr.
#include <cerrno>
#include <climits>

#include "tests/chain_make.h"

namespace weir {
namespace {

class MApply : public ChainTest {};
class MGetptr : public ChainTest {};
class MLength : public ChainTest {};

mbuf* Mixed() { return Packet({{}, {Buffer::kSmall, 3, 7}, {}, {Buffer::kCluster, 9, 11}, {}}); }

int Collect(void* arg, void* data, unsigned len) {
  EXPECT_GT(len, 0u);
  static_cast<std::string*>(arg)->append(static_cast<char*>(data), len);
  return 0;
}

TEST_F(MApply, EachPieceOfTheRangeIsVisitedInOrder) {
  mbuf* m = Mixed();
  std::string data = Bytes(m);
  for (int off = 0; off <= 18; ++off) {
    for (int len = 0; off + len <= 18; ++len) {
      std::string seen;
      EXPECT_EQ(m_apply(m, off, len, Collect, &seen), 0);
      EXPECT_EQ(seen, data.substr(static_cast<size_t>(off), static_cast<size_t>(len)));
    }
  }
  m_freem(m);
}

TEST_F(MApply, TheFirstNonzeroResultEndsItAndIsReturned) {
  mbuf* m = Mixed();
  int calls = 0;
  auto stop = [](void* arg, void*, unsigned) { return ++*static_cast<int*>(arg) * 11; };
  EXPECT_EQ(m_apply(m, 0, 18, stop, &calls), 11);
  EXPECT_EQ(calls, 1);
  m_freem(m);
}

TEST_F(MApply, ARangeNotInsideIsEinvalWithoutACall) {
  mbuf* m = Mixed();
  std::string seen;
  struct Case {
    int off, len;
  };
  for (Case c : {Case{0, 19}, {18, 1}, {19, 0}, {-1, 1}, {0, -1}, {INT_MAX, INT_MAX}}) {
    EXPECT_EQ(m_apply(m, c.off, c.len, Collect, &seen), EINVAL);
  }
  EXPECT_EQ(m_apply(nullptr, 0, 0, Collect, &seen), EINVAL);
  EXPECT_EQ(m_apply(m, 0, 1, nullptr, nullptr), EINVAL);
  EXPECT_EQ(seen, "");
  m_freem(m);
}

TEST_F(MGetptr, EveryByteIsFound) {
  mbuf* m = Mixed();
  std::string data = Bytes(m);
  for (int loc = 0; loc < 18; ++loc) {
    int off = -1;
    mbuf* at = m_getptr(m, loc, &off);
    ASSERT_NE(at, nullptr);
    ASSERT_LT(off, at->m_len);
    EXPECT_EQ(at->m_data[off], data[static_cast<size_t>(loc)]);
  }
  m_freem(m);
}

TEST_F(MGetptr, TheEndIsBehindTheLastMbuf) {
  mbuf* m = Mixed();
  int off = -1;
  EXPECT_EQ(m_getptr(m, 18, &off), m_last(m));
  EXPECT_EQ(off, 0);
  m_adj(m, -1);
  EXPECT_EQ(m_getptr(m, 17, &off), m_last(m));
  EXPECT_EQ(off, 10);
  m_freem(m);
}

TEST_F(MGetptr, BeyondTheEndIsEinval) {
  mbuf* m = Mixed();
  int off = -1;
  for (int loc : {19, INT_MAX, -1, INT_MIN}) {
    errno = 0;
    EXPECT_EQ(m_getptr(m, loc, &off), nullptr);
    EXPECT_EQ(errno, EINVAL);
  }
  EXPECT_EQ(m_getptr(nullptr, 0, &off), nullptr);
  EXPECT_EQ(m_getptr(m, 0, nullptr), nullptr);
  EXPECT_EQ(off, -1);
  m_freem(m);
}

TEST_F(MLength, TheSumAndTheLastMbufAreFound) {
  mbuf* m = Mixed();
  mbuf* last = nullptr;
  EXPECT_EQ(m_length(m, &last), 18u);
  EXPECT_EQ(last, m_last(m));
  EXPECT_EQ(last->m_next, nullptr);
  EXPECT_EQ(m_length(m, nullptr), 18u);
  m_freem(m);
}

TEST_F(MLength, OfNothingItIsZero) {
  mbuf* last = reinterpret_cast<mbuf*>(1);
  EXPECT_EQ(m_length(nullptr, &last), 0u);
  EXPECT_EQ(last, nullptr);
  EXPECT_EQ(m_last(nullptr), nullptr);
  EXPECT_EQ(m_fixhdr(nullptr), 0u);
}

TEST_F(MLength, FixhdrSetsThePacketLength) {
  mbuf* m = Mixed();
  m->m_pkthdr.len = -5;
  EXPECT_EQ(m_fixhdr(m), 18u);
  EXPECT_EQ(m->m_pkthdr.len, 18);
  m_freem(m);
  m = Chain({{Buffer::kSmall, 0, 5}});
  std::string data = Bytes(m);
  EXPECT_EQ(m_fixhdr(m), 5u);
  ExpectChain(m, data);
  m_freem(m);
}

TEST_F(MLength, AChainOfMoreThanAnIntDoesNotWrap) {
  // 3 GiB and 5 GiB of one buffer, shared over and over.
  for (int count : {3, 5}) {
    std::string buf(1, 'x');
    mbuf* m = m_gethdr(M_WAIT, MT_DATA);
    ASSERT_EQ(m_extadd(m, buf.data(), 1u << 30, nullptr, nullptr, nullptr, 0, EXT_DISPOSABLE), 0);
    m->m_len = 1 << 30;
    for (mbuf* last = m; --count > 0; last = last->m_next) {
      last->m_next = m_copym(m, 1, (1 << 30) - 1, M_WAIT);
      ASSERT_NE(last->m_next, nullptr);
      last->m_next->m_data = buf.data();
      last->m_next->m_len = 1 << 30;
    }
    bool wraps = m->m_next->m_next->m_next != nullptr;
    EXPECT_EQ(m_length(m, nullptr), wraps ? UINT_MAX : 3u << 30);
    m_fixhdr(m);
    EXPECT_EQ(m->m_pkthdr.len, INT_MAX);
    EXPECT_EQ(m_append(m, 1, "x"), 0);
    m_adj(m, INT_MIN);
    EXPECT_EQ(m_length(m, nullptr), wraps ? 3u << 30 : 1u << 30) << "less 2 GiB";
    m_freem(m);
  }
}

}  // namespace
}  // namespace weir
