// Sleeping on a 32-bit word until another thread wakes it: futex(2), private to the process.
#ifndef WEIR_RECLAIM_FUTEX_H_
#define WEIR_RECLAIM_FUTEX_H_

#include <cstdint>

#include "weir/stats/atomic.h"

namespace weir {

// A point on CLOCK_MONOTONIC in nanoseconds; kNever is no deadline.
inline constexpr int64_t kNever = INT64_MAX;
int64_t MonotonicNs();

// Sleeps while word == seen, until a wake, the deadline, or a signal. False only if the deadline
// passed.
bool FutexWait(const Atomic<uint32_t>& word, uint32_t seen, int64_t deadline_ns);

// Wakes up to n sleepers.
void FutexWake(const Atomic<uint32_t>& word, int n);

}  // namespace weir

#endif  // WEIR_RECLAIM_FUTEX_H_
