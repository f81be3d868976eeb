#include "weir/alloc/region.h"

#include <sys/mman.h>

#include <cerrno>

#include "weir/alloc/huge_pages.h"
#include "weir/alloc/numa.h"
#include "weir/alloc/slab_range.h"
#include "weir/stats/break.h"

namespace weir {
namespace {

class Region final : public SlabRange {
 public:
  int Start(size_t bytes, bool huge);
  void Pin();

 private:
  // A block is of the node of who took its first slab, unless its pages are there already.
  Backing Back(char* at, Block&) override {
    PreferNearNode(at, kHugeBytes);
    return kBacked;
  }
  void Returned(char* slab, Block& block, bool empty) override;

  bool huge_ = false;    // transparent
  bool pinned_ = false;  // pages stay
};

constinit Region region;

int Region::Start(size_t bytes, bool huge) {
  bytes = (bytes + kRegionSpareBytes + kHugeBytes - 1) / kHugeBytes * kHugeBytes;
  char* at = huge ? static_cast<char*>(MapReserved(nullptr, bytes)) : nullptr;
  // A page that is given back could not be had again when another process has taken it.
  const bool reserved = at != nullptr;
  if (!reserved) at = MapAligned(bytes, kHugeBytes, PROT_READ | PROT_WRITE);
  if (at == nullptr) return ENOMEM;
  if (!Open(at, bytes)) {
    munmap(at, bytes);
    return ENOMEM;
  }
  pinned_ = reserved;
  if (huge && !reserved) {
    huge_ = TransparentHugePages();
    if (huge_) WishHuge(at, bytes);
    SayFallback(huge_ ? "transparent huge pages" : "ordinary pages");
  }
  return 0;
}

void Region::Pin() {
  LockRanges();
  pinned_ = true;
  UnlockRanges();
}

void Region::Returned(char* slab, Block& block, bool empty) {
  if (pinned_ && !Broken(kBreakRegionPin)) return;
  if (!huge_) return SlabRange::Returned(slab, block, empty);
  char* at = slab - (slab - base()) % static_cast<ptrdiff_t>(kHugeBytes);
  if (empty) madvise(at, kHugeBytes, MADV_DONTNEED);
}

constexpr SlabSource kRegion{"region", [] { return region.Allocate(); },
                             [](void* slab) { region.Release(slab); }, [] {}};

}  // namespace

int OpenRegion(size_t bytes, bool huge) { return region.Start(bytes, huge); }
const SlabSource* RegionSlabSource() { return &kRegion; }

bool FindRegion(void** base, size_t* bytes) {
  if (region.base() == nullptr) return false;
  region.Pin();
  *base = region.base();
  *bytes = region.bytes();
  return true;
}

}  // namespace weir
