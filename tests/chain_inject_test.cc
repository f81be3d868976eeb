// Gaps: m_inject, m_makespace, m_striphdr.
#include <cerrno>
#include <climits>
#include <cstring>

#include "tests/chain_make.h"

namespace weir {
namespace {

class MInject : public ChainTest {};
class MMakespace : public ChainTest {};
class MStriphdr : public ChainTest {};

mbuf* Mixed() {
  mbuf* m = Packet({{Buffer::kSmall, 3, 7},
                    {},
                    {Buffer::kCluster, 9, 110},
                    {Buffer::kReadOnly, 100, 130},
                    {Buffer::kJumbo9, 0, MJUM9BYTES},
                    {Buffer::kSmall, 30, 3}});
  AddTag(m, 1, "tag");
  return m;
}
constexpr int kTotal = 250 + MJUM9BYTES;

std::vector<int> Places() {
  std::vector<int> places;
  for (int off = 0; off <= 260; ++off) places.push_back(off);
  for (int off : {1000, 9000, kTotal - 4, kTotal - 3, kTotal - 1, kTotal}) places.push_back(off);
  return places;
}

std::string With(std::string data, int off, const std::string& gap) {
  return data.insert(static_cast<size_t>(off), gap);
}

TEST_F(MInject, AGapAtEveryPlace) {
  for (int off : Places()) {
    for (int len : {0, 1, 20, 3000}) {
      mbuf* m = Mixed();
      mbuf* copy = m_copypacket(m, M_WAIT);
      std::string data = Bytes(m);
      std::string gap = Pattern(static_cast<size_t>(len));
      mbuf* n = m_inject(m, off, len, M_DONTWAIT);
      ASSERT_NE(n, nullptr);
      ASSERT_GE(n->m_len, len);
      ASSERT_TRUE(len == 0 || M_WRITABLE(n));
      memcpy(n->m_data, gap.data(), gap.size());
      ExpectChain(m, With(data, off, gap));
      EXPECT_EQ(Tags(m), "1:tag ");
      ExpectChain(copy, data);
      m_freem(copy);
      m_freem(m);
    }
  }
}

TEST_F(MInject, WhatIsInFrontDoesNotMove) {
  mbuf* m = Packet({{Buffer::kSmall, 40, 100}, {Buffer::kSmall, 40, 100}});
  const char* first = m->m_data;
  EXPECT_NE(m_inject(m, 50, 10, M_DONTWAIT), m);
  EXPECT_EQ(m->m_data, first);
  EXPECT_EQ(m->m_len, 50);
  m_freem(m);
}

TEST_F(MInject, LeadingSpaceIsUsedBetweenTwoMbufs) {
  mbuf* m = Packet({{Buffer::kSmall, 0, 100}, {Buffer::kSmall, 40, 100}});
  mbuf* next = m->m_next;
  EXPECT_EQ(m_inject(m, 100, 40, M_DONTWAIT), next);
  EXPECT_EQ(Lengths(m), (std::vector<int>{100, 140}));
  EXPECT_NE(m_inject(m, 100, 1, M_DONTWAIT), next) << "there is none left";
  EXPECT_EQ(Lengths(m), (std::vector<int>{100, 1, 140}));
  m_freem(m);
}

TEST_F(MInject, ARecordsEndStaysWhereItIs) {
  for (int off : {9, 10, 11, 20}) {
    mbuf* m = Chain({{Buffer::kSmall, 0, 10}, {}, {Buffer::kSmall, 20, 10}});
    m->m_next->m_flags |= M_EOR;  // behind ten bytes
    mbuf* gap = m_inject(m, off, 5, M_DONTWAIT);
    int at = 0;
    for (mbuf* n = m; n != nullptr && !(n->m_flags & M_EOR); n = n->m_next) at += n->m_len;
    EXPECT_EQ(at, off < 10 ? 15 : 10) << off;
    EXPECT_FALSE(gap->m_flags & M_EOR);
    m_freem(m);
  }
}

TEST_F(MInject, BadArgumentsLeaveTheChainAsItWas) {
  struct Row {
    int off, len, error;
  };
  mbuf* m = Mixed();
  std::string data = Bytes(m);
  for (Row row : {Row{-1, 1, EINVAL}, Row{kTotal + 1, 1, EINVAL}, Row{0, -1, EINVAL},
                  Row{INT_MAX, 1, EINVAL}, Row{INT_MIN, INT_MIN, EINVAL},
                  Row{200, MJUM16BYTES + 1, EMSGSIZE}, Row{0, INT_MAX, EMSGSIZE}}) {
    int at;
    errno = 0;
    EXPECT_EQ(m_inject(m, row.off, row.len, M_DONTWAIT), nullptr);
    EXPECT_EQ(errno, row.error);
    errno = 0;
    EXPECT_EQ(m_makespace(m, row.off, row.len, &at), nullptr);
    EXPECT_EQ(errno, row.error);
    ExpectChain(m, data);
  }
  errno = 0;
  EXPECT_EQ(m_makespace(m, 0, 0, nullptr), nullptr);
  EXPECT_EQ(errno, EINVAL);
  EXPECT_EQ(m_inject(nullptr, 0, 0, M_DONTWAIT), nullptr);
  m_freem(m);
}

TEST_F(MInject, ABufferInFrontOfWhichItIsMovesUnshared) {
  mbuf* m = Packet({{Buffer::kCluster, 0, 1000}});
  std::string data = Bytes(m);
  mbuf* gap = m_inject(m, 0, 10, M_DONTWAIT);
  EXPECT_EQ(Lengths(m), (std::vector<int>{0, 10, 1000}));
  EXPECT_FALSE(m->m_flags & M_EXT);
  EXPECT_TRUE(M_WRITABLE(gap->m_next));
  m_adj(m, 10);
  ExpectChain(m, data);
  m_freem(m);
}

TEST_F(MMakespace, RoomThatFitsExactlyIsUsed) {
  for (int lead : {0, 8}) {
    for (int off : {0, 5, 2035, 2040}) {
      mbuf* m = Packet({{Buffer::kCluster, lead, 2040}});
      int at;
      EXPECT_EQ(m_makespace(m, off, 8, &at), m);
      EXPECT_EQ(at, off);
      EXPECT_EQ(Lengths(m), (std::vector<int>{2048}));
      m_freem(m);
    }
  }
}

TEST_F(MMakespace, AGapAtEveryPlace) {
  for (int off : Places()) {
    for (int len : {0, 1, 20, 3000}) {
      mbuf* m = Mixed();
      mbuf* copy = off % 2 ? m_copypacket(m, M_WAIT) : nullptr;
      std::string data = Bytes(m);
      std::string before = Buffers(copy);
      std::string gap = Pattern(static_cast<size_t>(len));
      int at = -1;
      mbuf* n = m_makespace(m, off, len, &at);
      ASSERT_NE(n, nullptr);
      ASSERT_TRUE(at >= 0 && at + len <= n->m_len);
      ASSERT_TRUE(len == 0 || M_WRITABLE(n));
      memcpy(n->m_data + at, gap.data(), gap.size());
      ExpectChain(m, With(data, off, gap));
      EXPECT_TRUE(Buffers(copy) == before) << "shared buffers are not written";
      m_freem(copy);
      m_freem(m);
    }
  }
}

TEST_F(MMakespace, RoomOnEitherSideIsUsedAndTheShorterSideMoves) {
  mbuf* m = Packet({{Buffer::kCluster, 500, 1000}});
  int at;
  EXPECT_EQ(m_makespace(m, 20, 8, &at), m);
  EXPECT_EQ(at, 20);
  EXPECT_EQ(M_LEADINGSPACE(m), 492);
  EXPECT_EQ(m_makespace(m, 900, 8, &at), m);
  EXPECT_EQ(at, 900);
  EXPECT_EQ(M_LEADINGSPACE(m), 492);
  EXPECT_EQ(m_makespace(m, 100, 500, &at), m);
  EXPECT_EQ(at, 100);
  EXPECT_EQ(M_LEADINGSPACE(m), 492) << "only behind the data was there enough";
  m_freem(m);
}

TEST_F(MStriphdr, EveryRange) {
  for (int off : Places()) {
    for (int len : {0, 1, 20, 120, 400, 9300}) {
      if (off + len > kTotal) continue;
      mbuf* m = Mixed();
      mbuf* copy = off % 3 ? m_copypacket(m, M_WAIT) : nullptr;
      std::string data = Bytes(m);
      std::string before = Buffers(copy);
      EXPECT_EQ(m_striphdr(m, off, len), 0);
      ExpectChain(m, data.erase(static_cast<size_t>(off), static_cast<size_t>(len)));
      EXPECT_TRUE(Buffers(copy) == before);
      EXPECT_EQ(Tags(m), "1:tag ");
      m_freem(copy);
      m_freem(m);
    }
  }
}

TEST_F(MStriphdr, ALargeSharedBufferIsCutNotCopied) {
  mbuf* m = Packet({{Buffer::kReadOnly, 0, 40000}});
  std::string data = Bytes(m);
  const char* at = m->m_data;
  EXPECT_EQ(m_striphdr(m, 100, 50), 0);
  EXPECT_EQ(Lengths(m), (std::vector<int>{100, 39850}));
  EXPECT_EQ(m->m_next->m_data, at + 150);
  ExpectChain(m, data.erase(100, 50));
  m_freem(m);
}

TEST_F(MStriphdr, OutOfRangeIsEinval) {
  mbuf* m = Mixed();
  std::string data = Bytes(m);
  EXPECT_EQ(m_striphdr(m, -1, 1), EINVAL);
  EXPECT_EQ(m_striphdr(m, 0, -1), EINVAL);
  EXPECT_EQ(m_striphdr(m, 0, kTotal + 1), EINVAL);
  EXPECT_EQ(m_striphdr(m, kTotal, 1), EINVAL);
  EXPECT_EQ(m_striphdr(m, INT_MAX, INT_MAX), EINVAL);
  EXPECT_EQ(m_striphdr(nullptr, 0, 0), EINVAL);
  ExpectChain(m, data);
  m_freem(m);
}

}  // namespace
}  // namespace weir
