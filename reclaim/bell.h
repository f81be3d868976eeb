// One thread sleeps until others have something for it to look at.
//
//   who has something        the thread that looks
//   makes it visible         Answer(): the bell is quiet, then it looks
//   Ring()                   Sleep(): at once over if the bell rang since
//
// No ring is lost: it comes before the bell is quieted, and then the look that follows sees what it
// was for, or after, and then the sleep ends at once. Quieted behind the look instead, the bell
// would forget who rang meanwhile, and the thread would sleep on what nobody looked at.
//
//   operation      may race with         progress
//   Ring           everything            wait-free (a system call if the bell was quiet)
//   Answer, Sleep  Ring                  one thread's; Answer is wait-free
#ifndef WEIR_RECLAIM_BELL_H_
#define WEIR_RECLAIM_BELL_H_

#include <cstdint>

#include "weir/reclaim/futex.h"
#include "weir/stats/atomic.h"
#include "weir/stats/break.h"

namespace weir {

class Bell {
 public:
  void Ring() {
    // [O1] release: pairs with [O2], publishes what is to be looked at.
    if (rung_.exchange(1, std::memory_order_release) == 0) FutexWake(rung_, 1);
  }

  template <typename Look>
  void Answer(Look look) {
    if (!Broken(kBreakBellOrder)) Quiet();
    look();
    if (Broken(kBreakBellOrder)) Quiet();
  }

  void Sleep(int64_t deadline_ns) { FutexWait(rung_, 0, deadline_ns); }

  // In a fork's child. quiescent.
  void Reset() { rung_.store(0, std::memory_order_relaxed); }

 private:
  // [O2] acquire: pairs with [O1]; else the look could miss what the ring was for.
  void Quiet() { rung_.exchange(0, std::memory_order_acquire); }

  Atomic<uint32_t> rung_{0};
};

}  // namespace weir

#endif  // WEIR_RECLAIM_BELL_H_
