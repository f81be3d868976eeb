// The way of one object between the caller, the depot and the loose stack.
#include "weir/alloc/zone.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "weir/alloc/hooks.h"
#include "weir/alloc/inject.h"
#include "weir/alloc/one_by_one.h"
#include "weir/alloc/pools.h"
#include "weir/stats/break.h"

namespace weir {

// ---- Putting ----

// Free objects go by number, from hand to hand and on the loose stack. Where each is one of
// malloc's, what goes by number is the right to have one.

uint32_t Zone::NumberFor(void* object) {
  if (!pools_.one_by_one) return g_slabs.NumberOf(object, id_);
  DropOneObject(id_, object);
  return 0;
}

void Zone::PutNumber(uint32_t number) {
  if (pools_.one_by_one) {
    CountCarved(-1);
    return;
  }
  loose_count_.fetch_add(1, std::memory_order_relaxed);  // counter
  loose_.Push(number, Looser());
}

void* Zone::ObjectOf(uint32_t number) {
  if (!pools_.one_by_one) return g_slabs.ObjectAt(number, id_);
  void* object = MakeOneObject(id_);
  if (object == nullptr) {
    PutNumber(number);
    return nullptr;
  }
  memset(object, 0, kPoisonFrom[id_]);  // as in Carve
  OnFree(id_, object);
  return object;
}

void Zone::PutLoose(void* object) { PutNumber(NumberFor(object)); }

void Zone::PutOne(void* object) {
  if (Broken(kBreakWaitRecheck)) return PutLoose(object);
  const uint32_t number = NumberFor(object);
  if (waiters_.Grant(number)) return;
  if (quarantine_.On()) [[unlikely]] {
    InTransit guard(pools_.transit);
    object = HoldBack(object);
    if (object != nullptr) PutLoose(object);
  } else {
    PutNumber(number);
  }
  ServeWaiters(kAtGate);
}

void Zone::ServeWaiters(Gate gate) {
  if (!waiters_.Queued()) return;
  InTransit guard(pools_.transit, gate);
  while (waiters_.Queued()) {
    void* object = TakeOne(kInside);
    if (object == nullptr && LetGo(kInside)) continue;
    if (object == nullptr) break;
    // If the last one left meanwhile, another may come: look again.
    const uint32_t number = NumberFor(object);
    if (!waiters_.Grant(number)) PutNumber(number);
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

int64_t Zone::Kept() const {
  const int64_t most = limit();
  if (carved() >= most) return 0;
  return std::min(kKeptMagazines, most / (kKeptPart * kMagazineRounds * depot_shards));
}

void Zone::Fill(Cache& cache, int64_t kept) {
  uint32_t want = FillFromDepot(cache, kept);
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
  if (pools_.one_by_one) return CountCarved(1) ? ObjectOf(0) : nullptr;
  if (void* object = TakeLoose()) return object;
  if (void* object = TakeFromDepot(gate)) return object;
  if (void* object = TakeSetAside(gate)) return object;
  void* object;
  return Carve(1, &object) == 1 ? object : nullptr;
}

// ---- Quarantine ----

void Zone::OpenQuarantine() {
  const size_t n = static_cast<size_t>(pools_.options.quarantine);
  if (quarantine_.Open(n)) return;
  fprintf(stderr, "weir: quarantine: no memory to hold %zu objects of zone %s back; none are\n", n,
          weir_zone_name(id_));
}

void* Zone::HoldBack(void* object) {
  if (kFillHeldBack) FillFree(object, kPoisonFrom[id_], kObjectBytes[id_]);
  return Leaving(quarantine_.Swap(object));
}

void* Zone::Leaving(void* object) const {
  if (kFillHeldBack && object != nullptr) {
    VerifyFree(id_, object, kPoisonFrom[id_], kObjectBytes[id_]);
  }
  return object;
}

bool Zone::LetGo(Gate gate) {
  if (!quarantine_.Any()) return false;
  InTransit guard(pools_.transit, gate);
  for (uint32_t n = 0; n < kMagazineRounds; ++n) {
    void* object = Leaving(quarantine_.Take());
    if (object == nullptr) return n != 0;
    PutLoose(object);
  }
  return true;
}

// ---- The slow paths ----

void* Zone::AllocSlow(ThreadRecord* t, int tally, int how) {
  const int64_t wait_ms = pools_.wait_limit_ms.load(std::memory_order_relaxed);  // hint
  const bool endless = how == kWait && wait_ms <= 0;
  if (InjectFailure(endless)) [[unlikely]] {
    failures_.Add(1);
    errno = how == kWait && !endless ? ETIMEDOUT : ENOBUFS;
    return nullptr;
  }
  // What other processors keep is left to them while there can be more. Twice, not in a loop: to a
  // signal handler that interrupted an operation on the cache it is no use, however much there is.
  const int64_t kept = t == nullptr ? 0 : Kept();
  for (int tries = 0; kept != 0 && tries < 2; ++tries) {
    if (void* object = Alloc(*t, tally, kept)) return object;
    if (!t->caches[id_].OpenAndEmpty() || !aside_.Empty() || !Grow()) break;
  }
  do {
    if (t != nullptr) {
      if (void* object = Alloc(*t, tally, 0)) return object;
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
