// The snapshot of a set of zones besides the default one (weir_pools_snapshot).
#ifndef WEIR_STATS_SET_SNAPSHOT_H_
#define WEIR_STATS_SET_SNAPSHOT_H_

#include <string>

#include "weir/stats/snapshot.h"

namespace weir {

struct SetSnapshot {
  std::string name;  // differs from "default" and from those of other sets
  struct weir_snapshot figures;
};

}  // namespace weir

#endif  // WEIR_STATS_SET_SNAPSHOT_H_
