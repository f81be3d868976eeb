// Revocation under stress: owners allocate and free, sleep and end, while a reclaimer takes their
// caches; nothing is lost, and nothing is handed out twice.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/alloc_stress.h"

namespace weir {
namespace {

constexpr int kZone = WEIR_ZONE_CLUSTER;
constexpr int64_t kLimit = 64;

// One owner: holds up to a few objects, writes its claim into each, checks it before the free.
void Own(uint64_t owner, uint64_t seed, int64_t until, std::atomic<uint64_t>& wrong) {
  std::mt19937_64 random(seed);
  std::vector<std::pair<void*, uint64_t>> held;
  uint64_t serial = 0;
  while (MonotonicNs() < until) {
    for (int i = 0; i < 200; ++i) {
      if (held.size() < 12 && random() % 2 == 0) {
        void* object = Alloc(kZone, 0, kNoWait);
        if (object == nullptr) continue;
        Stake(object, owner, ++serial);
        held.emplace_back(object, serial);
      } else if (!held.empty()) {
        auto [object, mark] = held.back();
        held.pop_back();
        if (!Holds(object, owner, mark)) wrong.fetch_add(1, std::memory_order_relaxed);
        Free(kZone, 0, object);
      }
    }
    if (random() % 64 == 0) std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  for (auto [object, mark] : held) {
    if (!Holds(object, owner, mark)) wrong.fetch_add(1, std::memory_order_relaxed);
    Free(kZone, 0, object);
  }
}

// Every object that was ever carved is free exactly once: allocates all, counts distinct ones.
void ExpectEveryObjectOnce(int64_t limit) {
  std::vector<void*> all;
  while (void* object = Alloc(kZone, 0, kNoWait)) {
    Stake(object, 99, all.size());
    all.push_back(object);
    ASSERT_LE(all.size(), static_cast<size_t>(limit)) << "more objects than the limit allows";
  }
  EXPECT_EQ(all.size(), static_cast<size_t>(limit)) << "objects were lost";
  for (size_t i = 0; i < all.size(); ++i) EXPECT_TRUE(Holds(all[i], 99, i)) << "handed out twice";
  for (void* object : all) Free(kZone, 0, object);
  EXPECT_EQ(g_pools.InUse(kZone), 0);
}

class RevokeStress : public testing::Test {
 protected:
  void SetUp() override {
    StartPools(nullptr);
    ASSERT_EQ(g_pools.zones[kZone].SetLimit(kLimit), 0);
  }
};

TEST_F(RevokeStress, ReclaimedCachesLoseAndDoubleNothing) {
  const uint64_t seed = TestSeed();
  const int64_t until = MonotonicNs() + StressNs(3);
  std::atomic<uint64_t> wrong{0};
  std::atomic<bool> stop{false};
  std::thread reclaimer([&] {
    while (!stop.load(std::memory_order_relaxed)) g_pools.zones[kZone].Recall();
  });
  std::vector<std::thread> owners;
  for (uint64_t i = 1; i <= 3; ++i) {
    owners.emplace_back([&, i] {
      // The thread ends and another takes its record, several times.
      for (int life = 0; life < 8; ++life) {
        int64_t end = until - StressNs(3) / 8 * (7 - life);
        std::thread(Own, i, seed + i * 100 + life, end, std::ref(wrong)).join();
      }
    });
  }
  for (std::thread& t : owners) t.join();
  stop.store(true, std::memory_order_relaxed);
  reclaimer.join();
  EXPECT_EQ(wrong.load(), 0u) << "objects with two owners";
  ExpectEveryObjectOnce(kLimit);
}

TEST_F(RevokeStress, TwoReclaimersShareTheWork) {
  const uint64_t seed = TestSeed();
  const int64_t until = MonotonicNs() + StressNs(1.5);
  std::atomic<uint64_t> wrong{0};
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      while (!stop.load(std::memory_order_relaxed)) g_pools.zones[kZone].Recall();
    });
  }
  std::vector<std::thread> owners;
  for (uint64_t i = 1; i <= 3; ++i) owners.emplace_back(Own, i, seed + i, until, std::ref(wrong));
  for (std::thread& t : owners) t.join();
  stop.store(true, std::memory_order_relaxed);
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(wrong.load(), 0u) << "objects with two owners";
  ExpectEveryObjectOnce(kLimit);
}

}  // namespace
}  // namespace weir
