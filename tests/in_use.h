// How many objects of a zone callers hold, for leak checks.
#ifndef WEIR_TESTS_IN_USE_H_
#define WEIR_TESTS_IN_USE_H_

#include <cstdint>

#include "weir/chain/weir.h"
#include "weir/stats/snapshot.h"

inline int64_t InUse(int zone) {
  struct weir_snapshot snapshot;
  weir_snapshot(&snapshot);
  return snapshot.zones[zone].in_use;
}

#endif  // WEIR_TESTS_IN_USE_H_
