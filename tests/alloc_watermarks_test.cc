// Watermarks: told once at the high mark and once at the low one, by the thread of weir's own,
// never after they are gone; and no peak at the limit is missed.
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/alloc_stress.h"
#include "tests/child.h"
#include "weir/alloc/own_thread.h"
#include "weir/alloc/pools.h"
#include "weir/alloc/sanitize.h"

namespace weir {
namespace {

constexpr int kZone = WEIR_ZONE_JUMBO_PAGE;
constexpr int64_t kLimit = 100;
constexpr int64_t kDay = 86400000;  // no look but those that are asked for

void Start(int64_t interval_ms) {
  weir_options o = {};
  o.slab_source = "mmap";  // ThreadSanitizer takes jemalloc's locks in a fork's child for locked
  o.nmbjumbop = kLimit;
  o.nmbjumbo9 = kLimit;
  o.warn_interval_s = 86400;
  o.watermark_interval_ms = interval_ms;
  ASSERT_EQ(StartPools(&o), 0);
}

// What a watermark was told. A call publishes what it wrote by counting itself.
struct Told {
  std::atomic<int> calls{0};
  std::vector<int64_t> in_use;  // of each call, negative for low marks
  std::atomic<pthread_t> thread{};

  static void Tell(void* arg, int zone, int above, int64_t in_use) {
    Told* told = static_cast<Told*>(arg);
    EXPECT_EQ(zone, kZone);
    told->in_use.push_back(above != 0 ? in_use : -in_use);
    told->thread.store(pthread_self(), std::memory_order_relaxed);
    told->calls.fetch_add(1, std::memory_order_release);
  }
  // A hang is the failure.
  void Await(int n) const {
    while (calls.load(std::memory_order_acquire) < n) usleep(500);
  }
};

int64_t Watch(Told& told, int64_t high, int64_t low) {
  return g_pools.watermarks.Register(kZone, high, low, Told::Tell, &told);
}

// Objects that are in use, as many as one says. A look may come at any of them on the way there.
class Holding {
 public:
  ~Holding() { Set(0); }
  void Set(size_t n) {
    while (held_.size() < n) {
      held_.push_back(Alloc(kZone, 0, kNoWait));
      ASSERT_NE(held_.back(), nullptr);
    }
    for (; held_.size() > n; held_.pop_back()) Free(kZone, 0, held_.back());
  }
  // One more than there is.
  void Overrun() {
    Set(kLimit);
    EXPECT_EQ(Alloc(kZone, 0, kNoWait), nullptr);
  }

 private:
  std::vector<void*> held_;
};

// The threads of this process that are weir's own.
int OwnThreads() {
  int n = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::getline(std::ifstream(task.path() / "comm"), name);
    n += name == "weir";
  }
  return n;
}
void AwaitOwnThreads(int n) {
  while (OwnThreads() != n) usleep(500);
}

// Until all figures have been looked at again: another watermark is told of a peak.
void AwaitLook() {
  std::atomic<int> calls{0};
  const int64_t id = g_pools.watermarks.Register(
      WEIR_ZONE_JUMBO_16K, 1, 0,
      [](void* arg, int, int, int64_t) {
        static_cast<std::atomic<int>*>(arg)->fetch_add(1, std::memory_order_relaxed);
      },
      &calls);
  ASSERT_GE(id, 0);
  g_pools.watermarks.NotePeak(WEIR_ZONE_JUMBO_16K, 1);
  while (calls.load(std::memory_order_relaxed) < 2) usleep(500);
  ASSERT_TRUE(g_pools.watermarks.Unregister(id));
}

TEST(Watermarks, EachMarkIsToldOnceUntilTheOtherIsReached) {
  InChild([] {
    Start(1);
    Told told;
    Holding holding;
    ASSERT_GE(Watch(told, 50, 20), 0);
    holding.Set(49);
    AwaitLook();
    EXPECT_EQ(told.calls.load(std::memory_order_acquire), 0);
    holding.Set(50);
    told.Await(1);
    for (size_t n : {49, 21, 50, 70, 21}) {  // between the marks, and above again
      holding.Set(n);
      AwaitLook();
    }
    EXPECT_EQ(told.calls.load(std::memory_order_acquire), 1);
    holding.Set(20);
    told.Await(2);
    for (size_t n : {0, 49}) {
      holding.Set(n);
      AwaitLook();
    }
    EXPECT_EQ(told.calls.load(std::memory_order_acquire), 2);
    holding.Set(50);
    told.Await(3);
    holding.Set(20);
    told.Await(4);
    EXPECT_EQ(told.in_use, (std::vector<int64_t>{50, -20, 50, -20}));
    EXPECT_NE(told.thread.load(std::memory_order_relaxed), pthread_self());
  });
}

TEST(Watermarks, WhatIsAboveAlreadyIsToldAtOnce) {
  InChild([] {
    Start(kDay);
    Told told;
    Holding holding;
    holding.Set(10);
    ASSERT_GE(Watch(told, 10, 0), 0);
    told.Await(1);
    EXPECT_EQ(told.in_use, (std::vector<int64_t>{10}));
  });
}

TEST(Watermarks, APeakAtTheLimitIsToldHoweverShort) {
  InChild([] {
    Start(kDay);
    Told told, lower;
    ASSERT_GE(Watch(told, kLimit, 3), 0);
    ASSERT_GE(Watch(lower, 50, 3), 0);
    for (int round = 1; round <= 50; ++round) {
      {
        Holding holding;
        holding.Overrun();
      }
      told.Await(2 * round - 1);
      lower.Await(2 * round - 1);
      RingOwnThread();  // the last look may have come before all were free
      told.Await(2 * round);
      lower.Await(2 * round);
      EXPECT_EQ(told.in_use.end()[-2], kLimit);
      EXPECT_GE(told.in_use.back(), -3) << "looked at while they are freed, or later";
      EXPECT_EQ(lower.calls.load(std::memory_order_acquire), 2 * round);
    }
  });
}

// The peak comes when the mark is above already, and the figure is low as it is looked at.
TEST(Watermarks, APeakThatIsOverIsNotToldAgain) {
  InChild([] {
    Start(kDay);
    static Holding* holding;
    Holding held;
    holding = &held;
    Told told;
    // Asked behind the other, which is the newer one.
    ASSERT_GE(g_pools.watermarks.Register(
                  kZone, 50, 3,
                  [](void*, int, int above, int64_t) {
                    if (above == 0) return;
                    holding->Overrun();
                    holding->Set(0);
                  },
                  nullptr),
              0);
    ASSERT_GE(Watch(told, 50, 3), 0);
    AwaitLook();
    held.Set(50);
    RingOwnThread();
    told.Await(2);
    AwaitLook();
    AwaitLook();
    EXPECT_EQ(told.in_use, (std::vector<int64_t>{50, 0}));
  });
}

TEST(Watermarks, AnAllocationThatIsDelayedRingsToo) {
  InChild([] {
    Start(kDay);
    Told told;
    Holding holding;
    ASSERT_GE(Watch(told, kLimit, 0), 0);
    AwaitLook();
    holding.Set(kLimit);
    std::thread waiter([] { Free(kZone, 0, Alloc(kZone, 0, kWait)); });
    told.Await(1);
    holding.Set(0);
    waiter.join();
  });
}

struct Leaving {
  int64_t id = -1;
  std::atomic<int> calls{0};
  std::atomic<bool> left{false};
};

TEST(Watermarks, ACallbackMayUnregisterItself) {
  InChild([] {
    Start(1);
    static Leaving leaving;
    Holding holding;
    leaving.id = g_pools.watermarks.Register(
        kZone, 10, 5,
        [](void* arg, int, int, int64_t) {
          Leaving* l = static_cast<Leaving*>(arg);
          l->calls.fetch_add(1, std::memory_order_relaxed);
          EXPECT_TRUE(g_pools.watermarks.Unregister(l->id));
          EXPECT_FALSE(g_pools.watermarks.Unregister(l->id));
          l->left.store(true, std::memory_order_release);
        },
        &leaving);
    holding.Set(10);
    while (!leaving.left.load(std::memory_order_acquire)) usleep(500);
    holding.Set(0);
    AwaitLook();
    holding.Set(10);
    AwaitLook();
    EXPECT_EQ(leaving.calls.load(std::memory_order_relaxed), 1);
    AwaitOwnThreads(0);
  });
}

// By a drain handler that runs inside of it: the callback is not what runs innermost.
TEST(Watermarks, ADrainInsideACallbackMayUnregisterIt) {
  InChild([] {
    Start(1);
    static Leaving leaving;
    g_pools.drains.Register(
        kDrainProtocol, "leaves",
        [](void*, int, long) -> long {
          EXPECT_TRUE(g_pools.watermarks.Unregister(leaving.id));
          return 1;
        },
        nullptr);
    Holding holding;
    holding.Set(10);
    leaving.id = g_pools.watermarks.Register(
        kZone, 20, 5,
        [](void*, int, int, int64_t) {
          EXPECT_EQ(g_pools.drains.Broadcast(-1, 0), 1);
          leaving.left.store(true, std::memory_order_release);
        },
        nullptr);
    holding.Set(20);
    while (!leaving.left.load(std::memory_order_acquire)) usleep(500);
    AwaitOwnThreads(0);
  });
}

TEST(Watermarks, UnregisterWaitsForACallThatRuns) {
  InChild([] {
    Start(1);
    struct Slow {
      std::atomic<bool> entered{false}, go_on{false};
      int done = 0;  // plain: ThreadSanitizer sees a call that is not over
    } slow;
    Holding holding;
    const int64_t id = g_pools.watermarks.Register(
        kZone, 10, 5,
        [](void* arg, int, int, int64_t) {
          Slow* s = static_cast<Slow*>(arg);
          s->entered.store(true, std::memory_order_release);
          while (!s->go_on.load(std::memory_order_acquire)) usleep(500);
          s->done = 1;
        },
        &slow);
    holding.Set(10);
    while (!slow.entered.load(std::memory_order_acquire)) usleep(500);
    std::atomic<bool> returned{false};
    std::thread unregisters([&] {
      EXPECT_TRUE(g_pools.watermarks.Unregister(id));
      EXPECT_EQ(slow.done, 1);
      returned.store(true, std::memory_order_release);
    });
    // It can only have returned wrongly; how long we look decides how surely we see that.
    for (int i = 0; i < 20; ++i) {
      usleep(1000);
      EXPECT_FALSE(returned.load(std::memory_order_acquire)) << "while its callback ran";
    }
    slow.go_on.store(true, std::memory_order_release);
    unregisters.join();
    EXPECT_FALSE(g_pools.watermarks.Unregister(id));
  });
}

TEST(Watermarks, TheThreadIsThereAsLongAsItIsNeeded) {
  InChild([] {
    Start(kDay);
    EXPECT_EQ(OwnThreads(), 0);
    Told told;
    for (int i = 0; i < 5; ++i) {
      const int64_t one = Watch(told, 10, 5), two = Watch(told, 20, 5);
      AwaitOwnThreads(1);
      EXPECT_TRUE(g_pools.watermarks.Unregister(one));
      AwaitLook();
      EXPECT_EQ(OwnThreads(), 1);
      EXPECT_TRUE(g_pools.watermarks.Unregister(two));
      AwaitOwnThreads(0);
    }
  });
}

TEST(Watermarks, TrimmingAndWatermarksShareAThread) {
  InChild([] {
    weir_options o = {};
    o.slab_source = "mmap";
    o.trim_interval_ms = 10;
    o.watermark_interval_ms = 1;
    ASSERT_EQ(StartPools(&o), 0);
    AwaitOwnThreads(1);
    Told told;
    const int64_t id = Watch(told, 10, 5);
    {
      Holding holding;
      holding.Set(10);
      told.Await(1);
    }
    told.Await(2);
    EXPECT_EQ(OwnThreads(), 1);
    while (Figures(kZone).bytes != 0) usleep(500);
    EXPECT_TRUE(g_pools.watermarks.Unregister(id));
    EXPECT_EQ(OwnThreads(), 1) << "it trims";
  });
}

TEST(Watermarks, AForksChildHasThemToo) {
  if (kThreadsWatched) GTEST_SKIP() << "ThreadSanitizer ends a child that starts a thread";
  InChild([] {
    Start(1);
    Told told;
    Holding holding;
    ASSERT_GE(Watch(told, 50, 20), 0);
    holding.Set(50);
    told.Await(1);
    const pid_t child = fork();
    if (child == 0) {
      alarm(30);
      holding.Set(20);
      told.Await(2);
      holding.Set(50);
      told.Await(3);
      _exit(told.in_use == std::vector<int64_t>{50, -20, 50} ? 0 : 1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(told.calls.load(std::memory_order_acquire), 1) << "the child's are the child's";
  });
}

TEST(Watermarks, ACallbackMayFork) {
  if (kThreadsWatched) GTEST_SKIP() << "it takes jemalloc's locks in the child for locked";
  InChild([] {
    Start(1);
    static std::atomic<int> status{-1};
    Holding holding;
    holding.Set(10);
    ASSERT_GE(g_pools.watermarks.Register(
                  kZone, 10, 5,
                  [](void*, int, int, int64_t) {
                    const pid_t child = fork();
                    if (child == 0) {
                      alarm(30);
                      Free(kZone, 0, Alloc(kZone, 0, kNoWait));
                      _exit(OwnThreads() == 1 ? 0 : 1);
                    }
                    int result = -1;
                    waitpid(child, &result, 0);
                    status.store(result, std::memory_order_release);
                  },
                  nullptr),
              0);
    while (status.load(std::memory_order_acquire) == -1) usleep(500);
    EXPECT_EQ(status.load(std::memory_order_relaxed), 0);
    g_pools.watermarks.UnregisterAll();
  });
}

TEST(Watermarks, OtherSetsHaveTheirOwn) {
  InChild([] {
    Start(1);
    weir_options o = {};
    o.slab_source = "mmap";
    for (int round = 0; round < 5; ++round) {  // the place of the last one
      weir_pools* pools = MakePools("other", o);
      ASSERT_NE(pools, nullptr);
      Told told, mine;
      const int64_t id = Watch(mine, 1, 0);
      ASSERT_GE(pools->watermarks.Register(kZone, 1, 0, Told::Tell, &told), 0);
      void* object = pools->Alloc(kZone, 0, kNoWait);
      told.Await(1);
      pools->Free(kZone, 0, object);
      told.Await(2);
      EXPECT_EQ(EndPools(*pools), 0);  // with its watermarks
      EXPECT_EQ(mine.calls.load(std::memory_order_acquire), 0);
      EXPECT_TRUE(g_pools.watermarks.Unregister(id));
      AwaitOwnThreads(0);
    }
    o.watermark_interval_ms = 1;
    EXPECT_EQ(MakePools("with its own", o), nullptr) << "one thread for all of them";
    EXPECT_EQ(errno, EINVAL);
  });
}

TEST(Watermarks, AnIntervalOutOfRangeIsRefused) {
  const std::string said = InChild([] {
    weir_options o = {};
    o.watermark_interval_ms = kDay + 1;
    EXPECT_EQ(StartPools(&o), EINVAL);
  });
  EXPECT_EQ(said, "weir: watermark_interval_ms: 86400001 is not a number from 1 to 86400000\n");
}

// A thread comes to the limit over and over, as soon as it was told of the last time. Nothing but
// rings wakes weir's thread, and its look goes on for a while behind the zone that matters.
TEST(WatermarksStress, NoPeakAtTheLimitIsMissed) {
  InChild([] {
    Start(kDay);
    const int64_t until = MonotonicNs() + StressNs(2);
    std::vector<int64_t> ids;
    Told never;
    for (int i = 0; i < 100; ++i) {
      ids.push_back(g_pools.watermarks.Register(WEIR_ZONE_JUMBO_16K, 1, 0, Told::Tell, &never));
    }
    struct {
      std::atomic<int> above{0}, below{0};
    } told;
    ids.push_back(g_pools.watermarks.Register(
        kZone, kLimit, 0,
        [](void* arg, int, int above, int64_t in_use) {
          auto* t = static_cast<decltype(told)*>(arg);
          EXPECT_EQ(in_use, above != 0 ? kLimit : 0);
          (above != 0 ? t->above : t->below).fetch_add(1, std::memory_order_release);
        },
        &told));
    int round = 0;
    while (MonotonicNs() < until) {
      ++round;
      {
        Holding holding;
        holding.Overrun();
      }
      const int64_t patience = MonotonicNs() + INT64_C(20000000000);
      while (told.above.load(std::memory_order_acquire) < round) {
        ASSERT_LT(MonotonicNs(), patience) << "a peak was missed, in round " << round;
        sched_yield();
      }
      RingOwnThread();  // the last look may have come before all were free
      while (told.below.load(std::memory_order_acquire) < round) {
        ASSERT_LT(MonotonicNs(), patience) << "the end of a peak was missed, in round " << round;
        sched_yield();
      }
      ASSERT_EQ(told.above.load(std::memory_order_acquire), round);
    }
    fprintf(stdout, "%d peaks\n", round);
    for (const int64_t id : ids) EXPECT_TRUE(g_pools.watermarks.Unregister(id));
    AwaitOwnThreads(0);
  });
}

// What a callback works on goes away the moment Unregister returns, while others make it run.
TEST(WatermarksStress, AfterUnregisterReturnsItNeverRuns) {
  InChild([] {
    Start(kDay);
    const int64_t until = MonotonicNs() + StressNs(2);
    std::atomic<int> wrong{0}, lives{0};
    struct Owned {
      std::atomic<int> magic{0x600d};
      uint64_t calls = 0;  // plain: ThreadSanitizer sees a call that overlaps the end
      std::atomic<int>* wrong;
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) {
      threads.emplace_back([&] {
        while (MonotonicNs() < until) {
          Owned owned;
          owned.wrong = &wrong;
          const int64_t id = g_pools.watermarks.Register(
              kZone, 1, 0,
              [](void* arg, int, int, int64_t) {
                Owned* o = static_cast<Owned*>(arg);
                ++o->calls;
                if (o->magic.load(std::memory_order_relaxed) != 0x600d) {
                  o->wrong->fetch_add(1, std::memory_order_relaxed);
                }
              },
              &owned);
          ASSERT_GE(id, 0);
          g_pools.watermarks.NotePeak(kZone, 1);
          if (lives.fetch_add(1, std::memory_order_relaxed) % 3 != 0) usleep(1000);
          ASSERT_TRUE(g_pools.watermarks.Unregister(id));
          owned.calls = 0;  // ours alone again
          owned.magic.store(0xdead, std::memory_order_relaxed);
        }
      });
    }
    for (std::thread& t : threads) t.join();
    fprintf(stdout, "%d registrations\n", lives.load(std::memory_order_relaxed));
    EXPECT_EQ(wrong.load(std::memory_order_relaxed), 0)
        << "a callback ran after Unregister returned";
    AwaitOwnThreads(0);
  });
}

}  // namespace
}  // namespace weir
