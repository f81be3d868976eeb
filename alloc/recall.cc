// Taking caches back: recall, thread exit, fork.
#include <sched.h>

#include "weir/alloc/pools.h"
#include "weir/alloc/zone.h"

namespace weir {

bool Zone::Recall() {
  // In exhaustion mode there is mostly nothing to do, and threads at the limit should not disturb
  // one another's looks.
  bool any = false;
  g_records.ForEach([&](ThreadRecord& r) { any = any || r.caches[id_].Recallable(); });
  if (!any) return false;
  InTransit guard(transit_);
  const uint64_t pass = passes_.fetch_add(1, std::memory_order_relaxed) + 1;  // counter
  bool busy = false;
  any = false;
  g_records.ForEach([&](ThreadRecord& r) {
    switch (r.caches[id_].Revoke(pass)) {
      case Cache::kMine:
        any = true;
        break;
      case Cache::kBusyElsewhere:
        // A signal handler of ours that interrupted an operation would wait for itself.
        if (&r != t_record) busy = true;
        break;
      case Cache::kNothing:
        break;
    }
  });
  if (!any) return busy;
  HeavyFence();
  Magazine* m = nullptr;
  int taken = 0;
  g_records.ForEach([&](ThreadRecord& r) {
    Cache& cache = r.caches[id_];
    if (!cache.Mine(pass)) return;
    bool idle = cache.Collect([&](void* object) {
      Pack(m, object);
      ++taken;
    });
    if (!idle && &r != t_record) busy = true;
  });
  PackRest(m);
  recalled_.Add(static_cast<uint64_t>(taken));
  if (taken != 0) waiters_.Notify(taken);
  return busy;
}

void Zone::CloseCache(ThreadRecord* t) {
  InTransit guard(transit_);  // a fork waits for us, or we for it
  Cache& cache = t->caches[id_];
  if (!cache.Close()) return;
  FlushCache(cache, cache.count());
  cache.Kill();
}

void Zone::WaitQuiet(const ThreadRecord* own) {
  // Twice: an operation that began before the gate was closed may have given its cache back to the
  // fast path behind the first recall. None can behind the second.
  for (int quiet = 0; quiet < 2;) {
    Recall();
    bool busy = !transit_.QuietNow();
    g_records.ForEach([&](ThreadRecord& r) {
      if (&r != own && r.caches[id_].Busy()) busy = true;
    });
    if (busy) {
      sched_yield();
    } else {
      ++quiet;
    }
  }
}

void Zone::AfterFork(const ThreadRecord* own) {
  Magazine* m = nullptr;
  g_records.ForEach([&](ThreadRecord& r) {
    if (&r != own) r.caches[id_].Bury([&](void* object) { Pack(m, object); });
  });
  PackRest(m);
  transit_.Reset();
  trimming_.store(0, std::memory_order_relaxed);  // quiescent
  waiters_.Reset(t_announced[id_] ? 1 : 0);
}

}  // namespace weir
