// Giving memory back: all that is free, down to a target, or what has been idle.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <set>
#include <thread>
#include <vector>

#include "tests/alloc_stress.h"
#include "tests/two_shards.h"

namespace weir {
namespace {

constexpr int kZone = WEIR_ZONE_CLUSTER;
constexpr int64_t kSlab = static_cast<int64_t>(kSlabBytes);

class TrimTest : public testing::Test {
 protected:
  void SetUp() override {
    StartPools(nullptr);
    g_pools.Trim();
    while (g_pools.TrimIdle() != 0) {
    }
  }
  void TearDown() override {
    EXPECT_EQ(g_pools.InUse(kZone), 0);
    g_pools.Trim();
    EXPECT_EQ(Figures(kZone).total, 0);
    EXPECT_EQ(Figures(kZone).bytes, 0);
  }
  static std::vector<void*> Take(size_t n) {
    std::vector<void*> all;
    for (size_t i = 0; i < n; ++i) {
      all.push_back(Alloc(kZone, 0, kNoWait));
      EXPECT_NE(all.back(), nullptr);
    }
    return all;
  }
  static void FreeAll(std::vector<void*>& all) {
    for (void* object : all) Free(kZone, 0, object);
    all.clear();
  }
};

// What comes back while a slab is made is taken first, and nothing is carved of the new slab. It
// goes too.
TEST_F(TrimTest, ASlabOfWhichNothingWasCarvedGoesBack) {
  static std::vector<void*>* freed_meanwhile;
  static const SlabSource* original;
  static constexpr SlabSource kFreeing{"freeing",
                                       [] {
                                         FreeAll(*freed_meanwhile);
                                         return original->allocate();
                                       },
                                       [](void* slab) { original->release(slab); },
                                       [] { original->purge(); }};
  const int64_t capacity = SlabCapacity(kZone);
  std::vector<void*> all = Take(static_cast<size_t>(capacity));
  ASSERT_EQ(Figures(kZone).bytes, kSlab);
  freed_meanwhile = &all;
  original = g_pools.source;
  g_pools.source = &kFreeing;
  std::vector<void*> one = Take(1);
  g_pools.source = original;
  EXPECT_EQ(all.size(), 0u);
  ASSERT_EQ(Figures(kZone).total, capacity);
  ASSERT_EQ(Figures(kZone).bytes, 2 * kSlab) << "the case that this is about";
  EXPECT_EQ(g_pools.TrimIdle(), kSlab);
  FreeAll(one);
  EXPECT_EQ(g_pools.Trim(), kSlab);
  EXPECT_EQ(Figures(kZone).bytes, 0);
  // And can be had again.
  all = Take(static_cast<size_t>(capacity + 1));
  EXPECT_EQ(Figures(kZone).bytes, 2 * kSlab);
  FreeAll(all);
}

TEST_F(TrimTest, ATargetIsReachedAndNotMuchMore) {
  std::vector<void*> all = Take(4000);
  FreeAll(all);
  const int64_t full = Figures(kZone).bytes;
  EXPECT_EQ(g_pools.TrimTo(full), 0);
  EXPECT_EQ(g_pools.TrimTo(full / 2) / kSlab, full / 2 / kSlab);
  EXPECT_EQ(Figures(kZone).bytes, full - full / 2);
  EXPECT_GT(g_pools.TrimTo(0), 0);
  EXPECT_EQ(Figures(kZone).bytes, 0);
}

// What threads cache is left alone if there is enough besides.
TEST_F(TrimTest, ATargetSparesTheCachesOfThreads) {
  std::vector<void*> all = Take(4000);
  FreeAll(all);
  const int64_t cached = Figures(kZone).cached_thread;
  if (cached == 0) GTEST_SKIP() << "no caches without membarrier";
  g_pools.TrimTo(Figures(kZone).bytes / 2);
  EXPECT_EQ(Figures(kZone).cached_thread, cached);
  g_pools.TrimTo(0);
  EXPECT_EQ(Figures(kZone).cached_thread, 0);
}

TEST_F(TrimTest, WhatIsIdleGoesInTwoPasses) {
  std::vector<void*> all = Take(4000);
  FreeAll(all);
  int64_t given = 0;
  // One pass to see that nothing happened since the last, one for what the caches held.
  for (int i = 0; i < 4; ++i) given += g_pools.TrimIdle();
  EXPECT_EQ(Figures(kZone).bytes, 0);
  EXPECT_GE(given, 4000 * 2048);
}

// A thread at work keeps its cache, and the depot what the work needs.
TEST_F(TrimTest, AWorkingSetStays) {
  std::vector<void*> burst = Take(8000);
  FreeAll(burst);
  const uint64_t refills = Figures(kZone).refills;
  constexpr size_t kWorking = 1500;
  int64_t given = 0;
  for (int pass = 0; pass < 6; ++pass) {
    std::vector<void*> some = Take(kWorking);
    FreeAll(some);
    given += g_pools.TrimIdle();
  }
  EXPECT_GT(Figures(kZone).refills, refills) << "the work takes from the depot";
  EXPECT_GE(Figures(kZone).total, static_cast<int64_t>(kWorking));
  EXPECT_GT(given, 4000 * 2048) << "what the burst left behind is gone";
  EXPECT_LT(Figures(kZone).total, static_cast<int64_t>(2 * kWorking));
}

// Each processor has a shard of the depot: what lies idle in one goes back while another is in use.
TEST_F(TrimTest, WhatIsIdleInAnotherShardGoesBack) {
  const TwoShards two;
  if (!two.there_are) GTEST_SKIP() << "one processor";
  const int here = two.here, there = two.there;
  constexpr size_t kThere = 4000, kHere = 1000;
  std::vector<void*> mine = Take(kHere);
  On(there, [&] {
    std::vector<void*> all = Take(kThere);
    FreeAll(all);
  });
  On(here, [&] { FreeAll(mine); });
  int64_t given = 0;
  On(here, [&] {
    for (int i = 0; i < 4; ++i) {
      mine = Take(kHere);
      given += g_pools.TrimIdle();
      FreeAll(mine);
    }
  });
  EXPECT_GE(given, static_cast<int64_t>(kThere * 2048) - 2 * kSlab);
  EXPECT_GE(Figures(kZone).bytes, static_cast<int64_t>(kHere * 2048)) << "the working set stays";
}

TEST_F(TrimTest, AnIdleThreadsCacheIsTakenABusyOnesIsNot) {
  std::atomic<int> stage{0};
  std::thread idle([&] {
    std::vector<void*> some = Take(20);
    FreeAll(some);
    stage = 1;
    stage.notify_all();
    stage.wait(1);
  });
  stage.wait(0);
  std::vector<void*> some = Take(20);
  FreeAll(some);
  if (Figures(kZone).cached_thread != 0) {
    const int64_t both = Figures(kZone).cached_thread;
    g_pools.TrimIdle();  // both were used since the last
    EXPECT_EQ(Figures(kZone).cached_thread, both);
    Free(kZone, 0, Alloc(kZone, 0, kNoWait));
    g_pools.TrimIdle();
    const int64_t mine = Figures(kZone).cached_thread;
    EXPECT_GT(mine, 0);
    EXPECT_LT(mine, both);
  }
  stage = 2;
  stage.notify_all();
  idle.join();
}

// Half of the objects freed at random: no slab can go. As work goes on, the emptier slabs are used
// last, and go.
TEST_F(TrimTest, FullerSlabsAreUsedFirst) {
  std::mt19937_64 random(TestSeed());
  constexpr size_t kObjects = 20000;
  std::vector<void*> held = Take(kObjects);
  std::shuffle(held.begin(), held.end(), random);
  for (size_t i = 0; i < kObjects * 3 / 4; ++i) {
    Free(kZone, 0, held.back());
    held.pop_back();
  }
  g_pools.Trim();
  const int64_t at_first = Figures(kZone).bytes;
  // Objects come and go: a quarter of those held, again and again.
  for (int round = 0; round < 200; ++round) {
    std::shuffle(held.begin(), held.end(), random);
    for (size_t i = 0; i < kObjects / 16; ++i) {
      Free(kZone, 0, held.back());
      held.pop_back();
    }
    g_pools.Trim();
    for (void* object : Take(kObjects / 16)) held.push_back(object);
  }
  g_pools.Trim();
  const int64_t at_last = Figures(kZone).bytes;
  printf("%ld objects in %ld slabs at first, %ld at last, %ld if full\n",
         static_cast<long>(held.size()), static_cast<long>(at_first / kSlab),
         static_cast<long>(at_last / kSlab), static_cast<long>(held.size() / SlabCapacity(kZone)));
  EXPECT_LT(at_last, at_first / 2);
  EXPECT_EQ(std::set<void*>(held.begin(), held.end()).size(), held.size());
  FreeAll(held);
}

TEST_F(TrimTest, TrimmingBesideThreadsAtWorkLosesNothing) {
  const int64_t until = MonotonicNs() + StressNs(2);
  std::atomic<uint64_t> wrong{0}, rounds{0};
  std::vector<std::thread> threads;
  for (uint64_t id = 1; id <= 3; ++id) {
    threads.emplace_back([&, id] {
      std::mt19937_64 random(id);
      std::vector<void*> held;
      for (uint64_t serial = 1; MonotonicNs() < until; ++serial) {
        for (size_t n = random() % 500; n > 0; --n) {
          held.push_back(Alloc(kZone, 0, kNoWait));
          Stake(held.back(), id, serial);
        }
        for (void* object : held) {
          if (!Holds(object, id, serial)) ++wrong;
          Free(kZone, 0, object);
        }
        held.clear();
        ++rounds;
      }
    });
  }
  int64_t given = 0;
  std::mt19937_64 random(7);
  while (MonotonicNs() < until) {
    switch (random() % 3) {
      case 0:
        given += g_pools.Trim();
        break;
      case 1:
        given += g_pools.TrimIdle();
        break;
      default:
        given += g_pools.TrimTo(kSlab);
    }
  }
  for (std::thread& t : threads) t.join();
  printf("%lu rounds, %ld MiB given back\n", rounds.load(), static_cast<long>(given >> 20));
  EXPECT_EQ(wrong.load(), 0u) << "objects with two owners";
}

}  // namespace
}  // namespace weir
