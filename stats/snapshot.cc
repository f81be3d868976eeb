#include "weir/stats/snapshot.h"

#include <cstring>

#include "weir/stats/version.h"

namespace {

constexpr const char* kZoneNames[WEIR_NZONES] = {
    "mbuf", "cluster", "jumbo_page", "jumbo_9k", "jumbo_16k", "packet",
};

// By MT_* value; stats cannot see those names, but they are BSD's and do not change.
constexpr const char* kTypeNames[] = {
    "free", "data", "header", "soname", "soopts", "ftable", "control", "oobdata",
};

constexpr uint64_t kMicrosecond = 1000;
constexpr uint64_t kMillisecond = 1000 * kMicrosecond;
constexpr uint64_t kSecond = 1000 * kMillisecond;

// From a futex round trip to what nobody should ever wait; two steps a decade.
constexpr uint64_t kWaitBounds[WEIR_WAIT_BUCKETS] = {
    1 * kMicrosecond,   5 * kMicrosecond,   10 * kMicrosecond,  50 * kMicrosecond,
    100 * kMicrosecond, 500 * kMicrosecond, 1 * kMillisecond,   5 * kMillisecond,
    10 * kMillisecond,  50 * kMillisecond,  100 * kMillisecond, 500 * kMillisecond,
    1 * kSecond,        5 * kSecond,        10 * kSecond,
};

}  // namespace

extern "C" const char* weir_zone_name(int zone) {
  return zone >= 0 && zone < WEIR_NZONES ? kZoneNames[zone] : "unknown";
}

extern "C" const char* weir_type_name(int type) {
  constexpr int kNamed = sizeof kTypeNames / sizeof kTypeNames[0];
  return type >= 0 && type < kNamed ? kTypeNames[type] : nullptr;
}

extern "C" void weir_snapshot_clear(struct weir_snapshot* snapshot) {
  std::memset(snapshot, 0, sizeof *snapshot);
  snapshot->version = WEIR_VERSION;
  for (int zone = 0; zone < WEIR_NZONES; ++zone) {
    snapshot->zones[zone].name = weir_zone_name(zone);
  }
}

extern "C" uint64_t weir_wait_bound_ns(int bucket) {
  return bucket >= 0 && bucket < WEIR_WAIT_BUCKETS ? kWaitBounds[bucket] : UINT64_MAX;
}

extern "C" int weir_wait_bucket(uint64_t ns) {
  int bucket = 0;
  while (bucket < WEIR_WAIT_BUCKETS && ns > kWaitBounds[bucket]) ++bucket;
  return bucket;
}
