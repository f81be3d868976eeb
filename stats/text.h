// A snapshot as people read it: in the words of netstat -m, and as a table of zones.
//
// Thread rule: pure functions of their arguments.
#ifndef WEIR_STATS_TEXT_H_
#define WEIR_STATS_TEXT_H_

#include <string>

#include "weir/stats/snapshot.h"

namespace weir {

// netstat -m: FreeBSD's current/cache/total/max lines, which scripts know how to read, then the
// BSDs' older lines by type and of requests denied, delayed and drained. "cache" is whatever is
// held and free, wherever it is. "denied" counts failures, "delayed" waits.
std::string RenderText(const struct weir_snapshot& snapshot);

// Two tables of a line for each zone: where its objects are, and what happened to it. 80 columns
// wide as long as no figure is wider than its column.
std::string RenderZones(const struct weir_snapshot& snapshot);

}  // namespace weir

#endif  // WEIR_STATS_TEXT_H_
