// Use and rates between two snapshots, a line each, as vmstat prints them.
#ifndef WEIR_STATS_RATES_H_
#define WEIR_STATS_RATES_H_

#include <string>

#include "weir/stats/snapshot.h"

namespace weir {

// Two lines; these and all others are 80 columns wide at most, whatever the figures.
std::string RatesHeader();

// Gauges are those of `now`, rates the counters' growth since `before`, a second. How long that
// was, the snapshots' uptimes say. If the program was started anew in between, what was counted
// since its start is taken. Clusters are those of all sizes.
std::string RatesLine(const struct weir_snapshot& before, const struct weir_snapshot& now);

}  // namespace weir

#endif  // WEIR_STATS_RATES_H_
