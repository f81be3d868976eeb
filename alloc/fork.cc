#include "weir/alloc/fork.h"

#include <pthread.h>

#include "weir/alloc/pools.h"
#include "weir/alloc/thread_record.h"
#include "weir/reclaim/futex.h"
#include "weir/stats/atomic.h"
#include "weir/stats/break.h"

namespace weir {
namespace {

constinit Atomic<uint32_t> gate{0};
__thread bool t_forking = false;

void Prepare() {
  LockStart();  // else the child could find it locked by a thread that is not there
  // [F1] seq_cst: pairs with [F2]. acquire besides: pairs with [F3], two threads that fork take
  // turns.
  while (gate.exchange(1, std::memory_order_seq_cst) != 0) FutexWait(gate, 1, kNever);
  t_forking = true;
  if (Broken(kBreakForkGate)) return;
  for (Zone& zone : g_zones) zone.WaitQuiet(t_record);
}

void OpenGate() {
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
  for (Zone& zone : g_zones) zone.AfterFork(t_record);
  ThreadRecord* own = t_record;
  g_records.ForEach([own](ThreadRecord& r) {
    if (&r != own) g_records.Abandon(&r);
  });
  g_drains.AfterFork();
  OpenGate();
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
