// Where new objects come from: carving, new slabs, limits.
#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "weir/alloc/hooks.h"
#include "weir/alloc/pools.h"
#include "weir/alloc/zone.h"
#include "weir/stats/break.h"

namespace weir {

// ABA on carving_: the word says all there is to say, so a word that came back means the same.

uint32_t Zone::Carve(uint32_t n, void** out) {
  uint64_t w = carving_.load(std::memory_order_acquire);  // [V2]
  uint32_t take;
  do {
    uint32_t room = Carving::Slab1(w) == 0 ? 0 : SlabCapacity(id_) - Carving::Place(w);
    int64_t left = limit() - Carving::Carved(w);
    take = static_cast<uint32_t>(std::clamp<int64_t>(left, 0, std::min(n, room)));
    if (take == 0) return 0;
    // [V2] acquire: pairs with [V1], the slab's description. seq_cst: see OverLimit.
  } while (!carving_.compare_exchange_weak(
      w, Carving::Make(Carving::Carved(w) + take, Carving::Slab1(w), Carving::Place(w) + take),
      std::memory_order_seq_cst, std::memory_order_acquire));
  uint32_t number = (Carving::Slab1(w) - 1) << kPlaceBits | Carving::Place(w);
  for (uint32_t i = 0; i < take; ++i) {
    out[i] = g_slabs.ObjectAt(number + i, id_);
    // Whatever the memory held before, it must not look like an mbuf in use.
    memset(out[i], 0, kPoisonFrom[id_]);
    OnFree(id_, out[i]);
  }
  while (take != 0 && OverLimit()) {
    InTransit guard(pools_.transit, kInside);
    PutAside(out[--take]);
  }
  return take;
}

// Whether more objects exist than may, after the caller counted some. The other side of the Dekker
// pair stores a lower limit [V3] and then looks at the count [V5]: either we see that limit here,
// or SetLimit sees our objects.
bool Zone::OverLimit() const {
  if (Broken(kBreakOverLimit)) return false;
  return carved() > limit();
}

bool Zone::Grow() {
  if (pools_.one_by_one) return false;
  uint64_t w = carving_.load(std::memory_order_acquire);  // [V2]
  if (Carving::Carved(w) >= limit()) return false;
  if (Carving::Slab1(w) != 0 && Carving::Place(w) < SlabCapacity(id_)) return true;
  uint32_t slab = g_slabs.Make(id_, spare_slabs_, pools_.SourceOf(id_));
  // [V2]: where slabs are few, another thread may have taken the last one, for all to carve from.
  if (slab == Slabs::kNone) return carving_.load(std::memory_order_acquire) != w;
  // [V1] release: pairs with [V2], publishes the slab's description; else objects are carved from
  // garbage.
  if (carving_.compare_exchange_strong(w, Carving::Make(Carving::Carved(w), slab + 1, 0),
                                       std::memory_order_acq_rel, std::memory_order_relaxed)) {
    slabs_.fetch_add(1, std::memory_order_relaxed);  // counter
  } else {
    g_slabs.Unmake(slab, spare_slabs_, pools_.SourceOf(id_));  // another thread was first
  }
  return true;
}

int64_t Zone::carved() const {
  // [V5] seq_cst: pairs with [V3], see OverLimit; else a limit is believed that was overrun.
  return Carving::Carved(carving_.load(std::memory_order_seq_cst));
}

int Zone::SetLimit(int64_t objects) {
  if (objects < 0 || objects > MostObjects(id_, pools_.options)) return EINVAL;
  if (objects < pools_.InUseAtLeast(id_)) return EINVAL;  // plainly too low: nobody should see it
  int64_t old = limit_.load(std::memory_order_relaxed);   // hint, put back if we fail
  // [V3] seq_cst: pairs with [V4], and with [V5] below; with Waiters::Any() in Poke, one side of a
  // Dekker pair: either a waiter's look sees the new limit or we see the waiter.
  limit_.store(objects, Order(kBreakLimitOrder, std::memory_order_seq_cst));
  // Free objects can go if that is what it takes. Unless so many are in use, threads are just
  // moving the rest, or carving: those will see the new limit and give back.
  bool refused = objects < carved();
  for (int looks = 0; refused && looks < kLooks; ++looks) {
    if (looks != 0) {
      if (pools_.InUseAtLeast(id_) > objects) break;
      sched_yield();
    }
    Recall();
    while (TakePacketsApart()) {
    }
    Trim();
    SetAside(objects);
    refused = objects < carved();
  }
  if (refused) limit_.store(old, std::memory_order_seq_cst);  // [V3]
  waiters_.Poke();  // who looked while it was lower must look again
  return refused ? EINVAL : 0;
}

// Adds to the count of objects that exist. False at the limit.
bool Zone::CountCarved(int by) {
  uint64_t w = carving_.load(std::memory_order_seq_cst);  // [V2]
  do {
    if (by > 0 && Carving::Carved(w) + by > limit()) return false;
  } while (!carving_.compare_exchange_weak(
      w,
      Carving::Make(static_cast<uint32_t>(Carving::Carved(w) + by), Carving::Slab1(w),
                    Carving::Place(w)),
      std::memory_order_seq_cst, std::memory_order_seq_cst));  // [V2]
  if (by <= 0 || !OverLimit()) return true;
  CountCarved(-by);
  return false;
}

// A free object is not counted any more. In transit.
void Zone::PutAside(void* object) {
  CountCarved(-1);
  aside_count_.fetch_add(1, std::memory_order_relaxed);  // counter
  aside_.Push(g_slabs.NumberOf(object, id_), Looser());
}

void Zone::SetAside(int64_t limit) {
  while (carved() > limit) {
    InTransit guard(pools_.transit);
    void* object = TakeLoose();
    if (object == nullptr) {
      Magazine* m = depot_.PopFull();
      if (m == nullptr) return;
      object = m->rounds[--m->count];
      PackRest(m);
    }
    PutAside(object);
  }
}

void* Zone::TakeSetAside(Gate gate) {
  // Not in transit for nothing: who looks for the last object would have to look again.
  if (aside_.Empty() || carved() >= limit()) return nullptr;
  InTransit guard(pools_.transit, gate);
  return PopSetAside();
}

void* Zone::PopSetAside() {
  uint32_t number = aside_.Pop(Looser());
  if (number == IndexStack::kNone) return nullptr;
  if (!CountCarved(1)) {
    aside_.Push(number, Looser());
    return nullptr;
  }
  aside_count_.fetch_sub(1, std::memory_order_relaxed);  // counter
  return g_slabs.ObjectAt(number, id_);
}

int Zone::Reserve(int64_t objects) {
  if (objects < 0 || objects > limit()) return EINVAL;
  low_water_.store(objects, std::memory_order_relaxed);  // hint
  for (int64_t missing; (missing = objects - carved()) > 0;) {
    uint32_t n;
    {
      InTransit guard(pools_.transit);
      void* fresh[kMagazineRounds];
      n = Carve(static_cast<uint32_t>(std::min<int64_t>(kMagazineRounds, missing)), fresh);
      // Rather than in a new slab, for which a region may have no room.
      if (n == 0 && (fresh[0] = PopSetAside()) != nullptr) n = 1;
      PutMany(fresh, static_cast<int>(n));
    }
    if (n == 0 && !Grow() && carved() < objects) return pools_.one_by_one ? 0 : ENOBUFS;
  }
  return 0;
}

}  // namespace weir
