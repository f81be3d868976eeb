#include "weir/alloc/huge_slabs.h"

#include <sys/mman.h>
#include <sys/resource.h>

#include <algorithm>

#include "weir/alloc/huge_pages.h"
#include "weir/alloc/numa.h"
#include "weir/alloc/slab_range.h"

namespace weir {
namespace {

// Addresses for as many slabs as there can be, without memory. A block has memory from when its
// first slab is handed out: reserved huge pages are mapped over the block, and unmapped when it is
// empty, so that others can have them; ordinary pages are made accessible once and given back with
// madvise.
//
// On machines of several nodes a block is of the node of who took its first slab: a huge page
// cannot lie on two.
class HugeSlabs final : public SlabRange {
 public:
  bool Start();

 private:
  enum Kind : uint8_t { kNothing, kReserved, kPages };

  Backing Back(char* at, Block& block) override;
  void Returned(char* slab, Block& block, bool empty) override;

  bool transparent_ = false;
};

constinit HugeSlabs slabs;

// Under a limit of addresses, addresses without memory may not take all of it.
size_t MostAddresses() {
  size_t most = size_t{kMaxSlabs} * kSlabBytes;
  rlimit limit;
  if (getrlimit(RLIMIT_AS, &limit) == 0) most = std::min<size_t>(most, limit.rlim_cur / 2);
  return most / kHugeBytes * kHugeBytes;
}

bool HugeSlabs::Start() {
  if (base() != nullptr) return true;
  transparent_ = TransparentHugePages();
  void* probe = MapReserved(nullptr, kHugeBytes);
  if (probe != nullptr) munmap(probe, kHugeBytes);
  if (probe == nullptr) SayFallback(transparent_ ? "transparent huge pages" : "ordinary pages");
  if (probe == nullptr && !transparent_) return false;
  char* at = nullptr;
  size_t bytes = MostAddresses();
  while (bytes != 0 && (at = MapAligned(bytes, kHugeBytes, PROT_NONE)) == nullptr) {
    bytes = bytes / 2 / kHugeBytes * kHugeBytes;
  }
  if (at != nullptr && Open(at, bytes)) return true;
  if (at != nullptr) munmap(at, bytes);
  SayFallback("ordinary pages");
  return false;
}

SlabRange::Backing HugeSlabs::Back(char* at, Block& block) {
  if (block.kind == kNothing) {
    // Mapping them over the block could fail when the block is unmapped already: look first.
    if (void* probe = MapReserved(nullptr, kHugeBytes)) {
      munmap(probe, kHugeBytes);
      if (MapReserved(at, kHugeBytes) == nullptr) return kLost;
      block.kind = kReserved;
    } else {
      SayFallback(transparent_ ? "transparent huge pages" : "ordinary pages");
      if (mprotect(at, kHugeBytes, PROT_READ | PROT_WRITE) != 0) return kNoMemory;
      if (transparent_) WishHuge(at, kHugeBytes);
      block.kind = kPages;
    }
  }
  PreferNearNode(at, kHugeBytes);
  return kBacked;
}

void HugeSlabs::Returned(char* slab, Block& block, bool empty) {
  if (!empty) return;  // part of a huge page cannot go back without breaking it up
  char* at = slab - (slab - base()) % static_cast<ptrdiff_t>(kHugeBytes);
  if (block.kind == kPages) {
    madvise(at, kHugeBytes, MADV_DONTNEED);
  } else if (mmap(at, kHugeBytes, PROT_NONE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) != MAP_FAILED) {
    block.kind = kNothing;
  }
}

constexpr SlabSource kHuge{"huge pages", [] { return slabs.Allocate(); },
                           [](void* slab) { slabs.Release(slab); }, [] {}};

}  // namespace

const SlabSource* HugeSlabSource() { return slabs.Start() ? &kHuge : nullptr; }

}  // namespace weir
