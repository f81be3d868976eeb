#include "weir/alloc/held.h"

#include <new>

#include "weir/alloc/metadata.h"

namespace weir {

constinit HeldTable g_held;

namespace {

size_t PlaceOf(const void* object, size_t size) {
  const uint64_t mixed = (reinterpret_cast<uintptr_t>(object) >> 4) * 0x9e3779b97f4a7c15;
  return static_cast<size_t>(mixed >> 32) & (size - 1);
}

}  // namespace

HeldTable::Bucket* HeldTable::Open(Level& level) {
  // [H10] acquire: pairs with [H9]; else the buckets may not be made yet.
  Bucket* buckets = level.buckets.load(std::memory_order_acquire);
  if (buckets != nullptr) return buckets;
  // All zero is how they begin, so no page is touched before a record comes to lie on it.
  void* fresh = MetadataAlloc(level.size * sizeof(Bucket));
  if (fresh == nullptr) return nullptr;
  // [H9] release: pairs with [H10]. ABA: it is set once.
  if (level.buckets.compare_exchange_strong(buckets, static_cast<Bucket*>(fresh),
                                            std::memory_order_release, std::memory_order_acquire)) {
    return static_cast<Bucket*>(fresh);
  }
  MetadataFree(fresh, level.size * sizeof(Bucket));
  return buckets;
}

HeldRecord* HeldTable::AddTo(Bucket& bucket, const HeldFigures& figures) {
  const uintptr_t object = reinterpret_cast<uintptr_t>(figures.object);
  for (int k = 0; k < kWays; ++k) {
    uintptr_t key = bucket.keys[k].load(std::memory_order_relaxed);  // hint, revalidated
    // [H4] acquire: pairs with [H3]; what the place's last owner did comes before what we do.
    if (key != 0 || !bucket.keys[k].compare_exchange_strong(key, object, std::memory_order_acquire,
                                                            std::memory_order_relaxed)) {
      continue;
    }
    const uint64_t serial = serials_.fetch_add(1, std::memory_order_relaxed) + 1;  // counter
    bucket.records[k].Write(figures, serial);
    return &bucket.records[k];
  }
  return nullptr;
}

HeldRecord* HeldTable::Add(const HeldFigures& figures) {
  for (Level& level : levels_) {
    Bucket* buckets = Open(level);
    if (buckets == nullptr) break;
    HeldRecord* r = AddTo(buckets[PlaceOf(figures.object, level.size)], figures);
    if (r != nullptr) return r;
  }
  full_.fetch_add(1, std::memory_order_relaxed);  // counter
  return nullptr;
}

template <typename Visit>
bool HeldTable::FindPlace(const void* object, Visit visit) {
  for (Level& level : levels_) {
    Bucket* buckets = level.buckets.load(std::memory_order_acquire);  // [H10]
    if (buckets == nullptr) return false;
    Bucket& bucket = buckets[PlaceOf(object, level.size)];
    for (int k = 0; k < kWays; ++k) {
      // relaxed (owner-only): nobody else adds or drops this object.
      const uintptr_t key = bucket.keys[k].load(std::memory_order_relaxed);
      if (key == reinterpret_cast<uintptr_t>(object)) return visit(bucket, k), true;
    }
  }
  return false;
}

HeldRecord* HeldTable::Find(const void* object) {
  HeldRecord* found = nullptr;
  FindPlace(object, [&](Bucket& bucket, int k) { found = &bucket.records[k]; });
  return found;
}

void HeldTable::Drop(const void* object) {
  FindPlace(object, [](Bucket& bucket, int k) {
    bucket.records[k].Erase();
    // [H3] release: pairs with [H4].
    bucket.keys[k].store(0, Order(kBreakHeldKey, std::memory_order_release));
  });
}

}  // namespace weir
