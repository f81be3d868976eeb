// Threads come and go in any order; counts stay exact; signal handlers may allocate.
#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/alloc_stress.h"

namespace weir {
namespace {

constexpr int kZone = WEIR_ZONE_JUMBO_PAGE;

weir_zone_snapshot Look() { return Figures(kZone); }

class Threads : public testing::Test {
 protected:
  void SetUp() override { StartPools(nullptr); }
  void TearDown() override {
    weir_zone_snapshot s = Look();
    EXPECT_EQ(s.in_use, 0);
    EXPECT_EQ(s.in_use + s.cached_thread + s.cached_depot + s.cached_slab, s.total);
    EXPECT_EQ(static_cast<int64_t>(s.allocs - s.frees), s.in_use);
  }
};

TEST_F(Threads, RecordsAreUsedAgain) {
  auto records = [] {
    int n = 0;
    g_pools.records.ForEach([&n](ThreadRecord&) { ++n; });
    return n;
  };
  auto once = [] { std::thread([] { Free(kZone, 0, Alloc(kZone, 0, kNoWait)); }).join(); };
  once();
  int before = records();
  for (int i = 0; i < 2000; ++i) once();
  EXPECT_EQ(records(), before);
}

TEST_F(Threads, ThreadsThatStartAtOnceNeverShareARecord) {
  const uint64_t seed = TestSeed();
  std::atomic<uint64_t> wrong{0};
  const int64_t until = MonotonicNs() + StressNs(2);
  for (uint64_t round = 0; MonotonicNs() < until; ++round) {
    std::atomic<int> ready{0};
    std::vector<std::thread> threads;
    for (uint64_t id = 1; id <= 4; ++id) {
      threads.emplace_back([&, id] {
        ready.fetch_add(1);
        while (ready.load() < 4) {
        }
        std::vector<void*> held;
        for (uint64_t i = 0; i < 40; ++i) {
          void* object = Alloc(kZone, 0, kNoWait);
          if (object == nullptr) continue;
          Stake(object, id, i + seed + round);
          held.push_back(object);
        }
        for (size_t i = 0; i < held.size(); ++i) {
          if (!Holds(held[i], id, i + seed + round)) wrong.fetch_add(1, std::memory_order_relaxed);
          Free(kZone, 0, held[i]);
        }
      });
    }
    for (std::thread& t : threads) t.join();
  }
  EXPECT_EQ(wrong.load(), 0u) << "objects with two owners";
}

// A destructor that runs after weir's own: its frees and allocations still work.
pthread_key_t late_key;
void LateDestructor(void* object) {
  static std::atomic<int> rounds{0};
  if (rounds.fetch_add(1) % 3 != 2) {  // ask to be called again, after weir's
    pthread_setspecific(late_key, object);
    return;
  }
  void* another = Alloc(kZone, 0, kNoWait);
  EXPECT_NE(another, nullptr);
  Free(kZone, 0, another);
  Free(kZone, 0, object);
}

TEST_F(Threads, FreesAfterTheThreadsEndGoToTheDepot) {
  pthread_key_create(&late_key, LateDestructor);
  for (int i = 0; i < 50; ++i) {
    std::thread([] { pthread_setspecific(late_key, Alloc(kZone, 0, kNoWait)); }).join();
  }
  pthread_key_delete(late_key);
}

std::atomic<uint64_t> handled{0};
void OnAlarm(int) {
  if (void* object = Alloc(kZone, 0, kNoWait)) {
    Free(kZone, 0, object);
    handled.fetch_add(1, std::memory_order_relaxed);
  }
}

TEST_F(Threads, SignalHandlersMayAllocateInTheMiddleOfAnything) {
  const uint64_t seed = TestSeed();
  struct sigaction action = {};
  action.sa_handler = OnAlarm;
  ASSERT_EQ(sigaction(SIGALRM, &action, nullptr), 0);
  itimerval every = {{0, 100}, {0, 100}};
  ASSERT_EQ(setitimer(ITIMER_REAL, &every, nullptr), 0);
  std::mt19937_64 random(seed);
  std::vector<void*> held;
  uint64_t wrong = 0;
  const int64_t until = MonotonicNs() + StressNs(1.5);
  while (MonotonicNs() < until) {
    for (int i = 0; i < 100; ++i) {
      if (held.size() < 100 && random() % 2 == 0) {
        if (void* object = Alloc(kZone, 0, kNoWait)) {
          Stake(object, 1, held.size());
          held.push_back(object);
        }
      } else if (!held.empty()) {
        wrong += !Holds(held.back(), 1, held.size() - 1);
        Free(kZone, 0, held.back());
        held.pop_back();
      }
    }
  }
  itimerval never = {};
  setitimer(ITIMER_REAL, &never, nullptr);
  signal(SIGALRM, SIG_DFL);
  for (void* object : held) Free(kZone, 0, object);
  printf("%lu handlers ran\n", handled.load());
  EXPECT_GT(handled.load(), 100u);
  EXPECT_EQ(wrong, 0u) << "objects with two owners";
}

// One thread allocates, the other frees, a third looks: never more frees than allocations.
TEST_F(Threads, UseIsNeverSeenNegative) {
  constexpr uint32_t kRing = 8;
  std::atomic<void*> ring[kRing] = {};
  std::atomic<bool> stop{false};
  std::thread maker([&] {
    for (uint32_t i = 0; !stop.load(std::memory_order_relaxed); i = (i + 1) % kRing) {
      void* object = Alloc(kZone, 0, kNoWait);
      while (ring[i].load(std::memory_order_acquire) != nullptr && !stop.load()) {
      }
      if (stop.load()) {
        Free(kZone, 0, object);
        break;
      }
      ring[i].store(object, std::memory_order_release);
    }
  });
  std::thread eater([&] {
    for (uint32_t i = 0; !stop.load(std::memory_order_relaxed); i = (i + 1) % kRing) {
      void* object;
      while ((object = ring[i].exchange(nullptr, std::memory_order_acq_rel)) == nullptr) {
        if (stop.load(std::memory_order_relaxed)) return;
      }
      Free(kZone, 0, object);
    }
  });
  int64_t least = 0;
  const int64_t until = MonotonicNs() + StressNs(2);
  while (MonotonicNs() < until) least = std::min(least, g_pools.InUse(kZone));
  stop.store(true);
  maker.join();
  eater.join();
  for (auto& slot : ring) {
    if (void* object = slot.load()) Free(kZone, 0, object);
  }
  EXPECT_GE(least, 0);
}

}  // namespace
}  // namespace weir
