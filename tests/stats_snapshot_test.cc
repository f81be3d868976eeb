#include "weir/stats/snapshot.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>

#include "weir/stats/version.h"

namespace {

TEST(Snapshot, ClearedOneHasNamesAndNothingElse) {
  weir_snapshot s;
  std::memset(&s, 0xa5, sizeof s);
  weir_snapshot_clear(&s);
  EXPECT_STREQ(s.version, WEIR_VERSION);
  for (int i = 0; i < WEIR_NZONES; ++i) {
    EXPECT_STREQ(s.zones[i].name, weir_zone_name(i));
    s.zones[i].name = nullptr;
  }
  s.version = nullptr;
  const weir_snapshot zero = {};
  EXPECT_EQ(std::memcmp(&s, &zero, sizeof s), 0);
}

TEST(Snapshot, ZonesAreNamedAndOutOfRangeIsUnknown) {
  EXPECT_STREQ(weir_zone_name(WEIR_ZONE_MBUF), "mbuf");
  EXPECT_STREQ(weir_zone_name(WEIR_ZONE_CLUSTER), "cluster");
  EXPECT_STREQ(weir_zone_name(WEIR_ZONE_JUMBO_PAGE), "jumbo_page");
  EXPECT_STREQ(weir_zone_name(WEIR_ZONE_JUMBO_9K), "jumbo_9k");
  EXPECT_STREQ(weir_zone_name(WEIR_ZONE_JUMBO_16K), "jumbo_16k");
  EXPECT_STREQ(weir_zone_name(-1), "unknown");
  EXPECT_STREQ(weir_zone_name(WEIR_NZONES), "unknown");
}

TEST(Snapshot, TypesWithoutANameHaveNone) {
  EXPECT_STREQ(weir_type_name(0), "free");
  EXPECT_STREQ(weir_type_name(1), "data");
  EXPECT_STREQ(weir_type_name(7), "oobdata");
  EXPECT_EQ(weir_type_name(8), nullptr);
  EXPECT_EQ(weir_type_name(-1), nullptr);
  EXPECT_EQ(weir_type_name(WEIR_NTYPES), nullptr);
}

TEST(Snapshot, WaitBoundsRiseAndAreInclusive) {
  for (int i = 0; i < WEIR_WAIT_BUCKETS; ++i) {
    const uint64_t bound = weir_wait_bound_ns(i);
    EXPECT_GT(bound, i == 0 ? 0 : weir_wait_bound_ns(i - 1));
    EXPECT_EQ(weir_wait_bucket(bound), i);
    EXPECT_EQ(weir_wait_bucket(bound + 1), i + 1);
  }
  EXPECT_EQ(weir_wait_bucket(0), 0);
  EXPECT_EQ(weir_wait_bucket(UINT64_MAX), WEIR_WAIT_BUCKETS);
  EXPECT_EQ(weir_wait_bound_ns(-1), UINT64_MAX);
  EXPECT_EQ(weir_wait_bound_ns(WEIR_WAIT_BUCKETS), UINT64_MAX);
}

}  // namespace
