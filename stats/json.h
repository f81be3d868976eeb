// A snapshot as JSON (RFC 8259, one line). The keys below are stable: more may come, none
// changes its meaning; "schema" would grow if one did. docs/stats.schema.json says it to programs.
//
//   schema            1
//   version           of the library
//   uptime_seconds    since the library came up, a fraction; rates come from its differences
//   threads           that hold a cache
//   memory_bytes      held from the slab source, all zones
//   drains, drained_objects, drops, waits, copy_failures, pullup_failures   counters
//   zones             array, an object for each zone:
//     name, size, limit, low_water, in_use, cached_thread, cached_depot, cached_slab, total,
//     bytes, waiting, allocs, frees, failures, waits, refills, flushes, recalls,
//     recalled_objects, drains, drained_objects     as in weir_zone_snapshot
//     wait            object: bounds_seconds and counts, arrays of one length, cumulative;
//                     count, all waits that are over; sum_seconds
//   types             object: name or number of an mbuf type -> mbufs in use; the named types
//                     are always there, others and "free" when they hold any
//   sets              array, an object for each set of zones besides the default one, whose figures
//                     those above are; not there when there is none: name, threads, drains,
//                     drained_objects, drops, waits, zones and types, as above
//   server            array, what the program around weir adds: name, kind ("gauge" or
//                     "counter"), unit ("", "bytes" or "seconds"), value
//
// Figures are whole numbers up to 2^64 - 1, which some readers (JavaScript) round beyond 2^53.
//
// Thread rule: pure functions of their arguments.
#ifndef WEIR_STATS_JSON_H_
#define WEIR_STATS_JSON_H_

#include <span>
#include <string>

#include "weir/stats/figure.h"
#include "weir/stats/set_snapshot.h"
#include "weir/stats/snapshot.h"

namespace weir {

std::string RenderJson(const struct weir_snapshot& snapshot, std::span<const Figure> server = {},
                       std::span<const SetSnapshot> others = {});

}  // namespace weir

#endif  // WEIR_STATS_JSON_H_
