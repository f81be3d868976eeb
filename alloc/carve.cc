// Where new objects come from and old ones go: carving, new slabs, limits, trimming.
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
    // [V2] acquire: pairs with [V1], the slab's description.
  } while (!carving_.compare_exchange_weak(
      w, Carving::Make(Carving::Carved(w) + take, Carving::Slab1(w), Carving::Place(w) + take),
      std::memory_order_acq_rel, std::memory_order_acquire));
  uint32_t number = (Carving::Slab1(w) - 1) << kPlaceBits | Carving::Place(w);
  for (uint32_t i = 0; i < take; ++i) {
    out[i] = g_slabs.ObjectAt(number + i, id_);
    // Whatever the memory held before, it must not look like an mbuf in use.
    memset(out[i], 0, kPoisonFrom[id_]);
    OnFree(id_, out[i]);
  }
  return take;
}

bool Zone::Grow() {
  uint64_t w = carving_.load(std::memory_order_acquire);  // [V2]
  if (Carving::Carved(w) >= limit()) return false;
  if (Carving::Slab1(w) != 0 && Carving::Place(w) < SlabCapacity(id_)) return true;
  uint32_t slab = g_slabs.Make(id_, spare_slabs_, *pools_.source);
  if (slab == Slabs::kNone) return false;
  // [V1] release: pairs with [V2], publishes the slab's description; else objects are carved from
  // garbage.
  if (carving_.compare_exchange_strong(w, Carving::Make(Carving::Carved(w), slab + 1, 0),
                                       std::memory_order_acq_rel, std::memory_order_relaxed)) {
    slabs_.fetch_add(1, std::memory_order_relaxed);  // counter
  } else {
    g_slabs.Unmake(slab, spare_slabs_, *pools_.source);  // another thread was first
  }
  return true;
}

int64_t Zone::carved() const {
  return Carving::Carved(carving_.load(std::memory_order_relaxed));  // hint
}

int Zone::SetLimit(int64_t objects) {
  if (objects < 0 || objects > kMaxObjects) return EINVAL;
  if (objects < pools_.InUse(id_)) return EINVAL;        // plainly too low: nobody should see it
  int64_t old = limit_.load(std::memory_order_relaxed);  // hint, put back if we fail
  // [V3] seq_cst: pairs with [V4]; with Waiters::Any() in Poke, one side of a Dekker pair:
  // either a waiter's look sees the new limit or we see the waiter.
  limit_.store(objects, Order(kBreakLimitOrder, std::memory_order_seq_cst));
  if (objects < carved()) {  // free objects can go if that is what it takes
    Recall();
    while (TakePacketsApart()) {
    }
    Trim();
    SetAside(objects);
  }
  const bool refused = objects < carved();
  if (refused) limit_.store(old, std::memory_order_seq_cst);  // [V3]
  waiters_.Poke();  // who looked while it was lower must look again
  return refused ? EINVAL : 0;
}

// Adds to the count of objects that exist. False at the limit.
bool Zone::CountCarved(int by) {
  uint64_t w = carving_.load(std::memory_order_acquire);  // [V2]
  do {
    if (by > 0 && Carving::Carved(w) + by > limit()) return false;
  } while (!carving_.compare_exchange_weak(
      w,
      Carving::Make(static_cast<uint32_t>(Carving::Carved(w) + by), Carving::Slab1(w),
                    Carving::Place(w)),
      std::memory_order_acq_rel, std::memory_order_acquire));  // [V2]
  return true;
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
    CountCarved(-1);
    aside_count_.fetch_add(1, std::memory_order_relaxed);  // counter
    aside_.Push(g_slabs.NumberOf(object, id_), Looser());
  }
}

void* Zone::TakeSetAside(Gate gate) {
  if (aside_.Empty()) return nullptr;
  InTransit guard(pools_.transit, gate);
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
      PutMany(fresh, static_cast<int>(n));
    }
    if (n == 0 && !Grow() && carved() < objects) return ENOBUFS;
  }
  return 0;
}

// Takes n objects of `slab`, all that were carved of it, out of the count, in which `counted` of
// them are. False if more were carved meanwhile, or if it would go below the low-water mark.
bool Zone::Uncarve(uint32_t slab, uint32_t n, uint32_t counted) {
  uint64_t w = carving_.load(std::memory_order_acquire);  // [V2]
  uint64_t next;
  do {
    bool current = Carving::Slab1(w) == slab + 1;
    if (current ? Carving::Place(w) != n : SlabCapacity(id_) != n) return false;
    if (Carving::Carved(w) - static_cast<int64_t>(counted) <
        low_water_.load(std::memory_order_relaxed)) {  // hint
      return false;
    }
    uint32_t left = Carving::Carved(w) - counted;
    next = current ? Carving::Make(left, 0, 0)
                   : Carving::Make(left, Carving::Slab1(w), Carving::Place(w));
  } while (!carving_.compare_exchange_weak(w, next, std::memory_order_acq_rel,
                                           std::memory_order_acquire));  // [V2]
  return true;
}

namespace {

// While Trim has an object in its hands: whether it was set aside, in the address's lowest bit.
void* Marked(void* object) { return static_cast<char*>(object) + 1; }
bool IsMarked(const void* p) { return reinterpret_cast<uintptr_t>(p) % 2 != 0; }
void* Unmarked(void* p) { return static_cast<char*>(p) - (IsMarked(p) ? 1 : 0); }

}  // namespace

// All free objects of the depot, the loose stack and those set aside.
uint32_t Zone::TakeFree(void** objects, uint32_t most) {
  uint32_t n = 0;
  while (n + kMagazineRounds <= most) {
    Magazine* m = depot_.PopFull();
    if (m == nullptr) break;
    while (m->count != 0) objects[n++] = m->rounds[--m->count];
    depot_.PutEmpty(m);
  }
  while (n < most) {
    void* object = TakeLoose();
    if (object == nullptr) break;
    objects[n++] = object;
  }
  while (n < most) {
    uint32_t number = aside_.Pop(Looser());
    if (number == IndexStack::kNone) break;
    objects[n++] = Marked(g_slabs.ObjectAt(number, id_));
  }
  return n;
}

int64_t Zone::Trim() {
  if (waiters_.Any()) return 0;
  // [Z1] acquire: pairs with [Z2]; one trim happens before the next.
  if (trimming_.exchange(1, std::memory_order_acquire) != 0) return 0;
  const int64_t all = carved() + aside_count_.load(std::memory_order_relaxed);  // hint
  const size_t bytes = static_cast<size_t>(all + kMagazineRounds) * sizeof(void*);
  void** objects = static_cast<void**>(MetadataAlloc(bytes));
  int64_t freed = 0;
  if (objects != nullptr) {
    InTransit guard(pools_.transit);
    const uint32_t n = TakeFree(objects, static_cast<uint32_t>(bytes / sizeof(void*)));
    std::sort(objects, objects + n);
    Magazine* m = nullptr;
    for (uint32_t i = 0, end; i < n; i = end) {
      uint32_t slab = g_slabs.Find(objects[i]);
      uint32_t counted = 0;
      for (end = i; end < n && g_slabs.Find(objects[end]) == slab; ++end) {
        counted += IsMarked(objects[end]) ? 0 : 1;
      }
      if (Uncarve(slab, end - i, counted)) {
        g_slabs.Unmake(slab, spare_slabs_, *pools_.source);
        slabs_.fetch_sub(1, std::memory_order_relaxed);                        // counter
        aside_count_.fetch_sub(end - i - counted, std::memory_order_relaxed);  // counter
        freed += kSlabBytes;
        continue;
      }
      for (; i < end; ++i) {
        if (IsMarked(objects[i])) {
          aside_.Push(g_slabs.NumberOf(Unmarked(objects[i]), id_), Looser());
        } else {
          Pack(m, objects[i]);
        }
      }
    }
    PackRest(m);
  }
  if (objects != nullptr) MetadataFree(objects, bytes);
  trimming_.store(0, std::memory_order_release);  // [Z2] release: pairs with [Z1]
  waiters_.Poke();
  if (freed != 0) pools_.source->purge();
  return freed;
}

}  // namespace weir
