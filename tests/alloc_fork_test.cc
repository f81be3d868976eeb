// fork() at any instant under load: the child has every object that nobody held, once, and can use
// weir at once. WEIR_FORKS is how often.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include "tests/alloc_stress.h"

// jemalloc takes more locks before a fork than ThreadSanitizer's lock-order check can hold.
extern "C" const char* __tsan_default_options() { return "detect_deadlocks=0:die_after_fork=0"; }

#if defined(__SANITIZE_THREAD__)
#define CHILD_HAS_THREADS 0  // it cannot follow a thread that a fork's child starts
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CHILD_HAS_THREADS 0
#endif
#endif
#ifndef CHILD_HAS_THREADS
#define CHILD_HAS_THREADS 1
#endif

namespace weir {
namespace {

constexpr int kZone = WEIR_ZONE_CLUSTER;
constexpr int64_t kLimit = 256;
constexpr int kThreads = 3;
constexpr int kHeld = 8;  // most that each thread holds

// In the child: 0 if all is well. No gtest here: the parent reads the exit status.
int CheckChild() {
  std::set<void*> all;
  while (void* object = Alloc(kZone, 0, kNoWait)) {
    if (!all.insert(object).second) return 2;  // handed out twice
  }
  // Everything but what other threads held.
  if (all.size() > static_cast<size_t>(kLimit)) return 3;
  if (all.size() + kThreads * kHeld < static_cast<size_t>(kLimit)) return 4;
  weir_zone_snapshot s = Figures(kZone);
  if (s.in_use > s.total || s.total > kLimit) return 5;
  for (void* object : all) Free(kZone, 0, object);
  if (!CHILD_HAS_THREADS) return 0;
  bool works = false;
  std::thread([&works] {
    void* object = Alloc(kZone, 0, kNoWait);
    works = object != nullptr;
    if (works) Free(kZone, 0, object);
  }).join();
  return works ? 0 : 6;
}

TEST(Fork, ChildFindsEveryObjectOnce) {
  const uint64_t seed = TestSeed();
  StartPools(nullptr);
  ASSERT_EQ(g_pools.zones[kZone].SetLimit(kLimit), 0);
  std::atomic<bool> stop{false};
  std::atomic<int> ready{0};
  std::vector<std::thread> threads;
  for (int id = 0; id < kThreads; ++id) {
    threads.emplace_back([&, id] {
      std::mt19937_64 random(seed + id);
      std::vector<void*> held;
      held.reserve(kHeld);
      ready.fetch_add(1);
      while (!stop.load(std::memory_order_relaxed)) {
        if (held.size() < kHeld && random() % 2 == 0) {
          if (void* object = Alloc(kZone, 0, kNoWait)) held.push_back(object);
        } else if (!held.empty()) {
          Free(kZone, 0, held.back());
          held.pop_back();
        }
        if (random() % 256 == 0) g_pools.zones[kZone].Recall();
      }
      for (void* object : held) Free(kZone, 0, object);
    });
  }
  // AddressSanitizer's own malloc hangs in a child if a thread was in it at the fork; so does a
  // thread that is just starting.
  while (ready.load() < kThreads) std::this_thread::yield();
  const char* text = getenv("WEIR_FORKS");
  const int forks = text != nullptr ? atoi(text) : 150;
  int results[8] = {};
  for (int i = 0; i < forks; ++i) {
    pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      alarm(20);  // a hang is a failure, not a hung test
      _exit(CheckChild());
    }
    int status = 0;
    waitpid(child, &status, 0);
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 7;
    ++results[std::min(code, 7)];
  }
  stop.store(true);
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(results[0], forks) << "twice: " << results[2] << ", too many: " << results[3]
                               << ", lost: " << results[4] << ", figures: " << results[5]
                               << ", unusable: " << results[6]
                               << ", crashed or hung: " << results[7];
  EXPECT_EQ(CheckChild(), 0) << "the parent";
}

}  // namespace
}  // namespace weir
