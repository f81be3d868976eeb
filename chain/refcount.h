// The reference count of an external buffer: how many mbufs hold it.
//
// A buffer that has only ever had one holder has no count at all (m_ext.ext_cnt is NULL), so an
// unshared alloc and free touch no cache line for it. The first sharing gives it one, and from
// then on it lives as long as the buffer has a holder.
//
// Contract of each method, for any number of threads, each calling for a holder that it owns:
#ifndef WEIR_CHAIN_REFCOUNT_H_
#define WEIR_CHAIN_REFCOUNT_H_

#include <cstdint>

#include "weir/stats/atomic.h"
#include "weir/stats/break.h"

namespace weir {

class RefCount {
 public:
  // Above this the count is stuck: the buffer is never freed, but never freed early either.
  static constexpr uint32_t kSaturated = uint32_t{1} << 31;

  explicit RefCount(uint32_t* cell) : cell_(*cell) {}

  // The caller is the only holder and makes a second one. Wait-free, no read-modify-write.
  // relaxed (unpublished): the second holder is not yet known to any other thread.
  void StartShared() { cell_.store(2, std::memory_order_relaxed); }

  // True if the caller's holder is the only one. Wait-free.
  bool Unique() const { return Now() == 1; }

  // One more holder, made from the caller's. Returns false once the count is stuck. Wait-free.
  bool Add() {
    if (Unique()) {
      cell_.store(2, std::memory_order_relaxed);  // owner-only: nobody else holds it
      return true;
    }
    // relaxed (counter): the caller's own holder keeps the buffer alive, nothing is published.
    uint32_t old = cell_.fetch_add(1, std::memory_order_relaxed);
    if (old < kSaturated - 1) return true;
    cell_.store(kSaturated + kSaturated / 2, std::memory_order_relaxed);  // hint: stays stuck
    return false;
  }

  // Gives the caller's holder up. True if it was the last: the caller must free the buffer.
  // Wait-free.
  bool Drop() {
    const uint32_t now = Now();
    if (now == 1) return true;
    if (now >= kSaturated) return false;  // a stuck count never comes back below
    // [R2] release: pairs with [R1], [R3] and [R4], publishes what the caller did with the buffer
    // to whoever reuses it; else its next owner's writes could overtake our reads.
    if (cell_.fetch_sub(1, Order(kBreakRefDrop, std::memory_order_release)) != 1) return false;
    // [R3] acquire: pairs with [R2] of every other holder.
    (void)cell_.load(std::memory_order_acquire);
    return true;
  }

  // relaxed (hint): for reports.
  uint32_t Read() const { return cell_.load(std::memory_order_relaxed); }

 private:
  uint32_t Now() const {
    // [R1] acquire: pairs with [R2]. If it is 1, what other holders did with the buffer before they
    // dropped it happens before what the caller does now; else our write could overtake their read.
    return cell_.load(Order(kBreakRefUnique, std::memory_order_acquire));
  }

  AtomicRef<uint32_t> cell_;
};

}  // namespace weir

#endif  // WEIR_CHAIN_REFCOUNT_H_
