// Slabs from jemalloc: close together, each with one owner, and their pages go back, from any
// number of threads.
#include "weir/alloc/jemalloc_slabs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <set>
#include <thread>
#include <vector>

#include "tests/alloc_stress.h"
#include "tests/pages.h"
#include "weir/alloc/layout.h"

namespace weir {
namespace {

constexpr size_t kPages = kSlabBytes / 4096;
constexpr size_t kPerBlock = 28;

class JemallocSlabs : public testing::Test {
 protected:
  void SetUp() override {
    source_ = JemallocSlabSource();
    if (source_ == nullptr) GTEST_SKIP() << "malloc is not jemalloc";
  }
  std::vector<char*> Take(size_t n) {
    std::vector<char*> all;
    for (size_t i = 0; i < n; ++i) {
      char* slab = static_cast<char*>(source_->allocate());
      EXPECT_NE(slab, nullptr);
      all.push_back(slab);
      memset(slab, 1, kSlabBytes);
    }
    return all;
  }
  void GiveBack(std::vector<char*>& all) {
    for (char* slab : all) source_->release(slab);
    all.clear();
    source_->purge();
  }
  const SlabSource* source_ = nullptr;
};

// Slabs with gaps between them would have jemalloc's map of pages grow with the gaps.
TEST_F(JemallocSlabs, SlabsLieCloseTogether) {
  std::vector<char*> all = Take(4 * kPerBlock);
  std::set<uintptr_t> distinct, blocks;
  for (char* slab : all) {
    const uintptr_t at = reinterpret_cast<uintptr_t>(slab);
    EXPECT_EQ(at % kSlabBytes, 0u);
    distinct.insert(at);
    blocks.insert(at >> 23);
  }
  EXPECT_EQ(distinct.size(), all.size());
  EXPECT_EQ(blocks.size(), 4u);
  GiveBack(all);
}

TEST_F(JemallocSlabs, LowestFreeSlabComesFirst) {
  std::vector<char*> all = Take(3 * kPerBlock);
  std::sort(all.begin(), all.end());
  for (size_t i : {70, 3, 40}) source_->release(all[i]);
  for (size_t i : {3, 40, 70}) EXPECT_EQ(source_->allocate(), all[i]);
  GiveBack(all);
}

TEST_F(JemallocSlabs, PagesOfAReleasedSlabGoBack) {
  std::vector<char*> all = Take(2 * kPerBlock);
  const std::vector<char*> known = all;
  source_->release(all.back());
  all.pop_back();
  EXPECT_EQ(Resident(known.back(), kSlabBytes), 0u) << "others of its block are out";
  for (char* slab : all) EXPECT_EQ(Resident(slab, kSlabBytes), kPages);
  GiveBack(all);
  for (char* slab : known) EXPECT_EQ(Resident(slab, kSlabBytes), 0u);
}

// Blocks come and go in any order, and none is lost or handed out twice.
TEST_F(JemallocSlabs, BlocksComeAndGoInAnyOrder) {
  std::mt19937_64 random(TestSeed());
  std::vector<char*> all;
  for (uint64_t round = 0; round < 40; ++round) {
    while (all.size() < 6 * kPerBlock) {
      all.push_back(static_cast<char*>(source_->allocate()));
      ASSERT_NE(all.back(), nullptr);
      Stake(all.back(), 1, reinterpret_cast<uintptr_t>(all.back()));
    }
    std::shuffle(all.begin(), all.end(), random);
    if (round % 2 == 0) std::sort(all.begin(), all.end());  // whole blocks
    const size_t left = random() % all.size();
    while (all.size() > left) {
      ASSERT_TRUE(Holds(all.back(), 1, reinterpret_cast<uintptr_t>(all.back())));
      source_->release(all.back());
      all.pop_back();
    }
  }
  GiveBack(all);
}

TEST_F(JemallocSlabs, NoSlabHasTwoOwners) {
  constexpr uint64_t kThreads = 3;
  const uint64_t seed = TestSeed();
  const int64_t until = MonotonicNs() + StressNs(0.5);
  std::atomic<int64_t> wrong{0};
  std::vector<std::thread> threads;
  for (uint64_t id = 1; id <= kThreads; ++id) {
    threads.emplace_back([&, id] {
      std::mt19937_64 random(seed + id);
      std::vector<void*> held;
      while (MonotonicNs() < until) {
        if (held.size() < 40 && random() % 2 == 0) {
          held.push_back(source_->allocate());
          Stake(held.back(), id, 0);
        } else if (!held.empty()) {
          wrong += Holds(held.back(), id, 0) ? 0 : 1;
          source_->release(held.back());
          held.pop_back();
          if (random() % 64 == 0) source_->purge();
        }
      }
      for (void* slab : held) source_->release(slab);
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(wrong.load(), 0) << "a slab had two owners";
}

}  // namespace
}  // namespace weir
