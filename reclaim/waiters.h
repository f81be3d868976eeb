// Threads that wait for an object to come back: an event count over a futex.
//
//   waiter                                who puts an object back
//   Announce()                [W1]        push it where takers look (seq_cst)
//   loop: e = Epoch()         [W3]        Notify(n): if Any() [W2], epoch + 1 [W5], wake n
//         look for an object (seq_cst)
//         found: break
//         Sleep(e)
//   Retire()
//
// No wake-up is lost: the two sides are a Dekker pair of sequentially consistent operations.
// Either the waiter's look sees the push, or the pusher's Any() sees the waiter; and in that case
// the epoch moved after the waiter read it, so that Sleep returns at once or is woken.
// Progress: all but Sleep are wait-free (Notify makes one system call if anyone waits).
//
// While any thread is announced the zone is in exhaustion mode: see alloc/zone.h.
#ifndef WEIR_RECLAIM_WAITERS_H_
#define WEIR_RECLAIM_WAITERS_H_

#include <climits>
#include <cstdint>

#include "weir/reclaim/futex.h"
#include "weir/stats/atomic.h"
#include "weir/stats/break.h"

namespace weir {

class Waiters {
 public:
  // [W1] seq_cst: pairs with [W2]; else a push and an announcement could miss each other.
  void Announce() { waiting_.fetch_add(1, std::memory_order_seq_cst); }
  // relaxed (hint): a pusher that still sees us makes one wake-up too many.
  void Retire() { waiting_.fetch_sub(1, std::memory_order_relaxed); }

  // [W2] seq_cst: pairs with [W1].
  bool Any() const { return waiting_.load(std::memory_order_seq_cst) != 0; }

  // [W3] acquire: pairs with [W5]; the look that follows sees what was pushed before the epoch
  // moved.
  uint32_t Epoch() const { return epoch_.load(std::memory_order_acquire); }

  // False only if the deadline passed.
  bool Sleep(uint32_t epoch, int64_t deadline_ns) { return FutexWait(epoch_, epoch, deadline_ns); }

  // n objects were put back.
  void Notify(int n) {
    if (Broken(kBreakWaitRecheck) || !Any()) return;
    // [W5] release: pairs with [W3].
    epoch_.fetch_add(1, std::memory_order_release);
    FutexWake(epoch_, n);
  }

  void NotifyAll() { Notify(INT_MAX); }

  uint32_t Count() const { return waiting_.load(std::memory_order_relaxed); }  // hint

  // In a fork's child, where only n of this thread's announcements are left. quiescent.
  void Reset(uint32_t n) { waiting_.store(n, std::memory_order_relaxed); }

 private:
  alignas(64) Atomic<uint32_t> waiting_{0};
  Atomic<uint32_t> epoch_{0};
};

}  // namespace weir

#endif  // WEIR_RECLAIM_WAITERS_H_
