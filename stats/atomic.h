// The atomics of every concurrent structure in weir. An alias, so that a model test can compile
// the same source against atomics whose every operation is a step of a scheduler.
#ifndef WEIR_STATS_ATOMIC_H_
#define WEIR_STATS_ATOMIC_H_

#ifdef WEIR_ATOMIC_HEADER
#include WEIR_ATOMIC_HEADER
#else
#include <atomic>

namespace weir {
template <typename T>
using Atomic = std::atomic<T>;
// The same, of a variable that lives elsewhere.
template <typename T>
using AtomicRef = std::atomic_ref<T>;
}  // namespace weir
#endif

#endif  // WEIR_STATS_ATOMIC_H_
