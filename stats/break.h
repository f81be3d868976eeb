// Controls: a build with -DWEIR_BREAK_AT_RUN_TIME takes one memory order, fence or check out when
// WEIR_BREAK in the environment has its number, so that a test can show that it would notice. An
// ordinary build has no such choice and pays nothing.
#ifndef WEIR_STATS_BREAK_H_
#define WEIR_STATS_BREAK_H_

#include <atomic>
#ifdef WEIR_BREAK_AT_RUN_TIME
#include <cstdlib>
#endif

namespace weir {

enum Break {
  kBreakHeavyFence = 1,    // reclaim/fence.h: the reclaimer's membarrier is skipped
  kBreakTakeAcquire = 2,   // alloc/cache.h [C4]: the reclaimer reads the count relaxed
  kBreakStackPush = 3,     // alloc/index_stack.h [S1]: a push is relaxed
  kBreakStackTag = 4,      // alloc/index_stack.h: the generation stays the same (ABA)
  kBreakWaitRecheck = 5,   // alloc/zone.cc: a free does not look for waiters
  kBreakRestoreCheck = 6,  // alloc/caches.cc: who restores a cache does not look for waiters
  kBreakRefUnique = 7,     // chain/refcount.h [R1]
  kBreakRefDrop = 8,       // chain/refcount.h [R2]
  kBreakDrainExit = 9,     // reclaim/callbacks.h: unregister does not wait
  kBreakRecordClaim = 10,  // reclaim/registry.h: a claim is not a compare-and-swap
  kBreakSumOrder = 11,     // alloc/figures.cc: allocations are summed before frees
  kBreakForkGate = 12,     // alloc/fork.cc: a fork does not wait for moves under way
  kBreakClaimLook = 13,    // reclaim/registry.h: a claimed record is not looked at again
  kBreakDrainIdle = 14,    // reclaim/callbacks.h [D4]: unregister of an idle one is relaxed
  kBreakTransitLook = 15,  // alloc/transit.h: the second look is left out
  kBreakLimitOrder = 16,   // alloc/carve.cc [V3]: a new limit is stored relaxed
  kBreakGrant = 17,        // reclaim/waiters.h [Q3]: an object is handed over relaxed
  kBreakOverLimit = 18,    // alloc/carve.cc: who carved does not look at the limit again
  kBreakQuarantine = 19,   // alloc/quarantine.h [Y1]: an object is put in relaxed
  kBreakGuardPlace = 20,   // alloc/guard.cc [N1]: a place is taken by a load and a store
  kBreakOwnerGone = 21,    // alloc/thread_record.cc: the kernel is not asked for the thread
  kBreakRateLook = 24,     // alloc/caches.cc: who restores a cache does not look at the rate
  kBreakHeldSerial = 25,   // alloc/held.h [H6]: who read a record does not look at its serial again
  kBreakHeldKey = 26,      // alloc/held.h [H3]: a place is given up relaxed
  kBreakCountBase = 27,    // stats/countdown.h: who read a count does not look at its base again
  kBreakRangeLock = 40,    // alloc/slab_range.cc: slabs are handed out without the lock
  kBreakForkRanges = 41,   // alloc/fork.cc: a fork does not take the lock of the ranges
  kBreakRangeMask = 42,    // alloc/slab_range.cc: signals arrive while the lock is held
  kBreakRegionPin = 43,    // alloc/region.cc: pages go back also when they may be registered
  kBreakBellOrder = 45,    // reclaim/bell.h: the bell is quieted after the look
  kBreakQueueLock = 50,    // chain/mbufq.cc: a mbuf_queue is used without its lock
  kBreakBuildOrder = 901,  // tests/build_test.cc: relaxed, which ThreadSanitizer must see
  kBreakBuild = 902,       // tests/build_test.cc: fails
};

#ifdef WEIR_BREAK_AT_RUN_TIME
inline bool Broken(Break b) {
  // Not a variable of the namespace: weir is at work before those are initialized.
  static const int number = [] {
    const char* text = std::getenv("WEIR_BREAK");
    return text == nullptr ? 0 : std::atoi(text);
  }();
  return b == number;
}
inline std::memory_order Order(Break b, std::memory_order order) {
  return Broken(b) ? std::memory_order_relaxed : order;
}
#else
constexpr bool Broken(Break) { return false; }
constexpr std::memory_order Order(Break, std::memory_order order) { return order; }
#endif

}  // namespace weir

#endif  // WEIR_STATS_BREAK_H_
