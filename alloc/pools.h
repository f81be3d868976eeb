// The default set of zones, its drain handlers and its options.
#ifndef WEIR_ALLOC_POOLS_H_
#define WEIR_ALLOC_POOLS_H_

#include <cstdint>

#include "weir/alloc/options.h"
#include "weir/alloc/slab_source.h"
#include "weir/alloc/zone.h"
#include "weir/reclaim/drain.h"

namespace weir {

extern Zone g_zones[WEIR_NZONES];
extern DrainRegistry g_drains;
extern weir_options g_options;      // as resolved; written once, at start
extern const SlabSource* g_source;  // written once, at start
extern Atomic<int64_t> g_wait_limit_ms;
extern Atomic<uint32_t> g_shutdown;

// Whether the calling thread is announced as a waiter of each zone.
extern __thread bool t_announced[WEIR_NZONES];

// Makes the zones if they are not made yet: with *options, or the defaults if it is nullptr.
// 0; EBUSY if they were made before and options is not nullptr; EINVAL with a message on stderr.
// Options that the environment gets wrong abort, unless this is weir_init.
int StartPools(const weir_options* options);
int64_t StartedNs();  // on CLOCK_MONOTONIC; 0 before
// Around a fork: nobody is in the middle of StartPools.
void LockStart();
void UnlockStart();

}  // namespace weir

#endif  // WEIR_ALLOC_POOLS_H_
