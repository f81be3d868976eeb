// What is global: start, limits, drains, retries, statistics, shutdown.
#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <thread>
#include <vector>

#include "tests/in_use.h"
#include "tests/nothrow.h"
#include "weir/chain/drain_handler.h"
#include "weir/chain/mbuf.h"
#include "weir/chain/pools.h"
#include "weir/chain/weir.h"

namespace weir {
namespace {

// Holds every mbuf that may exist.
class AllMbufs {
 public:
  explicit AllMbufs(long limit) {
    weir_trim();
    EXPECT_EQ(weir_set_limit(WEIR_ZONE_MBUF, limit), 0);
    while (mbuf* m = m_get(M_DONTWAIT, MT_DATA)) held_.push_back(m);
    EXPECT_EQ(held_.size(), static_cast<size_t>(limit));
  }
  ~AllMbufs() {
    while (!held_.empty()) FreeOne();
    weir_set_limit(WEIR_ZONE_MBUF, 100000);
  }
  long FreeOne() {
    if (held_.empty()) return 0;
    m_free(held_.back());
    held_.pop_back();
    return 1;
  }

 private:
  std::vector<mbuf*> held_;
};

TEST(Start, MbinitIsIdempotentAndLateInitIsBusy) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([] { mbinit(); });
  for (std::thread& t : threads) t.join();
  mbinit();
  weir_options options = {};
  options.nmbufs = 5;
  EXPECT_EQ(weir_init(&options), EBUSY);
  EXPECT_EQ(weir_init(nullptr), EBUSY);
}

struct Calls {
  std::string order;
  AllMbufs* all = nullptr;
  int zone = -2;
  long wanted = 0;
  mbuf* inside = nullptr;
};
long Protocol(void* arg, int zone, long wanted) {
  Calls* c = static_cast<Calls*>(arg);
  c->order += 'p';
  c->zone = zone;
  c->wanted = wanted;
  return c->all == nullptr ? 3 : c->all->FreeOne();
}
long Interface(void* arg, int, long) {
  static_cast<Calls*>(arg)->order += 'i';
  return 4;
}

TEST(Reclaim, AsksProtocolsThenInterfacesAndCountsOnce) {
  Calls calls;
  DrainHandler i(DrainHandler::kInterface, "i", Interface, &calls);
  DrainHandler p(DrainHandler::kProtocol, "p", Protocol, &calls);
  uint64_t before = mbstat.m_drain;
  EXPECT_EQ(m_reclaim(M_DONTWAIT), 7) << "objects freed";
  EXPECT_EQ(calls.order, "pi");
  EXPECT_EQ(calls.zone, -1);
  EXPECT_EQ(mbstat.m_drain, before + 1);
}

TEST(Reclaim, AnAllocationAtTheLimitDrainsAndIsMet) {
  AllMbufs all(100);
  Calls calls;
  calls.all = &all;
  DrainHandler p(DrainHandler::kProtocol, "p", Protocol, &calls);
  uint64_t waits = mbstat.m_wait, drops = mbstat.m_drops;
  mbuf* m = m_get(M_DONTWAIT, MT_DATA);
  ASSERT_NE(m, nullptr);
  EXPECT_EQ(calls.order, "p");
  EXPECT_EQ(calls.zone, WEIR_ZONE_MBUF);
  EXPECT_GE(calls.wanted, 1);
  EXPECT_EQ(mbstat.m_wait, waits + 1) << "met only after a drain";
  EXPECT_EQ(mbstat.m_drops, drops);
  m_free(m);
}

TEST(Reclaim, AHandlerThatAllocatesAtTheLimitGetsNull) {
  AllMbufs all(50);
  Calls calls;
  DrainHandler p(
      DrainHandler::kProtocol, "p",
      [](void* arg, int, long) -> long {
        Calls* c = static_cast<Calls*>(arg);
        c->order += 'p';
        c->inside = m_get(M_WAIT, MT_DATA);  // would wait for itself
        return 0;
      },
      &calls);
  EXPECT_EQ(m_get(M_DONTWAIT, MT_DATA), nullptr);
  EXPECT_EQ(calls.order, "p") << "no recursion";
  EXPECT_EQ(calls.inside, nullptr);
}

TEST(Retry, CountsWaitsAndDrops) {
  AllMbufs all(60);
  uint64_t drops = mbstat.m_drops;
  EXPECT_EQ(m_retry(M_DONTWAIT, MT_DATA), nullptr);
  EXPECT_GE(mbstat.m_drops, drops + 1);
  Calls calls;
  calls.all = &all;
  DrainHandler p(DrainHandler::kProtocol, "p", Protocol, &calls);
  uint64_t waits = mbstat.m_wait;
  mbuf* m = m_retryhdr(M_DONTWAIT, MT_HEADER);
  ASSERT_NE(m, nullptr);
  EXPECT_TRUE(m->m_flags & M_PKTHDR);
  EXPECT_EQ(m->m_pkthdr.len, 0);
  EXPECT_EQ(mbstat.m_wait, waits + 1);
  m_free(m);
}

TEST(Limits, BelowWhatIsInUseIsRefusedAndRaisingWorksAtRunTime) {
  {
    AllMbufs all(40);
    EXPECT_EQ(weir_set_limit(WEIR_ZONE_MBUF, 39), EINVAL);
    EXPECT_EQ(weir_set_limit(WEIR_ZONE_MBUF, 41), 0);
    mbuf* m = m_get(M_DONTWAIT, MT_DATA);
    EXPECT_NE(m, nullptr);
    m_free(m);
  }
  EXPECT_EQ(weir_set_limit(-1, 5), EINVAL);
  EXPECT_EQ(weir_set_limit(WEIR_NZONES, 5), EINVAL);
  EXPECT_EQ(weir_reserve(WEIR_ZONE_JUMBO_9K, -1), EINVAL);
  EXPECT_EQ(weir_reserve(WEIR_NZONES, 5), EINVAL);
  EXPECT_EQ(weir_reserve(WEIR_ZONE_JUMBO_9K, 30), 0);
  struct weir_snapshot s;
  weir_snapshot(&s);
  EXPECT_GE(s.zones[WEIR_ZONE_JUMBO_9K].total, 30);
}

TEST(Limits, WhoMayWaitTimesOutAtTheWaitLimit) {
  AllMbufs all(30);
  weir_set_wait_limit(1);
  EXPECT_EQ(m_get(M_WAIT, MT_DATA), nullptr);
  EXPECT_EQ(errno, ETIMEDOUT);
  weir_set_wait_limit(0);
}

TEST(Limits, MemoryGoesBackDownToWhatIsAskedFor) {
  m_freem(m_getm(nullptr, 10 << 20, M_WAIT, MT_DATA));
  EXPECT_EQ(weir_trim_to(int64_t{1} << 40), 0) << "there is less";
  EXPECT_GE(weir_trim_idle(), 0);
  EXPECT_GT(weir_trim_to(1 << 20), 0);
}

TEST(Reclaim, AHandlerThatIsNoneIsRefusedOrUnknown) {
  const auto refused = [](int kind, const char* name, long (*fn)(void*, int, long)) {
    errno = 0;
    return weir_drain_register(kind, name, fn, nullptr) == -1 && errno == EINVAL;
  };
  EXPECT_TRUE(refused(WEIR_DRAIN_PROTOCOL, nullptr, Interface));
  EXPECT_TRUE(refused(WEIR_DRAIN_INTERFACE, "none", nullptr));
  EXPECT_TRUE(refused(77, "kind", Interface));
  EXPECT_EQ(weir_drain_unregister(-1), EINVAL);
  EXPECT_EQ(weir_drain_unregister(int64_t{1} << 40), EINVAL);
}

TEST(Reclaim, WithoutMemoryForAHandlerThereIsNone) {
  Pools pools("handlers");
  FailNothrow(0);
  errno = 0;
  EXPECT_EQ(weir_pools_drain_register(pools.get(), WEIR_DRAIN_PROTOCOL, "none", Interface, nullptr),
            -1);
  EXPECT_EQ(errno, ENOMEM);
  FailNothrow(-1);
}

TEST(Reclaim, AHandlerThatReclaimsFreesNothingMore) {
  long inside = -1;
  DrainHandler p(
      DrainHandler::kProtocol, "p",
      [](void* arg, int, long) -> long {
        *static_cast<long*>(arg) = m_reclaim(M_DONTWAIT);
        return 1;
      },
      &inside);
  EXPECT_EQ(m_reclaim(M_DONTWAIT), 1);
  EXPECT_EQ(inside, 0);
}

TEST(Statistics, TypesAndZonesAddUp) {
  std::vector<mbuf*> held;
  for (int i = 0; i < 10; ++i) held.push_back(m_get(M_WAIT, MT_SONAME));
  for (int i = 0; i < 5; ++i) held.push_back(m_getcl(M_WAIT, MT_DATA, M_PKTHDR));
  uint64_t data = mbstat.m_mtypes[MT_DATA];
  EXPECT_EQ(mbstat.m_mtypes[MT_SONAME], 10u);
  EXPECT_EQ(m_chtype(held[0], MT_DATA), 0);
  EXPECT_EQ(mbstat.m_mtypes[MT_SONAME], 9u);
  EXPECT_EQ(mbstat.m_mtypes[MT_DATA], data + 1);
  EXPECT_EQ(m_chtype(held[0], 256), EINVAL);
  EXPECT_EQ(m_chtype(held[0], -1), EINVAL);
  EXPECT_EQ(m_chtype(nullptr, MT_DATA), EINVAL);
  struct weir_snapshot s;
  weir_snapshot(&s);
  int64_t types = 0;
  for (int64_t t : s.types) types += t;
  EXPECT_EQ(types, s.zones[WEIR_ZONE_MBUF].in_use);
  for (const weir_zone_snapshot& z : s.zones) {
    EXPECT_EQ(z.in_use + z.cached_thread + z.cached_depot + z.cached_slab, z.total) << z.name;
    EXPECT_EQ(static_cast<int64_t>(z.allocs - z.frees), z.in_use) << z.name;
    EXPECT_LE(z.total * z.size, z.bytes) << z.name;
    EXPECT_TRUE(z.limit == 0 || z.total <= z.limit) << z.name;
  }
  for (mbuf* m : held) m_freem(m);
  EXPECT_EQ(InUse(WEIR_ZONE_MBUF), 0);
  EXPECT_EQ(InUse(WEIR_ZONE_CLUSTER), 0);
}

// A type written without m_chtype does not unbalance the counts.
TEST(Statistics, ATypeWrittenDirectlyIsCountedUnderTheOldOne) {
  mbuf* m = m_get(M_WAIT, MT_OOBDATA);
  m->m_type = MT_CONTROL;
  m_free(m);
  EXPECT_EQ(mbstat.m_mtypes[MT_OOBDATA], 0u);
  EXPECT_EQ(mbstat.m_mtypes[MT_CONTROL], 0u);
}

// The last: nobody waits after it.
TEST(TheEnd, ShutdownIsBusyWhileMbufsAreOutAndThenNobodyWaits) {
  mbuf* m = m_get(M_WAIT, MT_DATA);
  EXPECT_EQ(weir_shutdown(), EBUSY);
  m_free(m);
  EXPECT_EQ(weir_shutdown(), 0);
  AllMbufs all(20);
  errno = 0;
  EXPECT_EQ(m_get(M_WAIT, MT_DATA), nullptr);
  EXPECT_EQ(errno, ECANCELED);
}

}  // namespace
}  // namespace weir
