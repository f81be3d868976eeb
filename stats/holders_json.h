// Who holds what as JSON (RFC 8259, one line). The keys are stable: more may come, none changes its
// meaning; "schema" would grow if one did.
//
//   schema       1
//   one_in       the rate: one in so many allocations is recorded; 0: none
//   unrecorded   buffers that could not be recorded for want of room, so far
//   groups       array, the largest first, an object for the buffers of a set and zone that were
//                allocated by the same calls:
//     set, zone, calls (names, the innermost first), recorded, objects, bytes, shared,
//     oldest_seconds, youngest_seconds             as in HoldersGroup (stats/holders.h)
//     oldest     object: object (address), thread, holders, history; where, where_seconds if
//                touched; held_by, an array of arrays of names
//
// Thread rule: pure functions of their arguments.
#ifndef WEIR_STATS_HOLDERS_JSON_H_
#define WEIR_STATS_HOLDERS_JSON_H_

#include <cstdint>
#include <string>

#include "weir/stats/holders.h"

namespace weir {

std::string RenderHoldersJson(const Holders& holders, int64_t one_in, NameFunction name);

}  // namespace weir

#endif  // WEIR_STATS_HOLDERS_JSON_H_
