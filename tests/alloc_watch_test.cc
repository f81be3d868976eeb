// What finds bugs: quarantine, objects from malloc, guard pages, injected failures. Each option is
// set in a process of its own; and whatever is on, limits and counts hold.
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/alloc_stress.h"
#include "tests/child.h"
#include "weir/alloc/sanitize.h"
#include "weir/chain/mbuf.h"
#include "weir/chain/weir.h"

namespace weir {
namespace {

constexpr long kLimit = 100;

weir_options Small() {
  weir_options o = {};
  o.nmbufs = o.nmbclusters = o.nmbjumbop = o.nmbjumbo9 = o.nmbjumbo16 = kLimit;
  o.slab_source = "mmap";
  return o;
}
weir_options Quarantined(int64_t n) {
  weir_options o = Small();
  o.quarantine = n;
  return o;
}
weir_options OneByOneOptions() {
  weir_options o = Small();
  o.slab_source = "malloc";
  return o;
}
weir_options GuardEach() {
  weir_options o = Small();
  o.guard_one_in = 1;
  return o;
}

mbuf* GetSized(int size) { return m_getjcl(M_DONTWAIT, MT_DATA, M_PKTHDR, size); }

// For every kind of object: exactly the limit can be allocated, again and again; counts are exact.
void ExpectTheLimitExactly() {
  for (int round = 0; round < 3; ++round) {
    for (int size : {MCLBYTES, MJUMPAGESIZE, MJUM9BYTES, MJUM16BYTES}) {
      std::vector<mbuf*> all;
      while (mbuf* m = GetSized(size)) {
        memset(m->m_data, static_cast<int>(all.size()), static_cast<size_t>(size));
        all.push_back(m);
        ASSERT_LE(all.size(), size_t{kLimit});
      }
      EXPECT_EQ(errno, ENOBUFS);
      EXPECT_EQ(all.size(), size_t{kLimit}) << size;
      EXPECT_EQ(Figures(WEIR_ZONE_MBUF).in_use, kLimit);
      EXPECT_EQ(Figures(m_extzone(all[0])).in_use, kLimit);
      for (size_t i = 0; i < all.size(); ++i) {
        EXPECT_EQ(m_sanity(all[i], 0), 1);
        EXPECT_EQ(all[i]->m_data[0], static_cast<char>(i)) << "two owners";
        EXPECT_EQ(all[i]->m_data[size - 1], static_cast<char>(i)) << "two owners";
        m_freem(all[i]);
      }
    }
  }
  for (int zone = 0; zone < WEIR_NZONES; ++zone) EXPECT_EQ(Figures(zone).in_use, 0) << zone;
}

// A thread that waits at the limit gets what another one frees.
void ExpectAWaiterIsServed() {
  std::vector<mbuf*> all;
  while (mbuf* m = GetSized(MJUMPAGESIZE)) all.push_back(m);
  std::thread waiter([] { m_freem(m_getjcl(M_WAIT, MT_DATA, 0, MJUMPAGESIZE)); });
  while (Figures(WEIR_ZONE_MBUF).waiting + Figures(WEIR_ZONE_JUMBO_PAGE).waiting == 0) {
    std::this_thread::yield();
  }
  for (mbuf* m : all) m_freem(m);
  waiter.join();
}

// Sharing, splitting and pulling up what came from these places.
void ExpectChainsWork() {
  mbuf* m = m_getcl(M_DONTWAIT, MT_DATA, M_PKTHDR);
  for (int i = 0; i < 2000; ++i) m->m_data[i] = static_cast<char>(i * 7);
  m->m_len = m->m_pkthdr.len = 2000;
  mbuf* copy = m_copypacket(m, M_DONTWAIT);
  ASSERT_NE(copy, nullptr);
  EXPECT_EQ(m_extrefcnt(m), 2u);
  EXPECT_FALSE(M_WRITABLE(m));
  mbuf* tail = m_split(copy, 700, M_DONTWAIT);
  EXPECT_EQ(m_extrefcnt(m), 3u);
  m_freem(m);
  EXPECT_EQ(m_cat(copy, tail), 0);
  copy->m_pkthdr.len = 2000;
  copy = m_pullup(copy, 2000);
  ASSERT_NE(copy, nullptr);
  EXPECT_EQ(m_sanity(copy, 0), 1);
  for (int i = 0; i < 2000; ++i) EXPECT_EQ(copy->m_data[i], static_cast<char>(i * 7));
  m_freem(copy);
}

void ExpectEverythingHolds(const weir_options& options) {
  InChild([&options] {
    ASSERT_EQ(weir_init(&options), 0);
    ExpectTheLimitExactly();
    ExpectAWaiterIsServed();
    ExpectChainsWork();
    std::thread(ExpectChainsWork).join();
    weir_trim();
    for (int zone = 0; zone < WEIR_NZONES; ++zone) {
      EXPECT_EQ(Figures(zone).in_use, 0) << zone;
      EXPECT_EQ(Figures(zone).bytes, 0) << zone;
    }
  });
}

// ---- Quarantine ----

TEST(Quarantine, LimitsWaitersAndCountsHold) {
  ExpectEverythingHolds(Quarantined(1));
  ExpectEverythingHolds(Quarantined(50));
  ExpectEverythingHolds(Quarantined(10000));
}

TEST(Quarantine, AFreedObjectIsNotUsedAgainForSoManyFrees) {
  InChild([] {
    const weir_options o = Quarantined(20);
    ASSERT_EQ(weir_init(&o), 0);
    void* first = m_get(M_DONTWAIT, MT_DATA);
    m_free(static_cast<mbuf*>(first));
    for (int i = 0; i < 20; ++i) {
      mbuf* m = m_get(M_DONTWAIT, MT_DATA);
      EXPECT_NE(m, first) << "after " << i << " frees";
      m_free(m);
    }
    bool again = false;
    for (int i = 0; i < 20 && !again; ++i) {
      mbuf* m = m_get(M_DONTWAIT, MT_DATA);
      again = m == first;
      m_free(m);
    }
    EXPECT_TRUE(again) << "it never leaves";
  });
}

#ifndef WEIR_ASAN  // which reports the write itself
TEST(QuarantineDeathTest, AWriteToAFreedObjectIsFoundWhenItLeaves) {
  EXPECT_DEATH(
      {
        const weir_options o = Quarantined(20);
        weir_init(&o);
        mbuf* m = m_getjcl(M_DONTWAIT, MT_DATA, 0, MJUM9BYTES);
        char* data = m->m_data;
        m_free(m);
        data[9000] = 'x';
        for (int i = 0; i < 40; ++i) m_free(m_getjcl(M_DONTWAIT, MT_DATA, 0, MJUM9BYTES));
      },
      "zone jumbo_9k: 0x[0-9a-f]+ was written to while it was free: byte 9000 is 0x78");
}
#endif

TEST(QuarantineDeathTest, ADoubleFreeIsNamed) {
  EXPECT_DEATH(
      {
        const weir_options o = Quarantined(20);
        weir_init(&o);
        mbuf* m = m_get(M_DONTWAIT, MT_DATA);
        m_free(m);
        for (int i = 0; i < 10; ++i) m_free(m_get(M_DONTWAIT, MT_DATA));
        m_free(m);
      },
      "zone mbuf: 0x[0-9a-f]+ is free already \\(double free\\) when freed");
}

// ---- Each object from malloc ----

TEST(OneByOne, LimitsWaitersAndCountsHold) { ExpectEverythingHolds(OneByOneOptions()); }

TEST(OneByOne, ObjectsLieInNoSlab) {
  InChild([] {
    const weir_options o = OneByOneOptions();
    ASSERT_EQ(weir_init(&o), 0);
    mbuf* m = m_getcl(M_DONTWAIT, MT_DATA, 0);
    EXPECT_EQ(dtom(m->m_dat), m) << "an mbuf is aligned to its size";
    EXPECT_EQ(g_slabs.Find(m), Slabs::kNone);
    EXPECT_EQ(g_slabs.Find(m->m_ext.ext_buf), Slabs::kNone);
    EXPECT_EQ(Figures(WEIR_ZONE_CLUSTER).bytes, MCLBYTES);
    m_free(m);
  });
}

TEST(OneByOne, OtherSetsMayHaveIt) {
  InChild([] {
    const weir_options o = OneByOneOptions();
    weir_pools* pools = weir_pools_create("watched", &o);
    ASSERT_NE(pools, nullptr);
    mbuf* m = weir_pools_getcl(pools, M_DONTWAIT, MT_DATA, M_PKTHDR);
    ASSERT_NE(m, nullptr);
    EXPECT_EQ(g_slabs.Find(m), Slabs::kNone);
    mbuf* ordinary = m_getcl(M_DONTWAIT, MT_DATA, 0);
    EXPECT_NE(g_slabs.Find(ordinary), Slabs::kNone);
    m_cat(ordinary, m);
    m_freem(ordinary);
    EXPECT_EQ(weir_pools_destroy(pools), 0);
  });
}

#ifdef WEIR_ASAN
TEST(OneByOneDeathTest, AddressSanitizerSeesEachObject) {
  const auto init = [] {
    const weir_options o = OneByOneOptions();
    weir_init(&o);
  };
  EXPECT_DEATH(
      {
        init();
        mbuf* m = m_getcl(M_DONTWAIT, MT_DATA, 0);
        m->m_ext.ext_buf[MCLBYTES] = 1;
      },
      "AddressSanitizer: heap-buffer-overflow");
  EXPECT_DEATH(
      {
        init();
        mbuf* m = m_getcl(M_DONTWAIT, MT_DATA, 0);
        m->m_ext.ext_buf[-1] = 1;
      },
      "AddressSanitizer");
  EXPECT_DEATH(
      {
        init();
        mbuf* m = m_get(M_DONTWAIT, MT_DATA);
        m_free(m);
        m->m_dat[0] = 1;
      },
      "AddressSanitizer: heap-use-after-free");
}
#endif

// ---- Guard pages ----

TEST(Guard, LimitsWaitersAndCountsHold) { ExpectEverythingHolds(GuardEach()); }

TEST(Guard, EachChosenClusterIsGuardedAsLongAsThereArePlaces) {
  InChild([] {
    weir_options o = GuardEach();
    o.nmbclusters = o.nmbufs = 1000;
    ASSERT_EQ(weir_init(&o), 0);
    std::vector<mbuf*> all;
    int guarded = 0;
    while (mbuf* m = GetSized(MCLBYTES)) {
      guarded += m->m_ext.ext_type == EXT_GUARDED;
      all.push_back(m);
    }
    EXPECT_EQ(all.size(), 1000u);
    EXPECT_EQ(guarded, static_cast<int>(kGuardPlaces));
    for (mbuf* m : all) m_freem(m);
    mbuf* m = GetSized(MCLBYTES);
    EXPECT_EQ(m->m_ext.ext_type, EXT_GUARDED) << "places are used again";
    m_freem(m);
  });
}

// Threads that take, write, share and pass on guarded clusters; few places, so that all want them.
TEST(Guard, EachPlaceHasOneOwnerWhateverThreadsDo) {
  InChild([] {
    weir_options o = GuardEach();
    o.nmbclusters = o.nmbufs = 4000;
    ASSERT_EQ(weir_init(&o), 0);
    const int64_t until = MonotonicNs() + StressNs(1);
    std::atomic<mbuf*> passed[4] = {};
    std::atomic<uint64_t> wrong{0}, rounds{0}, guarded{0};
    std::vector<std::thread> threads;
    for (uint64_t id = 1; id <= 4; ++id) {
      threads.emplace_back([&, id] {
        std::mt19937_64 random(id);
        mbuf* mine[90] = {};
        for (uint64_t serial = 1; MonotonicNs() < until; ++serial) {
          const size_t i = random() % 90;
          if (mine[i] != nullptr) {
            wrong += !Holds(mine[i]->m_data, id, i);
            mbuf* copy = m_copypacket(mine[i], M_DONTWAIT);
            if (random() % 2 == 0) std::swap(copy, mine[i]);
            m_freem(copy);
            m_freem(passed[random() % 4].exchange(mine[i]));
          }
          mine[i] = m_getcl(M_DONTWAIT, MT_DATA, M_PKTHDR);
          if (mine[i] == nullptr) continue;
          mine[i]->m_len = mine[i]->m_pkthdr.len = MCLBYTES;
          guarded += mine[i]->m_ext.ext_type == EXT_GUARDED;
          Stake(mine[i]->m_data, id, i);
          ++rounds;
        }
        for (mbuf* m : mine) m_freem(m);
      });
    }
    for (std::thread& t : threads) t.join();
    for (auto& p : passed) m_freem(p.load());
    printf("%lu clusters, %lu guarded\n", rounds.load(), guarded.load());
    EXPECT_EQ(wrong.load(), 0u) << "clusters with two owners";
    EXPECT_GT(guarded.load(), 100u);
    EXPECT_EQ(Figures(WEIR_ZONE_CLUSTER).in_use, 0);
  });
}

TEST(Guard, OneInSoManyIsChosen) {
  InChild([] {
    weir_options o = GuardEach();
    o.guard_one_in = 10;
    ASSERT_EQ(weir_init(&o), 0);
    int guarded = 0;
    for (int i = 0; i < 5000; ++i) {
      mbuf* m = m_getcl(M_DONTWAIT, MT_DATA, 0);
      guarded += m->m_ext.ext_type == EXT_GUARDED;
      m_free(m);
    }
    EXPECT_GT(guarded, 350);
    EXPECT_LT(guarded, 650);
  });
}

// A guarded cluster at the start of its pages, or at the end.
mbuf* GuardedAt(bool end, int size) {
  for (;;) {
    mbuf* m = GetSized(size);
    if ((reinterpret_cast<uintptr_t>(m->m_data) % 4096 != 0) == end) return m;
    m_freem(m);
  }
}

void InitGuard() {
  const weir_options o = GuardEach();
  weir_init(&o);
}

TEST(GuardDeathTest, AWritePastTheEndIsReportedWithWhoAllocated) {
  EXPECT_DEATH(
      {
        InitGuard();
        mbuf* m = GuardedAt(true, MCLBYTES);
        m->m_data[MCLBYTES + 11] = 1;
      },
      "zone cluster: access to 0x[0-9a-f]+, 11 bytes past the end of the live cluster "
      "0x[0-9a-f]+\nweir: it was allocated by thread [0-9]+:\n  [^\n]*\\+0x[0-9a-f]+");
}

TEST(GuardDeathTest, AReadBeforeTheStartIsReported) {
  EXPECT_DEATH(
      {
        InitGuard();
        mbuf* m = GuardedAt(false, MJUM9BYTES);
        putchar(m->m_data[-3]);
      },
      "zone jumbo_9k: access to 0x[0-9a-f]+, 3 bytes before the live cluster");
}

// Frees in the last place, where a function that it calls could replace it in the stack.
extern "C" __attribute__((noinline, visibility("default"), used)) void weir_test_frees(mbuf* m) {
  m_free(m);
}

TEST(GuardDeathTest, UseAfterFreeIsReportedWithWhoFreed) {
  EXPECT_DEATH(
      {
        InitGuard();
        mbuf* m = GetSized(MJUMPAGESIZE);
        char* data = m->m_data;
        weir_test_frees(m);
        data[17] = 1;
      },
      "zone jumbo_page: access to 0x[0-9a-f]+, byte 17 of the free cluster(.|\n)*allocated by "
      "thread(.|\n)*freed by thread [0-9]+:\n(.|\n)*\\+0x[0-9a-f]+ weir_test_frees\n");
}

TEST(GuardDeathTest, AWriteNextToItIsFoundWhenItIsFreed) {
  EXPECT_DEATH(
      {
        InitGuard();
        mbuf* m = GuardedAt(true, MCLBYTES);
        m->m_data[-5] = 1;
        m_freem(m);
      },
      "someone wrote outside of a cluster:\nweir: zone cluster: access to 0x[0-9a-f]+, 5 bytes "
      "before the live cluster");
}

// ---- What cannot be had together ----

TEST(Watch, WhatMakesNoSenseTogetherIsRefused) {
  const std::string said = InChild([] {
    weir_options o = OneByOneOptions();
    o.quarantine = 5;
    EXPECT_EQ(weir_init(&o), EINVAL);
    o = OneByOneOptions();
    o.region_bytes = 1 << 30;
    EXPECT_EQ(weir_init(&o), EINVAL);
    o = GuardEach();
    o.region_bytes = 1 << 30;
    EXPECT_EQ(weir_init(&o), EINVAL);
    o = Quarantined(-1);
    EXPECT_EQ(weir_init(&o), EINVAL);
  });
  EXPECT_NE(said.find("weir: quarantine: slab_source is malloc"), std::string::npos) << said;
  EXPECT_NE(said.find("weir: region_bytes: slab_source is malloc"), std::string::npos) << said;
  EXPECT_NE(said.find("weir: guard_one_in: region_bytes is set"), std::string::npos) << said;
  EXPECT_NE(said.find("weir: quarantine: -1 is not a number from 0 to 16777216"), std::string::npos)
      << said;
}

// ---- Injected failures ----

// Which of n allocations fail.
std::vector<int> Failing(int n, int how = M_DONTWAIT) {
  std::vector<int> failing;
  for (int i = 0; i < n; ++i) {
    errno = 0;
    mbuf* m = m_get(how, MT_DATA);
    if (m == nullptr) failing.push_back(i);
    m_free(m);
  }
  return failing;
}

// Two ways to an allocation, which the linker knows by name.
extern "C" __attribute__((noinline, visibility("default"), used)) size_t weir_test_site_red(int n) {
  return Failing(n).size() * 2 / 2;
}
extern "C" __attribute__((noinline, visibility("default"), used)) size_t weir_test_site_blue(
    int n) {
  return Failing(n).size() * 3 / 3;
}

TEST(FailuresOfAProcess, TheEnvironmentSetsThem) {
  const std::string said = InChild([] {
    setenv("WEIR_FAIL", "10", 1);
    setenv("WEIR_FAIL_SEED", "42", 1);
    setenv("WEIR_FAIL_SITE", "weir_test_site_red", 1);
    const weir_options o = Small();
    ASSERT_EQ(weir_init(&o), 0);
    EXPECT_EQ(weir_test_site_blue(1000), 0u);
    EXPECT_GT(weir_test_site_red(1000), 50u);
    EXPECT_LT(weir_test_site_red(1000), 200u);
  });
  EXPECT_NE(said.find("failing 1 in 10 allocations, WEIR_FAIL_SEED=42"), std::string::npos) << said;
}

TEST(FailuresOfAProcess, AWrongEnvironmentIsNamedWithItsValue) {
  const std::string said = InChild([] {
    setenv("WEIR_FAIL", "often", 1);
    const weir_options o = Small();
    EXPECT_EQ(weir_init(&o), EINVAL);
  });
  EXPECT_EQ(said, "weir: WEIR_FAIL: often is not a number from 0 to 18446744073709551615\n");
}

// From here on weir is at work in this process itself.

weir_failures OneIn(uint64_t n, uint64_t seed) {
  weir_failures f = {};
  f.one_in = n;
  f.seed = seed;
  return f;
}

class Failures : public testing::Test {
 protected:
  void TearDown() override { weir_fail(nullptr); }
};

TEST_F(Failures, OneInSoManyTheSameForTheSameSeed) {
  const auto run = [](uint64_t seed) {
    weir_failures f = OneIn(10, seed);
    EXPECT_EQ(weir_fail(&f), 0);
    return Failing(2000);
  };
  const uint64_t before = weir_failed();
  const std::vector<int> first = run(42);
  EXPECT_GT(first.size(), 130u);
  EXPECT_LT(first.size(), 270u);
  EXPECT_EQ(weir_failed() - before, first.size());
  EXPECT_EQ(run(42), first);
  EXPECT_NE(run(43), first);
}

TEST_F(Failures, NoneFailsBeforeOrAfter) {
  EXPECT_TRUE(Failing(1000).empty());
  weir_failures f = OneIn(1, 1);
  ASSERT_EQ(weir_fail(&f), 0);
  EXPECT_EQ(Failing(10).size(), 10u);
  ASSERT_EQ(weir_fail(nullptr), 0);
  EXPECT_TRUE(Failing(1000).empty());
}

TEST_F(Failures, AFailureIsCountedAndIsENOBUFS) {
  const uint64_t before = Figures(WEIR_ZONE_MBUF).failures;
  weir_failures f = OneIn(1, 1);
  ASSERT_EQ(weir_fail(&f), 0);
  EXPECT_EQ(m_get(M_DONTWAIT, MT_DATA), nullptr);
  EXPECT_EQ(errno, ENOBUFS);
  EXPECT_EQ(Figures(WEIR_ZONE_MBUF).failures, before + 1);
}

TEST_F(Failures, WhoMayWaitWithoutEndGetsWhatItWantsElseItTimesOut) {
  weir_failures f = OneIn(1, 1);
  ASSERT_EQ(weir_fail(&f), 0);
  EXPECT_TRUE(Failing(10, M_WAIT).empty());
  weir_set_wait_limit(1000);
  EXPECT_EQ(m_get(M_WAIT, MT_DATA), nullptr);
  EXPECT_EQ(errno, ETIMEDOUT);
  weir_set_wait_limit(0);
}

TEST_F(Failures, OfOneFunctionOnly) {
  weir_failures f = {};
  f.site = "weir_test_site_red";
  ASSERT_EQ(weir_fail(&f), 0);
  EXPECT_EQ(weir_test_site_red(5), 5u);
  EXPECT_EQ(weir_test_site_blue(5), 0u);
  f.site = "no such function";
  ASSERT_EQ(weir_fail(&f), 0);
  EXPECT_EQ(weir_test_site_red(5), 0u);
}

TEST_F(Failures, OnceForEachStack) {
  weir_failures f = {};
  f.once_a_stack = 1;
  ASSERT_EQ(weir_fail(&f), 0);
  testing::internal::CaptureStderr();
  size_t failed = weir_test_site_red(15);  // one call: a loop of them may be unrolled
  EXPECT_EQ(failed, 1u);
  failed += weir_test_site_blue(5);
  EXPECT_EQ(failed, 2u);
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_NE(text.find("+0x"), std::string::npos) << text;
  EXPECT_NE(text.find(" weir_test_site_red\n"), std::string::npos) << text;
  EXPECT_NE(text.find(" weir_test_site_blue\n"), std::string::npos) << text;
}

TEST_F(Failures, ASiteThatIsTooLongIsRefused) {
  const std::string site(128, 'x');
  weir_failures f = {};
  f.site = site.c_str();
  EXPECT_EQ(weir_fail(&f), EINVAL);
}

}  // namespace
}  // namespace weir
