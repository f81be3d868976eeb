// stats/countdown.h: counts exactly whatever overflows, asks for a look in time, and a reader and a
// signal handler may come at any moment.
#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

#include "weir/stats/countdown.h"

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define SANITIZED
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define SANITIZED
#endif
#endif

namespace weir {
namespace {

using Few = Countdowns<2, 4>;  // 16 counts overflow
constexpr uint64_t kFewMost = 8;
static_assert(Countdown<4>::kMost == kFewMost);

TEST(Countdown, AsksAtOnceUntilItIsArmed) {
  Few c;
  EXPECT_FALSE(c[1].Count());
  EXPECT_EQ(c[1].Left(), 0u);
  EXPECT_EQ(c.Read(1), 0u);
  c[1].Arm(3);
  EXPECT_EQ(c[1].Left(), 3u);
  for (uint64_t n = 1; n <= 3; ++n) {
    EXPECT_TRUE(c[1].Count()) << n;
    EXPECT_EQ(c.Read(1), n);
  }
  EXPECT_FALSE(c[1].Count());
  EXPECT_FALSE(c[1].Count());
  EXPECT_EQ(c.Read(1), 3u);
  EXPECT_EQ(c[1].Own(), 3u);
  EXPECT_EQ(c.Read(0), 0u);
}

TEST(Countdown, ASlowCountIsOffWhatIsLeft) {
  Few c;
  c[0].CountOne();  // none is left
  EXPECT_EQ(c.Read(0), 1u);
  EXPECT_EQ(c[0].Left(), 0u);
  c[0].Arm(2);
  c[0].CountOne();
  EXPECT_EQ(c[0].Left(), 1u);
  EXPECT_TRUE(c[0].Count());
  EXPECT_FALSE(c[0].Count());
  EXPECT_EQ(c.Read(0), 3u);
}

TEST(Countdown, NoMoreAreLeftThanTheLowBitsCanCount) {
  Few c;
  c[0].Arm(UINT64_MAX);
  EXPECT_EQ(c[0].Left(), kFewMost);
  c[0].Arm(0);
  EXPECT_EQ(c[0].Left(), 0u);
}

// From each count, so that the low bits overflow at each place there is: in a fast count or a slow
// one, with some left or none.
TEST(Countdown, IsExactAcrossOverflows) {
  for (uint64_t first = 0; first < 40; ++first) {
    for (uint64_t left = 0; left <= kFewMost; ++left) {
      Few c;
      uint64_t n = 0;
      while (n < first) c[0].CountOne(), ++n;
      c[0].Arm(left);
      ASSERT_EQ(c[0].Left(), left);
      uint64_t fast = 0;
      while (c[0].Count()) {
        ++fast;
        ASSERT_EQ(c.Read(0), n + fast) << first << " " << left;
      }
      n += fast;
      ASSERT_EQ(c.Read(0), n) << first << " " << left;
      ASSERT_EQ(c[0].Own(), n);
      ASSERT_LE(fast, left);
      ASSERT_GE(fast + 1, left);  // one early, if they overflowed
      for (int i = 0; i < 40; ++i) {
        c[0].CountOne();
        ASSERT_EQ(c.Read(0), ++n) << first << " " << left;
      }
    }
  }
}

TEST(Countdown, IsExactForEver) {
  Few c;
  uint64_t n = 0;
  for (uint64_t round = 0; round < 10000; ++round) {
    c[0].Arm(round % 11);
    while (c[0].Count()) ++n;
    if (round % 3 == 0) c[0].CountOne(), ++n;
    ASSERT_EQ(c.Read(0), n);
  }
  c[0].Reset();
  EXPECT_EQ(c.Read(0), 0u);
  EXPECT_FALSE(c[0].Count());
}

// What readers find lies between what was counted before they looked and after, and never falls.
TEST(CountdownStress, ReadersFindWhatWasCounted) {
  static Few c;
  static std::atomic<uint64_t> before{0}, after{0};
  static std::atomic<bool> done{false};
  std::thread reader([] {
    uint64_t last = 0;
    while (!done.load()) {
      const uint64_t least = after.load();
      const uint64_t n = c.Read(0);
      ASSERT_GE(n, least);
      ASSERT_GE(n, last);
      ASSERT_LE(n, before.load());
      last = n;
    }
  });
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  for (uint64_t n = 0; std::chrono::steady_clock::now() < end;) {
    c[0].Arm(n % 7);
    for (bool counted = true; counted;) {
      before.store(n + 1);
      counted = c[0].Count();
      if (counted) ++n;
      after.store(n);
    }
    before.store(n + 1);
    c[0].CountOne();
    after.store(++n);
  }
  done.store(true);
  reader.join();
}

// A handler arms, as one does that allocates while its thread allocates; nothing is lost by that.
Few* of_handler;
std::atomic<int> handled;
void ArmInHandler(int) {
  (*of_handler)[0].Arm(static_cast<uint64_t>(handled.fetch_add(1) % 7));
}

TEST(CountdownStress, AHandlerMayArm) {
  static Few c;
  of_handler = &c;
  struct sigaction action = {}, old;
  action.sa_handler = ArmInHandler;
  ASSERT_EQ(sigaction(SIGUSR1, &action, &old), 0);
  std::atomic<bool> done{false};
  std::thread sender([&done, owner = pthread_self()] {
    while (!done.load()) {
      pthread_kill(owner, SIGUSR1);
      std::this_thread::yield();
    }
  });
  uint64_t n = 0;
  for (uint64_t round = 0; handled.load() < 2000; ++round) {
    c[0].Arm(round % 9);
    for (int i = 0; i < 20; ++i) {
      if (c[0].Count()) ++n;
    }
    c[0].CountOne();
    ++n;
    ASSERT_EQ(c[0].Own(), n);
  }
  done.store(true);
  sender.join();
  sigaction(SIGUSR1, &old, nullptr);
  EXPECT_EQ(c.Read(0), n);
}

#if defined(__x86_64__) && !defined(SANITIZED)
// The same between any two instructions of a count: the processor traps after each.
int step, arm_at;
uint64_t counted_so_far, counted_most;
bool all_read_right;
void ArmInStep(int) {
  if (step++ == arm_at) (*of_handler)[0].Arm(2);
  const uint64_t n = of_handler->Read(0);
  all_read_right = all_read_right && n >= counted_so_far && n <= counted_most;
}
#define SET_TRAP(change) /* below what the function may have there */ \
  asm volatile("lea -128(%%rsp), %%rsp; pushfq; " change ", (%%rsp); popfq; lea 128(%%rsp), %%rsp" \
               : : : "memory", "cc")

TEST(Countdown, AHandlerMayArmBetweenAnyTwoInstructions) {
  struct sigaction action = {}, old;
  action.sa_handler = ArmInStep;
  ASSERT_EQ(sigaction(SIGTRAP, &action, &old), 0);
  for (uint64_t left = 0; left < 2; ++left) {
    for (arm_at = 0, step = 1; arm_at < step; ++arm_at) {
      Few c;
      of_handler = &c;
      for (int i = 0; i < 5; ++i) c[0].CountOne();
      c[0].Arm(left);
      counted_so_far = 5;
      counted_most = 5 + left;
      all_read_right = true;
      step = 0;
      SET_TRAP("orq $0x100");
      const bool counted = c[0].Count();
      SET_TRAP("andq $~0x100");
      // One that was armed just before may count where none was left.
      if (counted) counted_so_far = counted_most = 6;
      EXPECT_TRUE(all_read_right || (counted && left == 0)) << "step " << arm_at << " of " << step;
      EXPECT_EQ(c.Read(0), counted_so_far) << "step " << arm_at << " of " << step;
      EXPECT_LE(c[0].Left(), 2u);
      EXPECT_GT(step, 3);
    }
  }
  sigaction(SIGTRAP, &old, nullptr);
}
#endif

}  // namespace
}  // namespace weir
