// Slabs: blocks that objects are carved from, the table that describes them, and the map from an
// object's address to its slab.
//
// What describes a slab lives apart from it, in tables that never shrink, so the slab itself can
// go back to the operating system at any time.
//
//   operation          may race with                           progress
//   Make, Unmake       everything, for other slabs             blocks in the slab source
//   Find, ObjectAt...  everything; the slab must be live       wait-free
//                      (the caller holds an object of it)
#ifndef WEIR_ALLOC_SLAB_H_
#define WEIR_ALLOC_SLAB_H_

#include <cstdint>

#include "weir/alloc/index_stack.h"
#include "weir/alloc/layout.h"
#include "weir/alloc/metadata.h"
#include "weir/alloc/one_by_one.h"
#include "weir/alloc/slab_source.h"

namespace weir {

// One reference count a cache line, so that sharers of two clusters do not disturb one another.
struct alignas(64) CountLine {
  uint32_t count;
};

struct Slab {
  Atomic<uint32_t> link{0};  // while the record is unused
  char* base = nullptr;      // nullptr while unused
  // Made with the record's first use and kept: each zone reuses its own records.
  Atomic<uint32_t>* links = nullptr;  // one an object: the loose stack of the zone
  CountLine* counts = nullptr;        // one an object; not touched unless the object is shared
};

// All slabs of the process.
class Slabs {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  // A new slab for `zone`, or kNone if there is no memory. `spare` holds the zone's unused records.
  uint32_t Make(int zone, IndexStack& spare, const SlabSource& source);
  // Gives the slab back; none of its objects may be in use or known to anyone.
  void Unmake(uint32_t slab, IndexStack& spare, const SlabSource& source);

  Slab& At(uint32_t slab) const { return table_.At(slab); }

  // The slab that p lies in, or kNone.
  uint32_t Find(const void* p) const;

  // Objects are numbered slab << kPlaceBits | place.
  void* ObjectAt(uint32_t number, int zone) const {
    return At(number >> kPlaceBits).base + (number & ((1u << kPlaceBits) - 1)) * kObjectBytes[zone];
  }
  static uint32_t PlaceOf(const void* p, int zone) {
    // Of 32 bits: on some processors a division of 64 takes several times as long.
    const uint32_t offset = reinterpret_cast<uintptr_t>(p) & (kSlabBytes - 1);
    return offset / static_cast<uint32_t>(kObjectBytes[zone]);
  }
  uint32_t NumberOf(const void* p, int zone) const {
    return Find(p) << kPlaceBits | PlaceOf(p, zone);
  }
  Atomic<uint32_t>& LinkOf(uint32_t number) const {
    return At(number >> kPlaceBits).links[number & ((1u << kPlaceBits) - 1)];
  }
  // Also of a cluster that is in no slab, but one of malloc's.
  uint32_t* CountOf(void* p, int zone) const {
    const uint32_t slab = Find(p);
    if (slab == kNone) [[unlikely]]
      return OneObjectCount(p);
    return &At(slab).counts[PlaceOf(p, zone)].count;
  }

 private:
  // Two levels over the address: 48 bits, less the bits inside a slab.
  static constexpr unsigned kLeafBits = (48 - kSlabShift) / 2;
  static constexpr unsigned kRootBits = 48 - kSlabShift - kLeafBits;
  using Cell = Atomic<uint32_t>;  // slab number + 1

  Cell* CellOf(const void* p, bool make);
  auto Links() {
    return [this](uint32_t i) -> Atomic<uint32_t>& { return table_.At(i).link; };
  }

  GrowTable<Slab, 1024, kMaxSlabs / 1024> table_;
  Atomic<Cell*> root_[size_t{1} << kRootBits] = {};
};

inline uint32_t Slabs::Find(const void* p) const {
  uintptr_t key = reinterpret_cast<uintptr_t>(p) >> kSlabShift;
  if (key >> (kLeafBits + kRootBits) != 0) return kNone;
  // [L1] acquire: pairs with [L2], the leaf is zeroed before it is reachable.
  const Cell* leaf = root_[key >> kLeafBits].load(std::memory_order_acquire);
  if (leaf == nullptr) return kNone;
  // relaxed (hint): who holds an object of the slab got it through an acquire that came after
  // the cell was written; for any other address the answer means nothing.
  return leaf[key & ((size_t{1} << kLeafBits) - 1)].load(std::memory_order_relaxed) - 1;
}

extern Slabs g_slabs;

// Where the reference count of a cluster lives: a cache line of its own, apart from the cluster.
inline uint32_t* ClusterCount(int zone, void* object) {
  return g_slabs.CountOf(object, zone);
}

}  // namespace weir

#endif  // WEIR_ALLOC_SLAB_H_
