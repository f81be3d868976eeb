// The keys of a zone's figures in JSON, for who writes them and who reads them.
#ifndef WEIR_STATS_ZONE_FIELDS_H_
#define WEIR_STATS_ZONE_FIELDS_H_

#include <cstdint>

#include "weir/stats/snapshot.h"

namespace weir {

template <typename Whole, typename Value>
struct Field {
  const char* key;
  Value Whole::*member;
};

inline constexpr Field<weir_zone_snapshot, int64_t> kZoneGauges[] = {
    {"size", &weir_zone_snapshot::size},
    {"limit", &weir_zone_snapshot::limit},
    {"low_water", &weir_zone_snapshot::low_water},
    {"in_use", &weir_zone_snapshot::in_use},
    {"cached_thread", &weir_zone_snapshot::cached_thread},
    {"cached_depot", &weir_zone_snapshot::cached_depot},
    {"cached_slab", &weir_zone_snapshot::cached_slab},
    {"total", &weir_zone_snapshot::total},
    {"bytes", &weir_zone_snapshot::bytes},
    {"waiting", &weir_zone_snapshot::waiting},
};

inline constexpr Field<weir_zone_snapshot, uint64_t> kZoneCounters[] = {
    {"allocs", &weir_zone_snapshot::allocs},
    {"frees", &weir_zone_snapshot::frees},
    {"failures", &weir_zone_snapshot::failures},
    {"waits", &weir_zone_snapshot::waits},
    {"refills", &weir_zone_snapshot::refills},
    {"flushes", &weir_zone_snapshot::flushes},
    {"recalls", &weir_zone_snapshot::recalls},
    {"recalled_objects", &weir_zone_snapshot::recalled_objects},
    {"drains", &weir_zone_snapshot::drains},
    {"drained_objects", &weir_zone_snapshot::drained_objects},
};

// Those of no zone: of a set of zones, and of the process.
inline constexpr Field<weir_snapshot, uint64_t> kSetCounters[] = {
    {"drains", &weir_snapshot::drains},
    {"drained_objects", &weir_snapshot::drained_objects},
    {"drops", &weir_snapshot::drops},
    {"waits", &weir_snapshot::waits},
};

inline constexpr Field<weir_snapshot, uint64_t> kProcessCounters[] = {
    {"copy_failures", &weir_snapshot::copy_failures},
    {"pullup_failures", &weir_snapshot::pullup_failures},
};

}  // namespace weir

#endif  // WEIR_STATS_ZONE_FIELDS_H_
