// At the limit: no false exhaustion, no lost wake-up, deadlines, warnings, drains.
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "tests/alloc_stress.h"

namespace weir {
namespace {

constexpr int kZone = WEIR_ZONE_CLUSTER;

class Limit : public testing::Test {
 protected:
  void SetUp() override { StartPools(nullptr); }
  void SetLimit(int64_t n) {
    g_pools.zones[kZone].Recall();
    g_pools.zones[kZone].Trim();
    ASSERT_EQ(g_pools.zones[kZone].SetLimit(n), 0);
  }
  static std::vector<void*> TakeAll() {
    std::vector<void*> all;
    while (void* object = Alloc(kZone, 0, kNoWait)) all.push_back(object);
    return all;
  }
  static void FreeAll(std::vector<void*>& all) {
    for (void* object : all) Free(kZone, 0, object);
    all.clear();
  }
};

// A gate that threads block at, as in a system call: they run no weir code meanwhile.
class Gate {
 public:
  void Arrive() {
    std::unique_lock lock(mutex_);
    ++arrived_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void AwaitArrivals(int n) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return arrived_ >= n; });
  }
  void Open() {
    std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int arrived_ = 0;
  bool open_ = false;
};

TEST_F(Limit, ObjectsInCachesOfSleepingThreadsCanBeAllocated) {
  for (int threads : {2, 8, 64}) {
    for (int round = 0; round < 20; ++round) {
      const int64_t limit = threads * 40;
      SetLimit(limit);
      Gate gate;
      std::vector<std::thread> sleepers;
      for (int i = 0; i < threads; ++i) {
        sleepers.emplace_back([&] {
          std::vector<void*> mine;
          for (int k = 0; k < 30; ++k) {
            if (void* object = Alloc(kZone, 0, kNoWait)) mine.push_back(object);
          }
          FreeAll(mine);  // into this thread's cache
          gate.Arrive();
        });
      }
      gate.AwaitArrivals(threads);
      std::vector<void*> all = TakeAll();
      EXPECT_EQ(all.size(), static_cast<size_t>(limit)) << threads << " idle threads";
      FreeAll(all);
      gate.Open();
      for (std::thread& t : sleepers) t.join();
    }
  }
}

TEST_F(Limit, FailureIsCountedAndNamesNoMemory) {
  SetLimit(10);
  std::vector<void*> all = TakeAll();
  ASSERT_EQ(all.size(), 10u);
  uint64_t before = g_pools.zones[kZone].failures();
  errno = 0;
  EXPECT_EQ(Alloc(kZone, 0, kNoWait), nullptr);
  EXPECT_EQ(errno, ENOBUFS);
  EXPECT_EQ(g_pools.zones[kZone].failures(), before + 1);
  FreeAll(all);
}

TEST_F(Limit, WarningComesOnceAMinute) {
  SetLimit(4);
  std::vector<void*> all = TakeAll();  // may warn
  testing::internal::CaptureStderr();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(Alloc(kZone, 0, kNoWait), nullptr);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "") << "warned again within a minute";
  FreeAll(all);
}

TEST_F(Limit, WaitEndsAtItsDeadline) {
  SetLimit(4);
  std::vector<void*> all = TakeAll();
  g_pools.wait_limit_ms.store(30, std::memory_order_relaxed);
  int64_t begun = MonotonicNs();
  errno = 0;
  EXPECT_EQ(Alloc(kZone, 0, kWait), nullptr);
  EXPECT_EQ(errno, ETIMEDOUT);
  EXPECT_GE(MonotonicNs() - begun, 30 * 1000000);
  g_pools.wait_limit_ms.store(0, std::memory_order_relaxed);
  FreeAll(all);
}

// A thread that allocates one object, once it is waiting for it.
std::thread StartWaiter() {
  std::thread waiter([] {
    void* object = Alloc(kZone, 0, kWait);
    ASSERT_NE(object, nullptr);
    Free(kZone, 0, object);
  });
  while (g_pools.zones[kZone].waiters().Count() == 0) std::this_thread::yield();
  return waiter;
}

TEST_F(Limit, FreeOnAnotherThreadWakesTheWaiter) {
  SetLimit(4);
  std::vector<void*> all = TakeAll();
  std::thread waiter = StartWaiter();
  Free(kZone, 0, all.back());
  all.pop_back();
  waiter.join();  // hangs if the wake-up is lost
  FreeAll(all);
}

TEST_F(Limit, RaisingTheLimitWakesWaiters) {
  SetLimit(4);
  std::vector<void*> all = TakeAll();
  std::thread waiter = StartWaiter();
  EXPECT_EQ(g_pools.zones[kZone].SetLimit(5), 0);
  waiter.join();
  FreeAll(all);
}

TEST_F(Limit, BelowWhatIsInUseIsRefused) {
  SetLimit(100);
  std::vector<void*> all = TakeAll();
  EXPECT_EQ(g_pools.zones[kZone].SetLimit(99), EINVAL);
  EXPECT_EQ(g_pools.zones[kZone].limit(), 100);
  FreeAll(all);
  EXPECT_EQ(g_pools.zones[kZone].SetLimit(99), 0) << "free objects can go";
}

TEST_F(Limit, TrimGivesSlabsBack) {
  SetLimit(4096);
  std::vector<void*> all = TakeAll();
  ASSERT_EQ(all.size(), 4096u);
  weir_zone_snapshot full = Figures(kZone);
  FreeAll(all);
  g_pools.zones[kZone].Recall();
  EXPECT_GE(g_pools.zones[kZone].Trim(), full.bytes - 2 * static_cast<int64_t>(kSlabBytes));
  weir_zone_snapshot empty = Figures(kZone);
  EXPECT_LT(empty.bytes, full.bytes / 8);
  EXPECT_EQ(empty.in_use, 0);
  EXPECT_EQ(empty.total, empty.cached_thread + empty.cached_depot + empty.cached_slab);
}

// No wake-up is lost: waiters that only frees on other threads can satisfy, and no deadline.
TEST_F(Limit, NoWakeUpIsLost) {
  const uint64_t seed = TestSeed();
  constexpr int kThreads = 4, kObjects = 9, kHold = 3;
  SetLimit(kObjects);
  // Only to end a lost wait: a waiter that nobody wakes finds the object when its time is up.
  constexpr int64_t kLostMs = 5000;
  g_pools.wait_limit_ms.store(kLostMs, std::memory_order_relaxed);
  const int64_t until = MonotonicNs() + StressNs(3);
  std::atomic<uint64_t> rounds{0}, lost{0}, wrong{0};
  std::vector<std::thread> threads;
  for (uint64_t id = 1; id <= kThreads; ++id) {
    threads.emplace_back([&, id] {
      std::mt19937_64 random(seed + id);
      uint64_t serial = 0;
      while (MonotonicNs() < until) {
        void* held[kHold];
        int n = 0;
        // Never more than objects / threads each while waiting for another, so that somebody can
        // always go on.
        int want = 1 + static_cast<int>(random() % (kObjects / kThreads));
        uint64_t first = serial + 1;
        while (n < want) {
          int64_t begun = MonotonicNs();
          void* object = Alloc(kZone, 0, kWait);
          if (object == nullptr || MonotonicNs() - begun >= kLostMs * 1000000) {
            lost.fetch_add(1, std::memory_order_relaxed);
          }
          if (object == nullptr) break;
          Stake(object, id, ++serial);
          held[n++] = object;
        }
        // Extra ones without waiting, to be at the limit most of the time.
        while (n < kHold) {
          void* object = Alloc(kZone, 0, kNoWait);
          if (object == nullptr) break;
          Stake(object, id, ++serial);
          held[n++] = object;
        }
        if (random() % 16 == 0) std::this_thread::sleep_for(std::chrono::microseconds(50));
        for (int i = 0; i < n; ++i) {
          if (!Holds(held[i], id, first + i)) wrong.fetch_add(1, std::memory_order_relaxed);
          Free(kZone, 0, held[i]);
        }
        rounds.fetch_add(1, std::memory_order_relaxed);
      }
    });
  }
  for (std::thread& t : threads) t.join();
  g_pools.wait_limit_ms.store(0, std::memory_order_relaxed);
  weir_zone_snapshot s = Figures(kZone);
  printf("%lu rounds, %lu sleeps, %lu drains\n", rounds.load(), s.waits, s.drains);
  EXPECT_EQ(lost.load(), 0u) << "waits that nobody woke";
  EXPECT_EQ(wrong.load(), 0u) << "objects with two owners";
  std::vector<void*> all = TakeAll();
  EXPECT_EQ(all.size(), static_cast<size_t>(kObjects)) << "objects were lost";
  FreeAll(all);
}

}  // namespace
}  // namespace weir
