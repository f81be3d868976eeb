// A range of slabs: each slab has one owner, the lowest comes first, and empty ones go back; from
// any number of threads, from signal handlers and across fork().
#include "weir/alloc/slab_range.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>

#include <atomic>
#include <cstring>
#include <set>
#include <thread>
#include <vector>

#include "tests/alloc_stress.h"
#include "tests/child.h"
#include "tests/pages.h"

// The child of a process of many threads goes on.
extern "C" const char* __tsan_default_options() { return "detect_deadlocks=0:die_after_fork=0"; }

namespace weir {
namespace {

constexpr size_t kPages = kSlabBytes / 4096;

struct Range final : SlabRange {
  explicit Range(size_t blocks) {
    const size_t all = blocks * kHugeBytes;
    EXPECT_TRUE(Open(MapAligned(all, kHugeBytes, PROT_READ | PROT_WRITE), all));
  }
  ~Range() { munmap(base(), bytes()); }
};

TEST(SlabRange, EverySlabIsHandedOutOnceAndThenNone) {
  Range range(3);
  std::set<void*> all;
  while (void* slab = range.Allocate()) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(slab) % kSlabBytes, 0u);
    EXPECT_TRUE(all.insert(slab).second);
    memset(slab, 1, kSlabBytes);
  }
  EXPECT_EQ(all.size(), range.bytes() / kSlabBytes);
  EXPECT_EQ(*all.begin(), range.base());
  for (void* slab : all) range.Release(slab);
  for (size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all.count(range.Allocate()), 1u);
  EXPECT_EQ(range.Allocate(), nullptr);
}

TEST(SlabRange, LowestFreeSlabComesFirst) {
  Range range(3);
  std::vector<void*> slabs;
  while (void* slab = range.Allocate()) slabs.push_back(slab);
  for (size_t i : {20, 3, 9}) range.Release(slabs[i]);
  for (size_t i : {3, 9, 20}) EXPECT_EQ(range.Allocate(), slabs[i]);
}

TEST(SlabRange, PagesOfAReleasedSlabGoBack) {
  Range range(1);
  void* slab = range.Allocate();
  memset(slab, 1, kSlabBytes);
  EXPECT_EQ(Resident(slab, kSlabBytes), kPages);
  range.Release(slab);
  EXPECT_EQ(Resident(slab, kSlabBytes), 0u);
}

// Refuses its second block, and then its third for once.
struct Picky final : SlabRange {
  Backing Back(char* at, Block&) override {
    if (at == base() + kHugeBytes) return kLost;
    if (at == base() + 2 * kHugeBytes && !refused) {
      refused = true;
      return kNoMemory;
    }
    return kBacked;
  }
  bool refused = false;
};

TEST(SlabRange, BlockThatIsLostIsNeverUsedAndOneWithoutMemoryIsTriedAgain) {
  Picky range;
  ASSERT_TRUE(
      range.Open(MapAligned(3 * kHugeBytes, kHugeBytes, PROT_READ | PROT_WRITE), 3 * kHugeBytes));
  for (size_t i = 0; i < 8; ++i) EXPECT_EQ(range.Allocate(), range.base() + i * kSlabBytes);
  EXPECT_EQ(range.Allocate(), nullptr);
  EXPECT_EQ(range.Allocate(), range.base() + 2 * kHugeBytes);
}

// Takes and gives back slabs, and writes its name into those that it has. Returns how often another
// wrote there.
int64_t Work(SlabRange& range, uint64_t owner, const std::atomic<bool>& stop) {
  std::mt19937_64 random(owner);
  std::vector<void*> held;
  int64_t wrong = 0;
  for (uint64_t serial = 0; !stop.load(std::memory_order_relaxed); ++serial) {
    if (held.size() < 6 && random() % 2 == 0) {
      if (void* slab = range.Allocate()) {
        Stake(slab, owner, 0);
        held.push_back(slab);
      }
    } else if (!held.empty()) {
      wrong += Holds(held.back(), owner, 0) ? 0 : 1;
      range.Release(held.back());
      held.pop_back();
    }
  }
  for (void* slab : held) range.Release(slab);
  return wrong;
}

TEST(SlabRangeStress, NoSlabHasTwoOwners) {
  constexpr int kThreads = 3;
  Range range(2);  // fewer slabs than they would like to have
  const uint64_t seed = TestSeed();
  std::atomic<bool> stop{false};
  std::atomic<int64_t> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] { wrong += Work(range, seed + i, stop); });
  }
  const int64_t end = MonotonicNs() + StressNs(0.5);
  while (MonotonicNs() < end) std::this_thread::yield();
  stop.store(true);
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(wrong.load(), 0) << "a slab had two owners";
  size_t left = 0;
  while (range.Allocate() != nullptr) ++left;
  EXPECT_EQ(left, range.bytes() / kSlabBytes) << "slabs were lost";
}

TEST(SlabRangeStress, ChildOfAForkNeverFindsTheLockTaken) {
  StartPools(nullptr);  // the fork handlers
  Range range(2);
  const uint64_t seed = TestSeed();
  std::atomic<bool> stop{false};
  std::atomic<int> ready{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&, i] {
      ready.fetch_add(1);
      Work(range, seed + i, stop);
    });
  }
  while (ready.load() < 2) std::this_thread::yield();
  int hung = 0;
  for (int i = 0; i < 100; ++i) {
    pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      void* slab = range.Allocate();
      if (slab != nullptr) range.Release(slab);
      sigset_t blocked;
      pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
      _exit(slab != nullptr && sigismember(&blocked, SIGALRM) == 0 ? 0 : 1);
    }
    // Not alarm: who waits for the lock holds signals back.
    const int64_t late = MonotonicNs() + int64_t{5} * 1000000000;
    int status = 0;
    while (waitpid(child, &status, WNOHANG) == 0) {
      if (MonotonicNs() > late) kill(child, SIGKILL);
      std::this_thread::yield();
    }
    if (status != 0) ++hung;
    if (hung != 0) break;  // each takes its time
  }
  stop.store(true);
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(hung, 0) << "the child hung, or had no slab, or its signals held back";
}

SlabRange* in_handler = nullptr;
std::atomic<int> handled{0};
void Handle(int) {
  if (void* slab = in_handler->Allocate()) {
    in_handler->Release(slab);
    handled.fetch_add(1, std::memory_order_relaxed);
  }
}

TEST(SlabRangeStress, SignalHandlerMayAllocate) {
  Range range(1);
  in_handler = &range;
  InChild([] {  // which dies of its alarm if a handler waits for what it interrupted
    struct sigaction action {};
    action.sa_handler = Handle;
    action.sa_flags = SA_RESTART;
    sigaction(SIGVTALRM, &action, nullptr);
    alarm(10);
    itimerval often{{0, 100}, {0, 100}};
    setitimer(ITIMER_VIRTUAL, &often, nullptr);
    while (handled.load(std::memory_order_relaxed) < 200) {
      if (void* slab = in_handler->Allocate()) in_handler->Release(slab);
    }
    itimerval never{};
    setitimer(ITIMER_VIRTUAL, &never, nullptr);
  });
}

}  // namespace
}  // namespace weir
