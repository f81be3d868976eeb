// Objects in transit: who moves more than the object it takes or frees, outside of a thread cache,
// says so, so that nobody takes "I found nothing" for "there is nothing" meanwhile.
//
//   mover                       looker (at the limit)
//   Begin()        [T1]         w = Look()           [T2]
//   pop ... push                look in depot and slabs: nothing
//   End()          [T1]         Quiet(w)? then there was nothing free at that moment
//
// How many move now and how many moves there were stand in one word, so one load shows whether a
// move is under way, and two equal loads that none began or ended in between. All sequentially
// consistent: the moves themselves are on other words (the stacks).
// Progress: wait-free, all of them.
#ifndef WEIR_ALLOC_TRANSIT_H_
#define WEIR_ALLOC_TRANSIT_H_

#include <cstdint>

#include "weir/alloc/fork.h"
#include "weir/stats/atomic.h"
#include "weir/stats/break.h"

namespace weir {

class Transit {
 public:
  void Begin() { word_.fetch_add(kMove + 1, std::memory_order_seq_cst); }  // [T1] pairs with [T2]
  void End() { word_.fetch_add(kMove - 1, std::memory_order_seq_cst); }    // [T1] pairs with [T2]

  uint64_t Look() const { return word_.load(std::memory_order_seq_cst); }  // [T2] pairs with [T1]
  // True if nothing was moving since, and including, Look() returned w.
  bool Quiet(uint64_t w) const {
    return w % kMove == 0 && (Broken(kBreakTransitLook) || Look() == w);
  }
  bool QuietNow() const { return Look() % kMove == 0; }
  void Reset() { word_.store(0, std::memory_order_relaxed); }  // quiescent

 private:
  static constexpr uint64_t kMove = 1 << 16;  // more than there can be threads

  alignas(64) Atomic<uint64_t> word_{0};
};

// Begin .. End, behind the fork gate. kInside: a fork waits for the caller already, because it is
// in transit or in its cache; it must not wait for the fork in turn.
enum Gate { kAtGate, kInside };
class InTransit {
 public:
  explicit InTransit(Transit& transit, Gate gate = kAtGate) : transit_(transit) {
    for (transit_.Begin(); gate == kAtGate && ForkGateClosed(); transit_.Begin()) {
      transit_.End();
      WaitForkGate();
    }
  }
  ~InTransit() { transit_.End(); }
  InTransit(const InTransit&) = delete;
  InTransit& operator=(const InTransit&) = delete;

 private:
  Transit& transit_;
};

}  // namespace weir

#endif  // WEIR_ALLOC_TRANSIT_H_
