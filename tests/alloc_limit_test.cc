// At the limit: no false exhaustion, no lost wake-up, deadlines, warnings, drains.
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
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

// One failure takes all back; those that follow find nothing to take, and interrupt nobody.
TEST_F(Limit, OnlyTheFirstOfManyFailuresRecalls) {
  SetLimit(100);
  g_pools.wait_limit_ms.store(1, std::memory_order_relaxed);
  for (int how : {kNoWait, kWait}) {
    std::vector<void*> all = TakeAll();
    Free(kZone, 0, all.back());
    all.back() = Alloc(kZone, 0, kNoWait);
    ASSERT_NE(all.back(), nullptr);
    EXPECT_EQ(Alloc(kZone, 0, how), nullptr);
    const uint64_t before = Figures(kZone).recalls;
    for (int i = 0; i < 10; ++i) EXPECT_EQ(Alloc(kZone, 0, how), nullptr);
    EXPECT_EQ(Figures(kZone).recalls, before);
    FreeAll(all);
  }
  g_pools.wait_limit_ms.store(0, std::memory_order_relaxed);
}

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

TEST_F(Limit, WaitersAreServedInTheOrderTheyCame) {
  constexpr size_t kWaiters = 40;
  SetLimit(4);
  std::vector<void*> all = TakeAll();
  std::mutex mutex;
  std::vector<size_t> served;
  std::vector<std::thread> threads;
  for (size_t i = 0; i < kWaiters; ++i) {
    const uint64_t waits = Figures(kZone).waits;
    threads.emplace_back([&, i] {
      void* object = Alloc(kZone, 0, kWait);
      ASSERT_NE(object, nullptr);
      std::lock_guard lock(mutex);
      served.push_back(i);
      all.push_back(object);
    });
    while (Figures(kZone).waits == waits) std::this_thread::yield();
    // It has counted, and enters the queue next.
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  for (size_t i = 0; i < kWaiters; ++i) {
    void* object;
    {
      std::lock_guard lock(mutex);
      object = all.back();
      all.pop_back();
    }
    Free(kZone, 0, object);
    for (size_t n = 0; n <= i; std::this_thread::yield()) {
      std::lock_guard lock(mutex);
      n = served.size();
    }
  }
  for (std::thread& t : threads) t.join();
  for (size_t i = 0; i < kWaiters; ++i) EXPECT_EQ(served[i], i);
  FreeAll(all);
}

TEST_F(Limit, AWaitThatIsTooLongIsReported) {
  SetLimit(200);
  std::vector<void*> all = TakeAll();
  std::vector<void*> mbufs;
  for (int i = 0; i < 3; ++i) mbufs.push_back(Alloc(WEIR_ZONE_MBUF, 1, kNoWait));
  g_pools.options.wait_report_ms = 20;
  testing::internal::CaptureStderr();
  std::thread waiter = StartWaiter();
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  std::thread second = StartWaiter();
  std::this_thread::sleep_for(std::chrono::milliseconds(60));
  FreeAll(all);
  waiter.join();
  second.join();
  const std::string said = testing::internal::GetCapturedStderr();
  g_pools.options.wait_report_ms = 10000;
  for (void* mbuf : mbufs) Free(WEIR_ZONE_MBUF, 1, mbuf);
  for (const char* part :
       {" ms for zone cluster of set default: limit 200, in use 200, cached 0 by threads, ",
        "1 threads wait\n", ") has allocated ", " more than it freed\n", "  at the limit, ",
        "  3 mbufs of type 1 data are in use\n", "  drain handlers freed "}) {
    EXPECT_NE(said.find(part), std::string::npos) << part << "is missing in:\n" << said;
  }
  EXPECT_EQ(said.find("has waited"), said.rfind("has waited")) << "again within a minute";
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

// Free objects between others in use, so that no slab can go.
TEST_F(Limit, ItCanBeLoweredToWhatIsInUse) {
  g_pools.Trim();
  SetLimit(1000);
  std::vector<void*> held = TakeAll(), some;
  ASSERT_EQ(held.size(), 1000u);
  for (size_t i = 0; i < held.size(); ++i) {
    if (i % 2 == 0) {
      some.push_back(held[i]);
    } else {
      Free(kZone, 0, held[i]);
    }
  }
  EXPECT_EQ(g_pools.zones[kZone].SetLimit(499), EINVAL);
  EXPECT_EQ(g_pools.zones[kZone].limit(), 1000);
  ASSERT_EQ(g_pools.zones[kZone].SetLimit(500), 0);
  EXPECT_EQ(Figures(kZone).total, 500);
  EXPECT_EQ(Alloc(kZone, 0, kNoWait), nullptr);
  Free(kZone, 0, some.back());
  some.pop_back();
  void* object = Alloc(kZone, 0, kNoWait);
  ASSERT_NE(object, nullptr) << "one for one";
  some.push_back(object);
  EXPECT_EQ(Alloc(kZone, 0, kNoWait), nullptr);
  // Somewhat higher, and as high as it was: those set aside come back, each once.
  for (int64_t limit : {600, 1000}) {
    ASSERT_EQ(g_pools.zones[kZone].SetLimit(limit), 0);
    for (void* more : TakeAll()) some.push_back(more);
    EXPECT_EQ(some.size(), static_cast<size_t>(limit));
    EXPECT_EQ(std::set<void*>(some.begin(), some.end()).size(), some.size());
    EXPECT_EQ(Figures(kZone).total, limit);
  }
  // With some set aside, slabs whose objects are all free can go nevertheless.
  std::vector<void*> first(some.begin(), some.begin() + 300);
  some.erase(some.begin(), some.begin() + 300);
  FreeAll(first);
  ASSERT_EQ(g_pools.zones[kZone].SetLimit(700), 0);
  FreeAll(some);
  g_pools.Trim();
  EXPECT_EQ(Figures(kZone).total, 0);
  EXPECT_EQ(Figures(kZone).bytes, 0);
}

TEST_F(Limit, LimitsMoveWhileThreadsAllocate) {
  SetLimit(300);
  const int64_t until = MonotonicNs() + StressNs(2);
  std::atomic<uint64_t> wrong{0}, rounds{0};
  std::vector<std::thread> threads;
  for (uint64_t id = 1; id <= 3; ++id) {
    threads.emplace_back([&, id] {
      std::mt19937_64 random(id);
      std::vector<std::pair<void*, uint64_t>> held;
      for (uint64_t serial = 1; MonotonicNs() < until; ++serial) {
        void* object = held.size() < 60 ? Alloc(kZone, 0, kNoWait) : nullptr;
        if (object != nullptr) {
          Stake(object, id, serial);
          held.emplace_back(object, serial);
        } else {
          while (held.size() > random() % 60) {
            if (!Holds(held.back().first, id, held.back().second)) ++wrong;
            Free(kZone, 0, held.back().first);
            held.pop_back();
          }
        }
        ++rounds;
      }
      for (auto& [object, serial] : held) Free(kZone, 0, object);
    });
  }
  constexpr int64_t kMostInUse = 3 * 60;
  uint64_t set = 0, refused = 0, wrongly = 0;
  std::mt19937_64 random(99);
  while (MonotonicNs() < until) {
    const int64_t limit = 20 + static_cast<int64_t>(random() % 280);
    if (g_pools.zones[kZone].SetLimit(limit) == 0) {
      ++set;
    } else {
      ++refused;
      wrongly += limit >= kMostInUse;
    }
    if (random() % 8 == 0) g_pools.Trim();
  }
  for (std::thread& t : threads) t.join();
  printf("%lu rounds, %lu limits set, %lu refused\n", rounds.load(), set, refused);
  EXPECT_GT(set, 0u);
  EXPECT_EQ(wrongly, 0u) << "limits that would have held all that was in use";
  EXPECT_EQ(wrong.load(), 0u) << "objects with two owners";
  ASSERT_EQ(g_pools.zones[kZone].SetLimit(300), 0);
  std::vector<void*> all = TakeAll();
  EXPECT_EQ(all.size(), 300u);
  EXPECT_EQ(std::set<void*>(all.begin(), all.end()).size(), 300u);
  FreeAll(all);
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
