// The way of one object between the caller, its thread's cache, the depot and the loose stack.
#include "weir/alloc/zone.h"

#include <cerrno>

#include "weir/alloc/fork.h"
#include "weir/alloc/hooks.h"
#include "weir/alloc/inject.h"

namespace weir {

// ---- The owner's cache ----

bool Zone::OpenCache(Cache& cache) {
  for (;;) {
    Cache::Entry entry = cache.Enter();
    if (entry == Cache::kAway || entry == Cache::kReentered) return false;
    if (ForkGateClosed()) [[unlikely]] {
      if (entry == Cache::kMustFlush) cache.Defer();
      cache.Leave();
      WaitForkGate();
      continue;
    }
    if (entry == Cache::kEntered) return true;
    if (entry == Cache::kMustFlush) FlushCache(cache, cache.count());
    return RestoreCache(cache, entry == Cache::kMustFlush);
  }
}

// The cache is empty and ours to give back to the fast path, unless the zone is in exhaustion mode.
bool Zone::RestoreCache(Cache& cache, bool flushing) {
  if (waiters_.Any() || InjectionArmed()) {
    if (flushing) cache.StayRevoked();
    cache.Leave();
    return false;
  }
  cache.Restore(AsymmetricFence() ? kCacheRounds[id_] : 0);
  // A waiter may have announced itself in between and found the cache still revoked. Restore [C9]
  // and this look [W2] are one side of a Dekker pair, Announce [W1] and Revoke [C10] the other:
  // either it saw the restored cache, or we see it here. Else frees into this cache would not wake
  // it.
  if (Broken(kBreakRestoreCheck) || !waiters_.Any()) return true;
  if (cache.RevokeOwn()) cache.StayRevoked();
  cache.Leave();
  return false;
}

void Zone::FlushCache(Cache& cache, uint32_t n) {
  Magazine* m = nullptr;
  for (uint32_t i = 0; i < n; ++i) Pack(m, cache.Pop());
  PackRest(m);
  if (n != 0) waiters_.Notify(static_cast<int>(n));
}

void Zone::Refill(Cache& cache) {
  const uint32_t want = kCacheRounds[id_] / 2;
  while (cache.count() < want) {
    Magazine* m = depot_.PopFull();
    if (m == nullptr) break;
    while (m->count != 0 && cache.count() < kCacheRounds[id_]) cache.Push(m->rounds[--m->count]);
    PackRest(m);
  }
  while (cache.count() < want) {
    uint32_t number = loose_.Pop(Looser());
    if (number == IndexStack::kNone) break;
    loose_count_.fetch_sub(1, std::memory_order_relaxed);  // counter
    cache.Push(g_slabs.ObjectAt(number, id_));
  }
  if (cache.count() != 0) return;
  void* fresh[kCacheMax];
  uint32_t n = Carve(want, fresh);
  // The first carved comes out first.
  while (n != 0) cache.Push(fresh[--n]);
}

void* Zone::AllocCached(ThreadRecord* t, int tally) {
  Cache& cache = t->caches[id_];
  if (!OpenCache(cache)) return nullptr;
  if (cache.count() == 0) {
    Refill(cache);
    t->events[id_].refills.Add(1);
  }
  void* object = nullptr;
  if (cache.count() != 0) {
    object = cache.Pop();
    t->allocs[tally].Add(1);
  }
  cache.Leave();
  return object;
}

bool Zone::FreeCached(ThreadRecord* t, int tally, void* object) {
  Cache& cache = t->caches[id_];
  if (!OpenCache(cache)) return false;
  if (cache.count() == kCacheRounds[id_]) {
    FlushCache(cache, kCacheRounds[id_] / 2);
    t->events[id_].flushes.Add(1);
  }
  cache.Push(object);
  t->frees[tally].Add(1);
  cache.Leave();
  return true;
}

// ---- Single objects ----

void Zone::Pack(Magazine*& m, void* object) {
  if (m == nullptr) m = depot_.PopEmpty();
  if (m == nullptr) {  // no memory for a magazine; the links of the loose stack exist already
    loose_count_.fetch_add(1, std::memory_order_relaxed);  // counter
    loose_.Push(g_slabs.NumberOf(object, id_), Looser());
    return;
  }
  m->rounds[m->count++] = object;
  if (m->count == kMagazineRounds) {
    depot_.PutFull(m);
    m = nullptr;
  }
}

void Zone::PackRest(Magazine* m) {
  if (m != nullptr) m->count == 0 ? depot_.PutEmpty(m) : depot_.PutFull(m);
}

void Zone::PutOne(void* object) {
  loose_count_.fetch_add(1, std::memory_order_relaxed);  // counter
  loose_.Push(g_slabs.NumberOf(object, id_), Looser());
  waiters_.Notify(1);
}

void* Zone::TakeFromDepot() {
  if (depot_.NoneFull()) return nullptr;
  InTransit guard(transit_);
  Magazine* m = depot_.PopFull();
  if (m == nullptr) return nullptr;
  void* object = m->rounds[--m->count];
  PackRest(m);
  return object;
}

void* Zone::TakeOne() {
  uint32_t number = loose_.Pop(Looser());
  if (number != IndexStack::kNone) {
    loose_count_.fetch_sub(1, std::memory_order_relaxed);  // counter
    return g_slabs.ObjectAt(number, id_);
  }
  if (void* object = TakeFromDepot()) return object;
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
      if (void* object = AllocCached(t, tally)) return object;
    }
    if (void* object = TakeOne()) {
      g_shared.allocs[tally].Add(1);
      return object;
    }
  } while (Grow());
  return AtLimit(tally, how);
}

void Zone::FreeSlow(ThreadRecord* t, int tally, void* object) {
  if (t != nullptr && FreeCached(t, tally, object)) return;
  g_shared.frees[tally].Add(1);
  PutOne(object);
}

}  // namespace weir
