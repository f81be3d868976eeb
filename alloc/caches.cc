#include "weir/alloc/caches.h"

#include <algorithm>
#include <utility>

#include "weir/alloc/fork.h"
#include "weir/alloc/inject.h"
#include "weir/alloc/pools.h"
#include "weir/alloc/prefetch.h"
#include "weir/alloc/sampling.h"
#include "weir/stats/break.h"

namespace weir {

// ---- The owner's cache ----

// True if it may be used until Leave().
bool Caches::Open(Cache& cache) {
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
    if (entry == Cache::kMustFlush) Flush(cache, cache.count());
    return Restore(cache, entry == Cache::kMustFlush);
  }
}

// The cache is empty and ours to give back to the fast path, unless in exhaustion mode.
bool Caches::Restore(Cache& cache, bool flushing) {
  if (Wanted() || pools_.uncached >> id_ & 1 || InjectionArmed()) {
    if (flushing) cache.StayRevoked();
    cache.Leave();
    return false;
  }
  cache.Restore(AsymmetricFence() ? kCacheRounds[id_] : 0);
  // A waiter may have announced itself in between and found the cache still revoked. Restore [C9]
  // and this look [W2] are one side of a Dekker pair, Announce [W1] and Revoke [C10] the other:
  // either it saw the restored cache, or we see it here. Else frees into this cache would not wake
  // it.
  if (Broken(kBreakRestoreCheck) || !Wanted()) return true;
  if (cache.RevokeOwn()) cache.StayRevoked();
  cache.Leave();
  return false;
}

void Caches::Flush(Cache& cache, uint32_t n) {
  if (n == 0) return;
  while (n != 0) {
    uint32_t moved = 1;
    if (Magazine* m = EmptyMagazine()) {
      moved = m->count = std::min(n, kMagazineRounds);
      cache.PopTo(m->rounds, moved);
      depot_.PutFull(m);
    } else {
      PutLoose(cache.Pop());
    }
    n -= moved;
  }
  Returned();
}

// What another processor freed has its headers there, two lines each: they are on their way while
// the first are used (W4 of bench/: half the time for a packet).
uint32_t Caches::FillFromDepot(Cache& cache, int64_t kept) {
  const uint32_t want = kCacheRounds[id_] / 2;
  const bool headers = id_ == WEIR_ZONE_MBUF || id_ == WEIR_ZONE_PACKET;
  while (cache.count() < want) {
    Magazine* m = depot_.PopFull(kept);
    if (m == nullptr) return want - cache.count();
    const bool far = headers && depot_.FromAnother(*m);
    const uint32_t n = std::min(m->count, kCacheRounds[id_] - cache.count());
    m->count -= n;
    cache.PushFrom(m->rounds + m->count, n);
    for (uint32_t i = 0; far && i < n; ++i) {
      const char* object = static_cast<char*>(m->rounds[m->count + i]);
      PrefetchForWrite(object);
      PrefetchForWrite(object + 64);
    }
    PackRest(m);
  }
  return 0;
}

void* Caches::Alloc(ThreadRecord& t, int tally, int64_t kept) {
  Cache& cache = t.caches[id_];
  if (!Open(cache)) return nullptr;
  if (!Broken(kBreakRateLook)) SeeSampleRate(t);
  if (cache.count() == 0) {
    Fill(cache, kept);
    if (cache.count() != 0) {
      t.events[id_].refills.Add(1);
    } else if (kept == 0 && cache.RevokeOwn()) {
      // Perhaps we are at the limit. Then a recall finds nothing to do here, and where it finds
      // nothing anywhere it needs no fence, which would be most of what a failure takes.
      cache.StayRevoked();
    }
  }
  void* object = nullptr;
  if (cache.count() != 0) {
    object = cache.Pop();
    t.allocs[tally].CountOne();
  }
  cache.Leave();
  return object;
}

bool Caches::Free(ThreadRecord& t, int tally, void* object) {
  Cache& cache = t.caches[id_];
  if (!Open(cache)) return false;
  if (cache.count() == kCacheRounds[id_]) {
    Flush(cache, kCacheRounds[id_] / 2);
    t.events[id_].flushes.Add(1);
  }
  cache.Push(object);
  t.frees[tally].Add(1);
  cache.Leave();
  return true;
}

// ---- Magazines ----

Magazine* Caches::EmptyMagazine() {
  Magazine* m = depot_.PopEmpty();
  if (m == nullptr) return nullptr;
  // All its lines at once: another processor may have emptied it.
  for (size_t i = 0; i < sizeof *m; i += 64) PrefetchForWrite(reinterpret_cast<char*>(m) + i);
  return m;
}

void Caches::Pack(Magazine*& m, void* object) {
  if (m == nullptr) m = EmptyMagazine();
  if (m == nullptr) return PutLoose(object);
  m->rounds[m->count++] = object;
  if (m->count == kMagazineRounds) {
    depot_.PutFull(m);
    m = nullptr;
  }
}

void Caches::PackRest(Magazine* m) {
  if (m != nullptr) m->count == 0 ? depot_.PutEmpty(m) : depot_.PutFull(m);
}

// ---- All threads ----

// wanted(record, id): whether that cache is to be taken.
template <typename Predicate>
bool Caches::RecallIf(std::initializer_list<Caches*> which, Predicate wanted) {
  weir_pools& pools = (*which.begin())->pools_;
  // In exhaustion mode there is mostly nothing to do, and threads at the limit should not disturb
  // one another's looks.
  bool any = false;
  pools.records.ForEach([&](ThreadRecord& r) {
    for (Caches* c : which) any = any || r.caches[c->id_].Recallable();
  });
  if (!any) return false;
  InTransit guard(pools.transit);
  // A signal handler of ours that interrupted an operation would wait for itself.
  const ThreadRecord* own = pools.OwnIfAny();
  uint64_t pass[WEIR_NZONES];
  bool busy = false;
  any = false;
  for (Caches* c : which) {
    pass[c->id_] = c->passes_.fetch_add(1, std::memory_order_relaxed) + 1;  // counter
    pools.records.ForEach([&](ThreadRecord& r) {
      if (!wanted(r, c->id_)) return;
      switch (r.caches[c->id_].Revoke(pass[c->id_])) {
        case Cache::kMine:
          any = true;
          break;
        case Cache::kBusyElsewhere:
          if (&r != own) busy = true;
          break;
        case Cache::kNothing:
          break;
      }
    });
  }
  if (!any) return busy;
  HeavyFence();
  for (Caches* c : which) {
    Magazine* m = nullptr;
    int taken = 0;
    pools.records.ForEach([&](ThreadRecord& r) {
      Cache& cache = r.caches[c->id_];
      if (!cache.Mine(pass[c->id_])) return;
      bool idle = cache.Collect([&](void* object) {
        c->Pack(m, object);
        ++taken;
      });
      if (!idle && &r != own) busy = true;
    });
    c->PackRest(m);
    c->recalled_.Add(static_cast<uint64_t>(taken));
    if (taken != 0) c->Returned();
  }
  return busy;
}

bool Caches::Recall(std::initializer_list<Caches*> which) {
  return RecallIf(which, [](const ThreadRecord&, int) { return true; });
}

void Caches::RecallIdle(std::initializer_list<Caches*> which) {
  RecallIf(which, [](ThreadRecord& r, int id) {
    uint64_t operations = 0;
    ForEachTally(TalliesOf(id),
                 [&](int i) { operations += r.allocs.Read(i) + r.frees[i].Read(); });
    return std::exchange(r.idle_mark[id], operations) == operations;
  });
}

void Caches::Close(ThreadRecord& t) {
  InTransit guard(pools_.transit);  // a fork waits for us, or we for it
  Cache& cache = t.caches[id_];
  if (!cache.Close()) return;
  Flush(cache, cache.count());
  cache.Kill();
}

bool Caches::AnyBusy(const ThreadRecord* own) const {
  bool busy = false;
  pools_.records.ForEach([&](ThreadRecord& r) {
    if (&r != own && r.caches[id_].Busy()) busy = true;
  });
  return busy;
}

void Caches::BuryOthers(const ThreadRecord* own) {
  Magazine* m = nullptr;
  pools_.records.ForEach([&](ThreadRecord& r) {
    if (&r != own) r.caches[id_].Bury([&](void* object) { Pack(m, object); });
  });
  PackRest(m);
}

int64_t Caches::HeldByThreads() const {
  int64_t held = 0;
  pools_.records.ForEach([&](const ThreadRecord& r) { held += r.caches[id_].Held(); });
  return held;
}

void Caches::FillCaches(weir_zone_snapshot& out) const {
  out.cached_thread = HeldByThreads();
  pools_.records.ForEach([&](const ThreadRecord& r) {
    out.refills += r.events[id_].refills.Read();
    out.flushes += r.events[id_].flushes.Read();
  });
  out.recalls = passes_.load(std::memory_order_relaxed) - passes_reset_;  // counter
  out.recalled_objects = recalled_.Read();
}

void Caches::ResetFigures() {
  passes_reset_ = passes_.load(std::memory_order_relaxed);  // quiescent
  recalled_.Reset();
}

}  // namespace weir
