// The way of one object between the caller, the depot and the loose stack.
#include "weir/alloc/zone.h"

#include <cerrno>

#include "weir/alloc/inject.h"
#include "weir/alloc/pools.h"
#include "weir/stats/break.h"

namespace weir {

// ---- Putting ----

void Zone::PutLoose(void* object) {
  loose_count_.fetch_add(1, std::memory_order_relaxed);  // counter
  loose_.Push(g_slabs.NumberOf(object, id_), Looser());
}

void Zone::PutOne(void* object) {
  if (Broken(kBreakWaitRecheck)) return PutLoose(object);
  if (waiters_.Grant(g_slabs.NumberOf(object, id_))) return;
  PutLoose(object);
  ServeWaiters(kAtGate);
}

void Zone::ServeWaiters(Gate gate) {
  if (!waiters_.Queued()) return;
  InTransit guard(pools_.transit, gate);
  while (waiters_.Queued()) {
    void* object = TakeOne(kInside);
    if (object == nullptr) break;
    // If the last one left meanwhile, another may come: look again.
    if (!waiters_.Grant(g_slabs.NumberOf(object, id_))) PutLoose(object);
  }
}

void Zone::PutMany(void* const* objects, int n) {
  Magazine* m = nullptr;
  for (int i = 0; i < n; ++i) Pack(m, objects[i]);
  PackRest(m);
  Returned();
}

// ---- Taking ----

void* Zone::TakeLoose() {
  uint32_t number = loose_.Pop(Looser());
  if (number == IndexStack::kNone) return nullptr;
  loose_count_.fetch_sub(1, std::memory_order_relaxed);  // counter
  return g_slabs.ObjectAt(number, id_);
}

void Zone::Fill(Cache& cache) {
  uint32_t want = FillFromDepot(cache);
  for (; want != 0; --want) {
    void* object = TakeLoose();
    if (object == nullptr) break;
    cache.Push(object);
  }
  if (cache.count() != 0) return;
  void* fresh[kCacheMax];
  uint32_t n = Carve(want, fresh);
  // The first carved comes out first.
  while (n != 0) cache.Push(fresh[--n]);
}

void* Zone::TakeFromDepot(Gate gate) {
  if (depot_.NoneFull()) return nullptr;
  InTransit guard(pools_.transit, gate);
  Magazine* m = depot_.PopFull();
  if (m == nullptr) return nullptr;
  void* object = m->rounds[--m->count];
  PackRest(m);
  return object;
}

void* Zone::TakeOne(Gate gate) {
  if (void* object = TakeLoose()) return object;
  if (void* object = TakeFromDepot(gate)) return object;
  if (void* object = TakeSetAside(gate)) return object;
  void* object;
  return Carve(1, &object) == 1 ? object : nullptr;
}

// ---- The slow paths ----

void* Zone::AllocSlow(ThreadRecord* t, int tally, int how) {
  if (InjectFailure()) [[unlikely]] {
    failures_.Add(1);
    errno = ENOBUFS;
    return nullptr;
  }
  do {
    if (t != nullptr) {
      if (void* object = Alloc(*t, tally)) return object;
    }
    if (how == kWait && waiters_.Queued()) break;  // behind those who came before
    if (void* object = TakeOne()) {
      pools_.shared.allocs[tally].Add(1);
      return object;
    }
  } while (Grow());
  return AtLimit(tally, how);
}

void Zone::FreeSlow(ThreadRecord* t, int tally, void* object) {
  if (t != nullptr && Free(*t, tally, object)) return;
  pools_.shared.frees[tally].Add(1);
  PutOne(object);
}

}  // namespace weir
