// Options: refused by name, value and range; the environment overrides; too late is too late.
#include "weir/alloc/options.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "tests/alloc_stress.h"
#include "weir/alloc/memory_limit.h"

namespace weir {
namespace {

class Options : public testing::Test {
 protected:
  void TearDown() override {
    unsetenv("WEIR_NMBCLUSTERS");
    unsetenv("WEIR_SLAB_SOURCE");
    unsetenv("WEIR_HUGEPAGES");
    unsetenv("WEIR_REGION_BYTES");
  }
};

TEST_F(Options, DefaultsComeFromUsableMemory) {
  weir_options o{};
  ASSERT_EQ(ResolveOptions(o), nullptr);
  int64_t bytes =
      o.nmbclusters * 2048 + o.nmbjumbop * 4096 + o.nmbjumbo9 * 9216 + o.nmbjumbo16 * 16384;
  EXPECT_GT(bytes, UsableMemory() / 4);
  EXPECT_LE(bytes, UsableMemory() / 2);
  EXPECT_GE(o.nmbufs, o.nmbclusters + o.nmbjumbop);
  EXPECT_EQ(o.warn_interval_s, 60);
}

TEST_F(Options, WrongFieldIsNamedWithValueAndRange) {
  weir_options o{};
  o.nmbclusters = -5;
  EXPECT_STREQ(ResolveOptions(o), "nmbclusters: -5 is not a number from 1 to 2147483648");
}

TEST_F(Options, WrongEnvironmentIsNamedWithValueAndRange) {
  setenv("WEIR_NMBCLUSTERS", "many", 1);
  weir_options o{};
  EXPECT_STREQ(ResolveOptions(o), "WEIR_NMBCLUSTERS: many is not a number from 1 to 2147483648");
}

TEST_F(Options, EnvironmentOverridesTheField) {
  setenv("WEIR_NMBCLUSTERS", "777", 1);
  weir_options o{};
  o.nmbclusters = 5;
  ASSERT_EQ(ResolveOptions(o), nullptr);
  EXPECT_EQ(o.nmbclusters, 777);
}

TEST_F(Options, SlabSourceIsOneOfThree) {
  weir_options o{};
  ASSERT_EQ(ResolveOptions(o), nullptr);
  EXPECT_STREQ(o.slab_source, "jemalloc");
  o.slab_source = "disk";
  EXPECT_STREQ(ResolveOptions(o), "slab_source: disk is none of jemalloc, mmap and malloc");
  setenv("WEIR_SLAB_SOURCE", "mmapp", 1);
  EXPECT_STREQ(ResolveOptions(o), "WEIR_SLAB_SOURCE: mmapp is none of jemalloc, mmap and malloc");
  setenv("WEIR_SLAB_SOURCE", "mmap", 1);
  ASSERT_EQ(ResolveOptions(o), nullptr);
  EXPECT_STREQ(o.slab_source, "mmap");
}

TEST_F(Options, LowWaterAboveTheLimitIsRefused) {
  weir_options o{};
  o.nmbclusters = 100;
  o.mcllowat = 101;
  EXPECT_STREQ(ResolveOptions(o), "mcllowat: 101 is not a number from 0 to 100");
}

TEST_F(Options, HugePagesAreOnOrOff) {
  weir_options o{};
  ASSERT_EQ(ResolveOptions(o), nullptr);
  EXPECT_EQ(o.hugepages, 0);
  o.hugepages = 2;
  EXPECT_STREQ(ResolveOptions(o), "hugepages: 2 is not a number from 0 to 1");
  o.hugepages = 1;
  setenv("WEIR_HUGEPAGES", "yes", 1);
  EXPECT_STREQ(ResolveOptions(o), "WEIR_HUGEPAGES: yes is not a number from 0 to 1");
  setenv("WEIR_HUGEPAGES", "0", 1);
  ASSERT_EQ(ResolveOptions(o), nullptr);
  EXPECT_EQ(o.hugepages, 0);
}

TEST_F(Options, DefaultLimitOfClustersFitsInTheRegion) {
  constexpr int64_t kMega = 1 << 20;
  weir_options o{};
  o.region_bytes = 3 * kMega + 1;
  ASSERT_EQ(ResolveOptions(o), nullptr);
  EXPECT_EQ(o.region_bytes, 4 * kMega) << "rounded up";
  EXPECT_EQ(o.nmbclusters, 2048);
  EXPECT_EQ(MostObjects(WEIR_ZONE_CLUSTER, o), 2048);
  EXPECT_EQ(MostObjects(WEIR_ZONE_MBUF, o), kMaxObjects);
}

TEST_F(Options, RegionSmallerThanTheClustersIsNamedWithValueAndRange) {
  weir_options o{};
  o.nmbclusters = 1000;
  o.region_bytes = 2047999;
  EXPECT_STREQ(ResolveOptions(o),
               "region_bytes: 2047999 is not a number from 2048000 to 274877906944");
  setenv("WEIR_REGION_BYTES", "-1", 1);
  EXPECT_STREQ(ResolveOptions(o), "WEIR_REGION_BYTES: -1 is not a number from 0 to 274877906944");
  setenv("WEIR_REGION_BYTES", "0", 1);
  EXPECT_EQ(ResolveOptions(o), nullptr);
}

TEST_F(Options, LowWaterIsCarvedAtStartAndLateOptionsAreBusy) {
  weir_options o{};
  o.nmbclusters = 1000;
  o.mcllowat = 300;
  ASSERT_EQ(StartPools(&o), 0);
  weir_zone_snapshot s = Figures(WEIR_ZONE_CLUSTER);
  EXPECT_EQ(s.total, 300);
  EXPECT_EQ(s.limit, 1000);
  EXPECT_EQ(s.low_water, 300);
  g_pools.zones[WEIR_ZONE_CLUSTER].Recall();
  g_pools.zones[WEIR_ZONE_CLUSTER].Trim();
  s = Figures(WEIR_ZONE_CLUSTER);
  EXPECT_GE(s.total, 300) << "trimming keeps the low-water mark";
  EXPECT_EQ(StartPools(&o), EBUSY);
  EXPECT_EQ(StartPools(nullptr), 0);
}

}  // namespace
}  // namespace weir
