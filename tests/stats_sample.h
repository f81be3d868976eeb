// A snapshot with figures that can be told apart, and that keep the invariants of snapshot.h.
#ifndef WEIR_TESTS_STATS_SAMPLE_H_
#define WEIR_TESTS_STATS_SAMPLE_H_

#include "weir/stats/snapshot.h"

inline weir_snapshot SampleSnapshot() {
  weir_snapshot s;
  weir_snapshot_clear(&s);
  s.uptime_ns = 90'500'000'000;
  s.threads = 3;
  constexpr int64_t kSizes[] = {256, 2048, 4096, 9216, 16384, 0};
  constexpr int64_t kLimits[] = {5000, 1000, 500, 200, 100, 0};
  for (int i = 0; i < WEIR_NZONES; ++i) {
    s.zones[i].size = kSizes[i];
    s.zones[i].limit = kLimits[i];
  }
  weir_zone_snapshot& mbuf = s.zones[WEIR_ZONE_MBUF];
  mbuf.in_use = 6;
  mbuf.cached_thread = 10;
  mbuf.cached_depot = 16;
  mbuf.cached_slab = 224;
  mbuf.total = 256;
  mbuf.bytes = 65536;
  mbuf.allocs = 1006;
  mbuf.frees = 1000;
  mbuf.refills = 63;
  mbuf.flushes = 62;
  weir_zone_snapshot& cluster = s.zones[WEIR_ZONE_CLUSTER];
  cluster.low_water = 8;
  cluster.in_use = 20;
  cluster.cached_thread = 2;
  cluster.cached_depot = 4;
  cluster.cached_slab = 5;
  cluster.total = 31;
  cluster.bytes = 65536;
  cluster.waiting = 1;
  cluster.allocs = 520;
  cluster.frees = 500;
  cluster.failures = 7;
  cluster.waits = 4;
  cluster.recalls = 9;
  cluster.recalled_objects = 33;
  cluster.drains = 2;
  cluster.drained_objects = 12;
  for (int i = 0; i < WEIR_WAIT_BUCKETS; ++i) cluster.wait_buckets[i] = i < 7 ? 0 : i < 13 ? 1 : 2;
  cluster.wait_count = 3;
  cluster.wait_sum_ns = 21'502'000'000;
  s.types[1] = 3;
  s.types[2] = 1;
  s.types[200] = 2;
  s.drains = 5;
  s.drained_objects = 40;
  s.drops = 7;
  s.waits = 1;
  s.copy_failures = 11;
  s.pullup_failures = 13;
  return s;
}

#endif  // WEIR_TESTS_STATS_SAMPLE_H_
