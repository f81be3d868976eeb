#include "weir/stats/text.h"

#include <algorithm>
#include <cstdint>

#include "weir/stats/append.h"

// No Abseil here: libweir itself prints this at exit, and needs nothing but jemalloc.

namespace weir {
namespace {

constexpr int64_t kKilo = 1024;

// The words that netstat has for the types, by MT_* value.
constexpr const char* kTypes[] = {
    nullptr,          "data",
    "packet headers", "socket names and addresses",
    "socket options", "fragment reassembly queue headers",
    "ancillary data", "oob data",
};

int64_t Cached(const weir_zone_snapshot& zone) {
  return zone.cached_thread + zone.cached_depot + zone.cached_slab;
}

const char* Plural(int64_t n) { return n == 1 ? "" : "s"; }

void AppendPools(const weir_snapshot& snapshot, std::string* out) {
  const weir_zone_snapshot* zones = snapshot.zones;
  const weir_zone_snapshot& mbuf = zones[WEIR_ZONE_MBUF];
  Append(out, "%ld/%ld/%ld mbufs in use (current/cache/total)\n", mbuf.in_use, Cached(mbuf),
         mbuf.total);
  const auto pool = [&](int id, const char* what) {
    const weir_zone_snapshot& zone = zones[id];
    Append(out, "%ld/%ld/%ld/%ld %s in use (current/cache/total/max)\n", zone.in_use, Cached(zone),
           zone.total, zone.limit, what);
  };
  pool(WEIR_ZONE_CLUSTER, "mbuf clusters");
  const weir_zone_snapshot& packet = zones[WEIR_ZONE_PACKET];
  Append(out, "%ld/%ld mbuf+clusters out of packet secondary zone in use (current/cache)\n",
         packet.in_use, Cached(packet));
  pool(WEIR_ZONE_JUMBO_PAGE, "4k (page size) jumbo clusters");
  pool(WEIR_ZONE_JUMBO_9K, "9k jumbo clusters");
  pool(WEIR_ZONE_JUMBO_16K, "16k jumbo clusters");
}

struct Bytes {
  int64_t used = 0;
  int64_t held = 0;
};

Bytes SumBytes(const weir_snapshot& snapshot) {
  Bytes sum;
  for (const weir_zone_snapshot& zone : snapshot.zones) {
    sum.used += zone.in_use * zone.size;
    sum.held += std::max(zone.bytes, zone.in_use * zone.size);
  }
  return sum;
}

void AppendRequests(const weir_snapshot& snapshot, std::string* out) {
  using Counter = uint64_t weir_zone_snapshot::*;
  const auto of = [&](int zone, Counter counter) { return snapshot.zones[zone].*counter; };
  const auto mbufs = [&](const char* what, Counter counter) {
    Append(out, "%lu/%lu/0 requests for mbufs %s (mbufs/clusters/mbuf+clusters)\n",
           of(WEIR_ZONE_MBUF, counter), of(WEIR_ZONE_CLUSTER, counter), what);
  };
  const auto jumbos = [&](const char* what, Counter counter) {
    Append(out, "%lu/%lu/%lu requests for jumbo clusters %s (4k/9k/16k)\n",
           of(WEIR_ZONE_JUMBO_PAGE, counter), of(WEIR_ZONE_JUMBO_9K, counter),
           of(WEIR_ZONE_JUMBO_16K, counter), what);
  };
  mbufs("denied", &weir_zone_snapshot::failures);
  mbufs("delayed", &weir_zone_snapshot::waits);
  jumbos("delayed", &weir_zone_snapshot::waits);
  jumbos("denied", &weir_zone_snapshot::failures);
}

void AppendTypes(const weir_snapshot& snapshot, std::string* out) {
  const int64_t mbufs = snapshot.zones[WEIR_ZONE_MBUF].in_use;
  Append(out, "%ld mbuf%s in use:\n", mbufs, Plural(mbufs));
  constexpr int kNamed = sizeof kTypes / sizeof kTypes[0];
  for (int type = 0; type < WEIR_NTYPES; ++type) {
    const int64_t count = snapshot.types[type];
    if (count == 0) continue;
    Append(out, "\t%ld mbuf%s allocated to ", count, Plural(count));
    if (type < kNamed && kTypes[type] != nullptr) {
      Append(out, "%s\n", kTypes[type]);
    } else {
      Append(out, "<mbuf type %d>\n", type);
    }
  }
}

}  // namespace

std::string RenderText(const weir_snapshot& snapshot) {
  std::string out;
  AppendPools(snapshot, &out);
  const Bytes bytes = SumBytes(snapshot);
  Append(&out, "%ldK/%ldK/%ldK bytes allocated to network (current/cache/total)\n",
         bytes.used / kKilo, (bytes.held - bytes.used) / kKilo, bytes.held / kKilo);
  AppendRequests(snapshot, &out);
  AppendTypes(snapshot, &out);
  const int64_t percent = bytes.held == 0 ? 0 : bytes.used * 100 / bytes.held;
  Append(&out, "%ld Kbytes allocated to network (%ld%% in use)\n", bytes.held / kKilo, percent);
  Append(&out, "%lu requests for memory denied\n", snapshot.drops);
  Append(&out, "%lu requests for memory delayed\n", snapshot.waits);
  Append(&out, "%lu calls to protocol drain routines\n", snapshot.drains);
  return out;
}

std::string RenderZones(const weir_snapshot& snapshot) {
  std::string out;
  Append(&out, "%-10s %6s %10s %10s %9s %9s %9s %10s\n", "ZONE", "SIZE", "LIMIT", "USED", "THREADS",
         "DEPOT", "SLABS", "TOTAL");
  for (const weir_zone_snapshot& zone : snapshot.zones) {
    Append(&out, "%-10s %6ld %10ld %10ld %9ld %9ld %9ld %10ld\n", zone.name, zone.size, zone.limit,
           zone.in_use, zone.cached_thread, zone.cached_depot, zone.cached_slab, zone.total);
  }
  Append(&out, "\n%-10s %10s %17s %9s %9s %10s %9s\n", "ZONE", "MEM(K)", "REQUESTS", "FAILED",
         "WAITS", "RECALLS", "DRAINS");
  for (const weir_zone_snapshot& zone : snapshot.zones) {
    Append(&out, "%-10s %10ld %17lu %9lu %9lu %10lu %9lu\n", zone.name, zone.bytes / kKilo,
           zone.allocs, zone.failures, zone.waits, zone.recalls, zone.drains);
  }
  return out;
}

}  // namespace weir
