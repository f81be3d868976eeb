// A monotonic 64-bit counter with one writer and any number of readers: no read-modify-write.
//
// Thread safety: Add by one thread at a time (its owner); Read by any. Wait-free.
// Counters are not folded into one another: a sum over all of them is exact as soon as their owners
// are quiet. They are reset only with what they belong to, when nobody uses it.
#ifndef WEIR_STATS_COUNTER_H_
#define WEIR_STATS_COUNTER_H_

#include <cstdint>

#include "weir/stats/atomic.h"

namespace weir {

class Counter {
 public:
  void Add(uint64_t n) { Set(Own() + n); }
  void Increment() { value_.Add(1); }  // as Set: [K1]

  // The owner's own view, and a higher value.
  uint64_t Own() const { return value_.Own(); }
  // [K1] release: pairs with [K2] and, in a Countdown, with [K7], so that who sees a free counted also sees the allocation that
  // came before it counted; else a snapshot could show negative use.
  void Set(uint64_t n) { value_.store(n, std::memory_order_release); }

  void Reset() { value_.store(0, std::memory_order_relaxed); }  // quiescent

  // [K2] acquire: pairs with [K1]. A reader that sums frees before allocations never sees more
  // frees than allocations.
  uint64_t Read() const { return value_.load(std::memory_order_acquire); }

 private:
  OwnersAtomic<uint64_t> value_{0};
};

// The same for events that any thread may count; slow paths only.
class SharedCounter {
 public:
  // [K3] release: pairs with [K4].
  void Add(uint64_t n) { value_.fetch_add(n, std::memory_order_release); }
  void Reset() { value_.store(0, std::memory_order_relaxed); }  // quiescent
  // [K4] acquire: pairs with [K3].
  uint64_t Read() const { return value_.load(std::memory_order_acquire); }

 private:
  Atomic<uint64_t> value_{0};
};

}  // namespace weir

#endif  // WEIR_STATS_COUNTER_H_
