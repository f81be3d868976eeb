// What the code under test asks of the system, as steps of the model: reclaim/fence.h,
// reclaim/futex.h and sched_yield.
#include <sched.h>

#include "tests/model/scheduler.h"
#include "weir/reclaim/fence.h"
#include "weir/reclaim/futex.h"
#include "weir/stats/break.h"

namespace weir {

bool AsymmetricFence() { return model::Membarrier(); }

void HeavyFence() {
  if (Broken(kBreakHeavyFence)) return;
  if (AsymmetricFence()) model::FlushAll();
}

// Time stands still: a deadline is a sleep that may end at any time.
int64_t MonotonicNs() { return 1; }

bool FutexWait(const Atomic<uint32_t>& word, uint32_t seen, int64_t deadline_ns) {
  if (deadline_ns != kNever) {
    model::Yield();
    return true;
  }
  model::Wait(&word.Value(), [&] { return word.Value() == seen; });
  return true;
}

void FutexWake(const Atomic<uint32_t>& word, int n) { model::Wake(&word.Value(), n); }

}  // namespace weir

extern "C" int sched_yield(void) noexcept {
  weir::model::Yield();
  return 0;
}
