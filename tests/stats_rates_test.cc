#include "weir/stats/rates.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

#include "tests/stats_sample.h"

namespace {

using weir::RatesHeader;
using weir::RatesLine;

// The sample, two seconds and some work later.
weir_snapshot Later() {
  weir_snapshot s = SampleSnapshot();
  s.uptime_ns += 2'000'000'000;
  s.zones[WEIR_ZONE_MBUF].allocs += 2000;
  s.zones[WEIR_ZONE_MBUF].frees += 1999;
  s.zones[WEIR_ZONE_CLUSTER].allocs += 30;
  s.zones[WEIR_ZONE_JUMBO_9K].allocs += 4;
  s.zones[WEIR_ZONE_JUMBO_9K].in_use = 5;
  s.zones[WEIR_ZONE_JUMBO_9K].failures += 4;
  s.zones[WEIR_ZONE_CLUSTER].waits += 1;
  s.zones[WEIR_ZONE_MBUF].recalls += 6;
  s.drains += 7;
  // An mbuf and a cluster are counted in their own zones already.
  s.zones[WEIR_ZONE_PACKET].allocs += 100;
  s.zones[WEIR_ZONE_PACKET].in_use = 100;
  return s;
}

TEST(Rates, AreGrowthASecond) {
  EXPECT_EQ(RatesHeader() + RatesLine(SampleSnapshot(), Later()),
            " ---------mbufs--------- --------clusters------- --mem- -------events/s--------\n"
            "    used alloc/s  free/s    used alloc/s  free/s    MiB  fail  wait recal drain\n"
            "       6    1000    1000      25      17       0    0.1     2   0.5     3   3.5\n");
}

TEST(Rates, AreThoseSinceTheStartIfThatIsNewer) {
  weir_snapshot now;
  weir_snapshot_clear(&now);
  now.uptime_ns = 500'000'000;
  now.zones[WEIR_ZONE_MBUF].allocs = 50;
  EXPECT_EQ(RatesLine(SampleSnapshot(), now),
            "       0     100       0       0       0       0      0     0     0     0     0\n");
}

TEST(Rates, OfNoTimeAndOfCountersThatFellAreNone) {
  weir_snapshot now = Later();
  now.uptime_ns = SampleSnapshot().uptime_ns;
  const std::string none =
      "       6       0       0      25       0       0    0.1     0     0     0     0\n";
  EXPECT_EQ(RatesLine(SampleSnapshot(), now), none);
  weir_snapshot before = Later();
  before.uptime_ns -= 3'000'000'000;
  before.zones[WEIR_ZONE_CLUSTER].allocs += 1;
  weir_snapshot same = Later();
  EXPECT_EQ(RatesLine(before, same), none);
}

TEST(Rates, FitInEightyColumnsWhateverTheyAre) {
  EXPECT_EQ(RatesHeader().find('\n'), RatesHeader().rfind('\n', RatesHeader().size() - 2));
  EXPECT_LE(RatesHeader().find('\n'), 80u);
  for (uint64_t most = 1; most != 0; most = most > (uint64_t{1} << 60) ? 0 : most * 7) {
    weir_snapshot before, now;
    weir_snapshot_clear(&before);
    weir_snapshot_clear(&now);
    now.uptime_ns = 1'000'000;
    now.drains = most;
    for (weir_zone_snapshot& zone : now.zones) {
      zone.in_use = zone.bytes = static_cast<int64_t>(most);
      zone.allocs = zone.frees = zone.failures = zone.waits = zone.recalls = most;
    }
    EXPECT_EQ(RatesLine(before, now).size(), 80u) << RatesLine(before, now);
  }
}

}  // namespace
