// What a depot keeps for a processor: left to it while there can be more, there for all at the
// limit, and not for ever.
#include <gtest/gtest.h>

#include <vector>

#include "tests/alloc_stress.h"
#include "tests/two_shards.h"

namespace weir {
namespace {

constexpr int64_t kKept = kKeptMagazines * kMagazineRounds;
constexpr int64_t kPlenty = kKeptPart * kKept * kMostShards;

class ShardsTest : public testing::TestWithParam<int> {
 protected:
  static void SetUpTestSuite() { StartPools(nullptr); }  // how many shards there are
  void SetUp() override {
    if (!two_.there_are) GTEST_SKIP() << "one processor";
    g_pools.Trim();
    ASSERT_EQ(Total(), 0);
    SetLimits(kPlenty);
  }
  void TearDown() override {
    g_pools.Trim();
    SetLimits(kPlenty);
  }

  int zone() const { return GetParam(); }
  // Of a packet's parts that there are more of.
  int64_t Total() const {
    return zone() == WEIR_ZONE_PACKET ? Figures(WEIR_ZONE_CLUSTER).total : Figures(zone()).total;
  }
  std::vector<void*> Take(int64_t n) {
    std::vector<void*> all;
    for (int64_t i = 0; i < n; ++i) {
      all.push_back(Alloc(zone(), 1, kNoWait));
      EXPECT_NE(all.back(), nullptr) << i << " of " << n;
    }
    return all;
  }
  void FreeAll(std::vector<void*>& all) {
    for (void* object : all) Free(zone(), 1, object);
    all.clear();
  }
  // So many free objects in the depot, in that processor's shard.
  void Leave(int processor, int64_t n) {
    On(processor, [&] {
      std::vector<void*> all = Take(n);
      FreeAll(all);
    });
  }
  // For so many on the other processor.
  void ExpectNoneIsNew(int64_t n) {
    const int64_t before = Total();
    On(two_.here, [&] {
      std::vector<void*> mine = Take(n);
      EXPECT_EQ(Total(), before);
      FreeAll(mine);
    });
  }
  void SetLimits(int64_t n) {
    for (int id : {WEIR_ZONE_MBUF, WEIR_ZONE_CLUSTER}) {
      ASSERT_EQ(g_pools.zones[id].SetLimit(n), 0);
    }
  }

  const TwoShards two_;
};

TEST_P(ShardsTest, WhatAProcessorKeepsIsLeftToItWhileThereCanBeMore) {
  Leave(two_.there, kKept);
  const int64_t before = Total();
  On(two_.here, [&] {
    std::vector<void*> mine = Take(kMagazineRounds);
    EXPECT_GE(Total(), before + kMagazineRounds) << "new ones";
    FreeAll(mine);
  });
  const int64_t grown = Total();
  On(two_.there, [&] {
    std::vector<void*> all = Take(kKept);
    FreeAll(all);
  });
  EXPECT_EQ(Total(), grown) << "it was there";
}

TEST_P(ShardsTest, WhatItDoesNotKeepIsTakenFirst) {
  constexpr int64_t kMore = 10 * kMagazineRounds;
  Leave(two_.there, kKept + kMore);
  ExpectNoneIsNew(kMore);
}

// What is kept is a small part of what there may be, or nothing.
TEST_P(ShardsTest, ALowLimitHasNothingToKeep) {
  SetLimits(kKeptPart * kMagazineRounds * depot_shards - 1);
  Leave(two_.there, kKept);
  ExpectNoneIsNew(kMagazineRounds);
}

// Nothing is refused, and it comes by the magazine.
TEST_P(ShardsTest, AtTheLimitAllOfItIsThere) {
  Leave(two_.there, kKept);
  SetLimits(Total());
  const uint64_t refills = Figures(zone()).refills;
  On(two_.here, [&] {
    std::vector<void*> mine = Take(kKept);
    FreeAll(mine);
  });
  EXPECT_GE(Figures(zone()).refills - refills, static_cast<uint64_t>(kKept) / kCacheMax);
}

TEST_P(ShardsTest, NorIsItKeptForEver) {
  Leave(two_.there, kKept);
  for (int pass = 0; pass < 6; ++pass) g_pools.TrimIdle();
  EXPECT_EQ(Total(), 0);
}

INSTANTIATE_TEST_SUITE_P(Zones, ShardsTest,
                         testing::Values(int{WEIR_ZONE_MBUF}, int{WEIR_ZONE_CLUSTER},
                                         int{WEIR_ZONE_PACKET}),
                         [](const auto& info) { return weir_zone_name(info.param); });

}  // namespace
}  // namespace weir
