// The lock-free stack under the depot: nothing is lost or doubled, whatever is popped and pushed
// back in between (ABA), and what a pusher wrote is there for the popper.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/alloc_stress.h"
#include "weir/alloc/index_stack.h"

namespace weir {
namespace {

constexpr uint32_t kElements = 6;

struct Element {
  Atomic<uint32_t> link{0};
  uint64_t owner = 0;  // plain: only the popper may touch it
};

class IndexStackTest : public testing::Test {
 protected:
  auto Links() {
    return [this](uint32_t i) -> Atomic<uint32_t>& { return elements_[i].link; };
  }
  void FillStack() {
    for (uint32_t i = 0; i < kElements; ++i) stack_.Push(i, Links());
  }
  Element elements_[kElements];
  IndexStack stack_;
};

TEST_F(IndexStackTest, LastInIsFirstOut) {
  EXPECT_EQ(stack_.Pop(Links()), IndexStack::kNone);
  FillStack();
  for (uint32_t i = kElements; i-- > 0;) EXPECT_EQ(stack_.Pop(Links()), i);
  EXPECT_TRUE(stack_.Empty());
}

TEST_F(IndexStackTest, PoppedElementsHaveOneOwner) {
  const uint64_t seed = TestSeed();
  const int64_t until = MonotonicNs() + StressNs(2);
  FillStack();
  std::atomic<uint64_t> wrong{0};
  std::vector<std::thread> threads;
  for (uint64_t id = 1; id <= 4; ++id) {
    threads.emplace_back([&, id] {
      std::mt19937_64 random(seed + id);
      while (MonotonicNs() < until && wrong.load(std::memory_order_relaxed) == 0) {
        for (int round = 0; round < 500; ++round) {
          // Pop a few and push them back in another order: what ABA needs.
          uint32_t held[3];
          int n = 0;
          for (uint64_t want = 1 + random() % 3; n < static_cast<int>(want); ++n) {
            uint32_t i = stack_.Pop(Links());
            if (i == IndexStack::kNone) break;
            if (elements_[i].owner != 0) wrong.fetch_add(1, std::memory_order_relaxed);
            elements_[i].owner = id;
            held[n] = i;
          }
          for (int k = 0; k < n; ++k) {
            if (elements_[held[k]].owner != id) wrong.fetch_add(1, std::memory_order_relaxed);
            elements_[held[k]].owner = 0;
            stack_.Push(held[k], Links());
          }
        }
      }
    });
  }
  for (std::thread& t : threads) t.join();
  ASSERT_EQ(wrong.load(), 0u) << "elements with two owners";
  uint32_t left = 0;
  while (left <= kElements && stack_.Pop(Links()) != IndexStack::kNone) ++left;
  EXPECT_EQ(left, kElements) << "elements were lost";
}

}  // namespace
}  // namespace weir
