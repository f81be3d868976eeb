#include "weir/stats/text.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

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
  absl::StrAppend(out, mbuf.in_use, "/", Cached(mbuf), "/", mbuf.total,
                  " mbufs in use (current/cache/total)\n");
  const auto pool = [&](int id, const char* what) {
    const weir_zone_snapshot& zone = zones[id];
    absl::StrAppend(out, zone.in_use, "/", Cached(zone), "/", zone.total, "/", zone.limit, " ",
                    what, " in use (current/cache/total/max)\n");
  };
  pool(WEIR_ZONE_CLUSTER, "mbuf clusters");
  const weir_zone_snapshot& packet = zones[WEIR_ZONE_PACKET];
  absl::StrAppend(out, packet.in_use, "/", Cached(packet),
                  " mbuf+clusters out of packet secondary zone in use (current/cache)\n");
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
    absl::StrAppend(out, of(WEIR_ZONE_MBUF, counter), "/", of(WEIR_ZONE_CLUSTER, counter),
                    "/0 requests for mbufs ", what, " (mbufs/clusters/mbuf+clusters)\n");
  };
  const auto jumbos = [&](const char* what, Counter counter) {
    absl::StrAppend(out, of(WEIR_ZONE_JUMBO_PAGE, counter), "/", of(WEIR_ZONE_JUMBO_9K, counter),
                    "/", of(WEIR_ZONE_JUMBO_16K, counter), " requests for jumbo clusters ", what,
                    " (4k/9k/16k)\n");
  };
  mbufs("denied", &weir_zone_snapshot::failures);
  mbufs("delayed", &weir_zone_snapshot::waits);
  jumbos("delayed", &weir_zone_snapshot::waits);
  jumbos("denied", &weir_zone_snapshot::failures);
}

void AppendTypes(const weir_snapshot& snapshot, std::string* out) {
  const int64_t mbufs = snapshot.zones[WEIR_ZONE_MBUF].in_use;
  absl::StrAppend(out, mbufs, " mbuf", Plural(mbufs), " in use:\n");
  constexpr int kNamed = sizeof kTypes / sizeof kTypes[0];
  for (int type = 0; type < WEIR_NTYPES; ++type) {
    const int64_t count = snapshot.types[type];
    if (count == 0) continue;
    absl::StrAppend(out, "\t", count, " mbuf", Plural(count), " allocated to ");
    if (type < kNamed && kTypes[type] != nullptr) {
      absl::StrAppend(out, kTypes[type], "\n");
    } else {
      absl::StrAppend(out, "<mbuf type ", type, ">\n");
    }
  }
}

}  // namespace

std::string RenderText(const weir_snapshot& snapshot) {
  std::string out;
  AppendPools(snapshot, &out);
  const Bytes bytes = SumBytes(snapshot);
  absl::StrAppend(&out, bytes.used / kKilo, "K/", (bytes.held - bytes.used) / kKilo, "K/",
                  bytes.held / kKilo, "K bytes allocated to network (current/cache/total)\n");
  AppendRequests(snapshot, &out);
  AppendTypes(snapshot, &out);
  const int64_t percent = bytes.held == 0 ? 0 : bytes.used * 100 / bytes.held;
  absl::StrAppend(&out, bytes.held / kKilo, " Kbytes allocated to network (", percent,
                  "% in use)\n");
  absl::StrAppend(&out, snapshot.drops, " requests for memory denied\n");
  absl::StrAppend(&out, snapshot.waits, " requests for memory delayed\n");
  absl::StrAppend(&out, snapshot.drains, " calls to protocol drain routines\n");
  return out;
}

std::string RenderZones(const weir_snapshot& snapshot) {
  std::string out = absl::StrFormat("%-10s %6s %10s %10s %9s %9s %9s %10s %8s %14s %9s %9s %9s\n",
                                    "ZONE", "SIZE", "LIMIT", "USED", "THREADS", "DEPOT", "SLABS",
                                    "TOTAL", "MEM(K)", "REQUESTS", "FAILED", "WAITS", "RECALLS");
  for (const weir_zone_snapshot& zone : snapshot.zones) {
    absl::StrAppendFormat(&out, "%-10s %6d %10d %10d %9d %9d %9d %10d %8d %14d %9d %9d %9d\n",
                          zone.name, zone.size, zone.limit, zone.in_use, zone.cached_thread,
                          zone.cached_depot, zone.cached_slab, zone.total, zone.bytes / kKilo,
                          zone.allocs, zone.failures, zone.waits, zone.recalls);
  }
  return out;
}

}  // namespace weir
