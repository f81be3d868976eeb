#include "weir/alloc/fork.h"

#include <pthread.h>
#include <sched.h>

#include "weir/alloc/own_thread.h"
#include "weir/alloc/pools.h"
#include "weir/alloc/slab_range.h"
#include "weir/reclaim/futex.h"
#include "weir/stats/atomic.h"
#include "weir/stats/break.h"

namespace weir {
namespace {

constinit Atomic<uint32_t> gate{0};
__thread bool t_forking = false;

// Recalls everything and returns when no other thread is in the middle of moving objects.
void WaitQuiet(weir_pools& pools) {
  const ThreadRecord* own = pools.OwnIfAny();
  // Twice: an operation that began before the gate was closed may have given its cache back to the
  // fast path behind the first recall. None can behind the second.
  for (int quiet = 0; quiet < 2;) {
    pools.Recall();
    bool busy = !pools.transit.QuietNow();
    for (int i = 0; i < WEIR_NZONES; ++i) busy = busy || pools.caches(i).AnyBusy(own);
    if (busy) {
      sched_yield();
    } else {
      ++quiet;
    }
  }
}

// Makes the child forget the threads that are not there.
void ForgetOthers(weir_pools& pools) {
  const ThreadRecord* own = pools.OwnIfAny();
  for (int i = 0; i < WEIR_NZONES; ++i) pools.caches(i).BuryOthers(own);
  for (Zone& zone : pools.zones) zone.AfterFork();
  pools.transit.Reset();
  pools.trimming_idle.store(0, std::memory_order_relaxed);  // quiescent
  ForgetOwners(pools);
  pools.drains.AfterFork();
  pools.watermarks.AfterFork();
}

void Prepare() {
  LockStart();  // else the child could find it locked by a thread that is not there
  // [F1] seq_cst: pairs with [F2]. acquire besides: pairs with [F3], two threads that fork take
  // turns.
  while (gate.exchange(1, std::memory_order_seq_cst) != 0) FutexWait(gate, 1, kNever);
  t_forking = true;
  if (!Broken(kBreakForkGate)) ForEachPools(WaitQuiet);
  // After that: who is waited for may need it.
  if (!Broken(kBreakForkRanges)) LockRanges();
}

void OpenGate() {
  if (!Broken(kBreakForkRanges)) UnlockRanges();
  // [F3] release: pairs with [F1] and [F2].
  gate.store(0, std::memory_order_seq_cst);
  t_forking = false;
  UnlockStart();
}

void Parent() {
  OpenGate();
  FutexWake(gate, 1 << 30);
}

void Child() {
  ForEachPools(ForgetOthers);
  OpenGate();
  RestartOwnThread();
}

}  // namespace

// [F2] seq_cst: pairs with [F1] and [F3]; with the caller's own seq_cst mark before it, one side of
// a Dekker pair; the other is Prepare's closing of the gate and its look at the marks.
bool ForkGateClosed() { return gate.load(std::memory_order_seq_cst) != 0 && !t_forking; }

void WaitForkGate() {
  while (gate.load(std::memory_order_acquire) != 0) FutexWait(gate, 1, kNever);  // [F2]
}

void InstallForkHandlers() { pthread_atfork(Prepare, Parent, Child); }

}  // namespace weir
