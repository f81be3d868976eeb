// How often threads meet, as counts and not as time: weir's own statistics, and its atomics, which
// here are those of counting_atomic.h. An operation is one allocation or one free.
#include <atomic>
#include <cstdint>
#include <cstdio>

#include "bench/scale_main.h"
#include "bench/weir_peer.h"
#include "weir/alloc/layout.h"
#include "weir/stats/atomic.h"

namespace {

std::atomic<uint64_t> rmws{0}, failed_swaps{0};  // of threads that have ended

struct CountedPeer : weir_bench::WeirPeer {
  struct Thread {
    Thread() { weir::t_atomic_counts = {}; }
    ~Thread() {
      rmws += weir::t_atomic_counts.rmws;
      failed_swaps += weir::t_atomic_counts.failed_swaps;
    }
  };
};

struct Counts {
  uint64_t operations = 0;
  uint64_t refills = 0;
  uint64_t exchanges = 0;  // refills and flushes
};

// Packets count among mbufs too.
Counts CountsNow() {
  struct weir_snapshot s;
  weir_snapshot(&s);
  Counts c;
  c.operations = s.zones[WEIR_ZONE_MBUF].allocs + s.zones[WEIR_ZONE_MBUF].frees;
  for (const struct weir_zone_snapshot& zone : s.zones) {
    c.refills += zone.refills;
    c.exchanges += zone.refills + zone.flushes;
  }
  return c;
}

}  // namespace

int main(int argc, char** argv) {
  Counts before;
  const auto start = [&before] {
    before = CountsNow();
    rmws = failed_swaps = 0;
  };
  const auto print = [&before] {
    const Counts now = CountsNow();
    const double operations = static_cast<double>(now.operations - before.operations);
    const double exchanges = static_cast<double>(now.exchanges - before.exchanges);
    printf(
        ", \"magazine\": %u, \"refills_per_op\": %.6f, \"exchanges_per_op\": %.6f, "
        "\"rmws_per_op\": %.6f, \"exchanges\": %.0f, \"retries_per_exchange\": %.6f",
        weir::kMagazineRounds, static_cast<double>(now.refills - before.refills) / operations,
        exchanges / operations, static_cast<double>(rmws) / operations, exchanges,
        exchanges == 0 ? 0 : static_cast<double>(failed_swaps) / exchanges);
  };
  return weir_bench::ScaleMain<CountedPeer>(argc, argv, start, print);
}
