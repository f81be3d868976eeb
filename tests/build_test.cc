// The build itself: what every other test takes for granted.
#include <atomic>
#include <thread>

#include "gtest/gtest.h"
#include "weir/stats/atomic.h"
#include "weir/stats/break.h"

namespace {

TEST(BuildTest, IsCxx20) { EXPECT_GE(__cplusplus, 202002L); }

TEST(BuildTest, ThreadsSeeReleasedData) {
  int data = 0;
  weir::Atomic<bool> ready{false};
  std::thread writer([&] {
    data = 42;
    // [B1] release: publishes data to [B2].
    ready.store(true, weir::Order(weir::kBreakBuildOrder, std::memory_order_release));
  });
  while (!ready.load(std::memory_order_acquire)) {  // [B2] acquire: pairs with [B1].
    std::this_thread::yield();
  }
  EXPECT_EQ(data, 42);
  writer.join();
}

TEST(BuildTest, ControlsBreakTheCode) { EXPECT_FALSE(weir::Broken(weir::kBreakBuild)); }

}  // namespace
