#include "weir/alloc/slab.h"

#include "weir/alloc/sanitize.h"

namespace weir {

constinit Slabs g_slabs;

Slabs::Cell* Slabs::CellOf(const void* p, bool make) {
  uintptr_t key = reinterpret_cast<uintptr_t>(p) >> kSlabShift;
  if (key >> (kLeafBits + kRootBits) != 0) return nullptr;
  Atomic<Cell*>& slot = root_[key >> kLeafBits];
  Cell* leaf = slot.load(std::memory_order_acquire);  // [L1]
  if (leaf == nullptr) {
    if (!make) return nullptr;
    constexpr size_t kBytes = sizeof(Cell) << kLeafBits;
    Cell* fresh = static_cast<Cell*>(MetadataAlloc(kBytes));  // zero: kNone everywhere
    if (fresh == nullptr) return nullptr;
    // [L2] release: pairs with [L1]. ABA: a leaf is set once.
    if (slot.compare_exchange_strong(leaf, fresh, std::memory_order_acq_rel,
                                     std::memory_order_acquire)) {
      leaf = fresh;
    } else {
      MetadataFree(fresh, kBytes);
    }
  }
  return &leaf[key & ((size_t{1} << kLeafBits) - 1)];
}

uint32_t Slabs::Make(int zone, IndexStack& spare, const SlabSource& source) {
  uint32_t i = spare.Pop(Links());
  if (i == IndexStack::kNone) i = table_.New();
  if (i == table_.kNone) return kNone;
  Slab& slab = table_.At(i);
  uint32_t capacity = SlabCapacity(zone);
  if (slab.links == nullptr) {
    slab.links = static_cast<Atomic<uint32_t>*>(MetadataAlloc(sizeof(Atomic<uint32_t>) * capacity));
  }
  if (slab.counts == nullptr && zone != WEIR_ZONE_MBUF) {
    slab.counts = static_cast<CountLine*>(MetadataAlloc(sizeof(CountLine) * capacity));
  }
  bool described = slab.links != nullptr && (zone == WEIR_ZONE_MBUF || slab.counts != nullptr);
  void* base = described ? source.allocate() : nullptr;
  Cell* cell = base == nullptr ? nullptr : CellOf(base, true);
  if (cell == nullptr) {
    if (base != nullptr) source.release(base);
    spare.Push(i, Links());
    return kNone;
  }
  slab.base = static_cast<char*>(base);
  cell->store(i + 1, std::memory_order_relaxed);  // unpublished: nobody has an object of it yet
  return i;
}

void Slabs::Unmake(uint32_t i, IndexStack& spare, const SlabSource& source) {
  Slab& slab = table_.At(i);
  CellOf(slab.base, false)->store(0, std::memory_order_relaxed);  // quiescent
  Unpoison(slab.base, kSlabBytes);
  source.release(slab.base);
  slab.base = nullptr;
  spare.Push(i, Links());
}

}  // namespace weir
