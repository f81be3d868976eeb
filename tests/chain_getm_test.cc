// Mbufs with room for a number of bytes: m_getm, m_getm2, m_get3, m_get_n, m_clgetl.
#include <cerrno>
#include <climits>

#include "tests/chain_make.h"
#include "weir/chain/weir.h"

namespace weir {
namespace {

class MGetm : public ChainTest {};

std::vector<int> Sizes(const mbuf* m) {
  std::vector<int> sizes;
  for (; m != nullptr; m = m->m_next) sizes.push_back(M_SIZE(m));
  return sizes;
}

TEST_F(MGetm, TheSmallestBuffersThatHoldItAreTaken) {
  struct Row {
    int len;
    std::vector<int> sizes;
  };
  const Row rows[] = {
      {1, {MLEN}},
      {MLEN, {MLEN}},
      {MLEN + 1, {MCLBYTES}},
      {MCLBYTES, {MCLBYTES}},
      {MCLBYTES + 1, {MJUMPAGESIZE}},
      {MJUMPAGESIZE + 1, {MJUM9BYTES}},
      {MJUM9BYTES + 1, {MJUM16BYTES}},
      {MJUM16BYTES, {MJUM16BYTES}},
      {MJUM16BYTES + 1, {MJUM16BYTES, MLEN}},
      {2 * MJUM16BYTES + 5000, {MJUM16BYTES, MJUM16BYTES, MJUM9BYTES}},
  };
  for (const Row& row : rows) {
    mbuf* m = m_getm2(nullptr, row.len, M_DONTWAIT, MT_SONAME, 0);
    ASSERT_NE(m, nullptr);
    EXPECT_EQ(Sizes(m), row.sizes) << row.len;
    ExpectChain(m, "");
    EXPECT_EQ(m->m_type, MT_SONAME);
    EXPECT_FALSE(m->m_flags & M_PKTHDR);
    m_freem(m);
  }
}

TEST_F(MGetm, APacketHasAHeaderInTheFirstOnly) {
  mbuf* m = m_getm2(nullptr, 20000, M_DONTWAIT, MT_DATA, M_PKTHDR | M_EOR);
  ExpectChain(m, "");
  EXPECT_TRUE(m->m_flags & M_PKTHDR);
  EXPECT_FALSE(m->m_flags & M_EOR);
  EXPECT_TRUE(m->m_next->m_flags & M_EOR);
  m_freem(m);
  m = m_getm2(nullptr, MHLEN + 1, M_DONTWAIT, MT_DATA, M_PKTHDR);
  EXPECT_EQ(Sizes(m), (std::vector<int>{MCLBYTES}));
  m_freem(m);
}

TEST_F(MGetm, NothingIsOneEmptyMbuf) {
  for (int flags : {0, int(M_PKTHDR), int(M_EOR), int(M_PKTHDR | M_EOR)}) {
    mbuf* m = m_getm2(nullptr, 0, M_DONTWAIT, MT_DATA, flags);
    ASSERT_NE(m, nullptr);
    EXPECT_EQ(m->m_flags, static_cast<uint32_t>(flags));
    EXPECT_EQ(m->m_next, nullptr);
    m_freem(m);
  }
}

TEST_F(MGetm, NothingMoreForAChainLeavesItAsItIs) {
  mbuf* m = Packet({{Buffer::kSmall, 0, 10}});
  std::string data = Bytes(m);
  EXPECT_EQ(m_getm2(m, 0, M_DONTWAIT, MT_DATA, M_PKTHDR | M_EOR), m);
  EXPECT_EQ(m->m_next, nullptr);
  EXPECT_FALSE(m->m_flags & M_EOR);
  ExpectChain(m, data);
  m_freem(m);
}

TEST_F(MGetm, RoomIsAppendedToAChain) {
  mbuf* m = Packet({{Buffer::kSmall, 0, 10}, {Buffer::kCluster, 0, 10}});
  m->m_next->m_flags |= M_EOR;
  std::string data = Bytes(m);
  EXPECT_EQ(m_getm(m, 3000, M_DONTWAIT, MT_DATA), m);
  EXPECT_EQ(Sizes(m), (std::vector<int>{MHLEN, MCLBYTES, MJUMPAGESIZE}));
  ExpectChain(m, data);
  EXPECT_TRUE(m->m_next->m_flags & M_EOR) << "a record still ends where it did";
  m_freem(m);
  m = m_getm(nullptr, 3000, M_DONTWAIT, MT_DATA);
  EXPECT_TRUE(m->m_flags & M_PKTHDR);
  m_freem(m);
}

TEST_F(MGetm, AFailureLeavesTheChainAsItWas) {
  auto make = [] { return Packet({{Buffer::kSmall, 0, 10}}); };
  int failures = ForEachFailure(make, [](mbuf* m) {
    std::string data = Bytes(m);
    bool done = m_getm2(m, 40000, M_DONTWAIT, MT_DATA, M_EOR) == m;
    EXPECT_EQ(m->m_next != nullptr, done);
    ExpectChain(m, data);
    m_freem(m);
    return done;
  });
  EXPECT_EQ(failures, 3 * 2);
}

TEST_F(MGetm, BadArgumentsAreEinval) {
  for (int len : {-1, INT_MIN}) {
    errno = 0;
    EXPECT_EQ(m_getm2(nullptr, len, M_DONTWAIT, MT_DATA, 0), nullptr);
    EXPECT_EQ(errno, EINVAL);
  }
  errno = 0;
  EXPECT_EQ(m_getm2(nullptr, 1, M_DONTWAIT, MT_NTYPES, 0), nullptr);
  EXPECT_EQ(errno, EINVAL);
  errno = 0;
  EXPECT_EQ(m_getm2(nullptr, 1, M_DONTWAIT, MT_DATA, M_BCAST), nullptr);
  EXPECT_EQ(errno, EINVAL);
}

TEST_F(MGetm, MoreThanThereIsFailsWithoutALeak) {
  struct weir_snapshot snapshot;
  weir_snapshot(&snapshot);
  long limit = static_cast<long>(snapshot.zones[WEIR_ZONE_JUMBO_16K].limit);
  ASSERT_EQ(weir_set_limit(WEIR_ZONE_JUMBO_16K, 4), 0);
  errno = 0;
  EXPECT_EQ(m_getm2(nullptr, INT_MAX, M_DONTWAIT, MT_DATA, 0), nullptr);
  EXPECT_EQ(errno, ENOBUFS);
  ASSERT_EQ(weir_set_limit(WEIR_ZONE_JUMBO_16K, limit), 0);
}

TEST_F(MGetm, Get3IsGet2) {
  mbuf* m = m_get3(9000, M_DONTWAIT, MT_DATA, M_PKTHDR);
  EXPECT_EQ(Sizes(m), (std::vector<int>{MJUM9BYTES}));
  EXPECT_TRUE(m->m_flags & M_PKTHDR);
  m_freem(m);
}

TEST_F(MGetm, GetNLeavesRoomInFront) {
  mbuf* m = m_get_n(M_DONTWAIT, MT_DATA, 2, 14);
  EXPECT_EQ(M_LEADINGSPACE(m), 2);
  EXPECT_EQ(m->m_len, 14);
  EXPECT_EQ(M_SIZE(m), MLEN);
  m_freem(m);
  m = m_gethdr_n(M_DONTWAIT, MT_DATA, 2, MHLEN - 1);
  EXPECT_EQ(M_SIZE(m), MCLBYTES);
  EXPECT_EQ(M_LEADINGSPACE(m), 2);
  EXPECT_TRUE(m_sanity(m, 0));
  EXPECT_EQ(m->m_pkthdr.len, MHLEN - 1);
  m_freem(m);
  m = m_gethdr_n(M_DONTWAIT, MT_DATA, 0, MJUM16BYTES);
  EXPECT_EQ(m->m_len, MJUM16BYTES);
  m_freem(m);
  for (size_t len : {size_t{MJUM16BYTES}, SIZE_MAX}) {
    errno = 0;
    EXPECT_EQ(m_get_n(M_DONTWAIT, MT_DATA, 1, len), nullptr);
    EXPECT_EQ(errno, EMSGSIZE);
  }
  EXPECT_EQ(m_get_n(M_DONTWAIT, MT_DATA, SIZE_MAX, 1), nullptr);
}

TEST_F(MGetm, ClgetlTakesTheSmallestCluster) {
  mbuf* m = m_get(M_DONTWAIT, MT_DATA);
  EXPECT_EQ(MCLGETL(m, M_DONTWAIT, 2049), m);
  EXPECT_EQ(M_SIZE(m), MJUMPAGESIZE);
  errno = 0;
  EXPECT_EQ(m_clgetl(m, M_DONTWAIT, 1), nullptr) << "it has one";
  EXPECT_EQ(errno, EINVAL);
  m_freem(m);
  m = MCLGETI(nullptr, M_DONTWAIT, nullptr, MCLBYTES);
  EXPECT_TRUE(m->m_flags & M_PKTHDR);
  EXPECT_EQ(M_SIZE(m), MCLBYTES);
  m_freem(m);
  errno = 0;
  EXPECT_EQ(m_clgetl(nullptr, M_DONTWAIT, MJUM16BYTES + 1), nullptr);
  EXPECT_EQ(errno, EMSGSIZE);
  errno = 0;
  EXPECT_EQ(m_clgetl(nullptr, M_DONTWAIT, -1), nullptr);
  EXPECT_EQ(errno, EINVAL);
}

}  // namespace
}  // namespace weir
