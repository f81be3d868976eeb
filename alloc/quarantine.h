// Freed objects that are held back for a while, the oldest let go first; so that a write to an
// object after it was freed falls on nobody's data, and is found when the object leaves.
//
// A ring of objects. Each put takes the next place, and takes out what was there.
//
//   operation      may race with   progress
//   Swap           everything      wait-free
//   Any, Take      everything      wait-free, one step a place at most
#ifndef WEIR_ALLOC_QUARANTINE_H_
#define WEIR_ALLOC_QUARANTINE_H_

#include <cstddef>
#include <cstdint>

#include "weir/alloc/metadata.h"
#include "weir/stats/atomic.h"
#include "weir/stats/break.h"

namespace weir {

class Quarantine {
 public:
  // For n objects, 0: for none. Before the first use of the set. False: no memory, and none are.
  bool Open(size_t n) {
    if (n > made_) {
      if (ring_ != nullptr) MetadataFree(ring_, made_ * sizeof *ring_);
      ring_ = static_cast<Atomic<void*>*>(MetadataAlloc(n * sizeof *ring_));
      made_ = ring_ == nullptr ? 0 : n;
    }
    size_ = n <= made_ ? n : 0;
    return size_ == n;
  }
  bool On() const { return size_ != 0; }
  bool Any() const {
    for (size_t i = 0; i < size_; ++i) {
      if (ring_[i].load(std::memory_order_seq_cst) != nullptr) return true;  // [Y2]
    }
    return false;
  }

  // Puts an object in; the one that leaves for it, or nullptr.
  void* Swap(void* object) {
    const uint64_t at = next_.fetch_add(1, std::memory_order_relaxed);  // counter
    // [Y1] seq_cst: pairs with [Y2], what the last owner did with the object, and so with itself;
    // with Waiters [Q2] behind it one side of a Dekker pair, [Q1] and [Y2] the other.
    return ring_[at % size_].exchange(object, Order(kBreakQuarantine, std::memory_order_seq_cst));
  }

  // Takes one of the oldest out, or nullptr if there is none.
  void* Take() {
    const uint64_t at = next_.load(std::memory_order_relaxed);  // hint
    for (size_t i = 0; i < size_; ++i) {
      Atomic<void*>& place = ring_[(at + i) % size_];
      if (place.load(std::memory_order_seq_cst) == nullptr) continue;  // [Y2]
      // [Y2] seq_cst: pairs with [Y1].
      void* object = place.exchange(nullptr, std::memory_order_seq_cst);
      if (object != nullptr) return object;
    }
    return nullptr;
  }

 private:
  Atomic<void*>* ring_ = nullptr;
  size_t size_ = 0;
  size_t made_ = 0;
  Atomic<uint64_t> next_{0};
};

}  // namespace weir

#endif  // WEIR_ALLOC_QUARANTINE_H_
