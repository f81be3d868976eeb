// The build itself: what every other test takes for granted.
#include <atomic>
#include <thread>

#include "gtest/gtest.h"

namespace {

TEST(BuildTest, IsCxx20) { EXPECT_GE(__cplusplus, 202002L); }

TEST(BuildTest, ThreadsSeeReleasedData) {
  int data = 0;
  std::atomic<bool> ready{false};
#if WEIR_BREAK == 901
  constexpr auto kRelease = std::memory_order_relaxed;
#else
  constexpr auto kRelease = std::memory_order_release;
#endif
  std::thread writer([&] {
    data = 42;
    ready.store(true, kRelease);  // [B1] release: publishes data to [B2].
  });
  while (!ready.load(std::memory_order_acquire)) {  // [B2] acquire: pairs with [B1].
    std::this_thread::yield();
  }
  EXPECT_EQ(data, 42);
  writer.join();
}

TEST(BuildTest, ControlsBreakTheCode) {
#ifdef WEIR_BREAK
  const int broken = WEIR_BREAK;
#else
  const int broken = 0;
#endif
  EXPECT_EQ(broken, 0);
}

}  // namespace
