#include "weir/alloc/slab_source.h"

#include <sys/mman.h>

#include <cstdio>
#include <cstring>

#include "weir/alloc/huge_slabs.h"
#include "weir/alloc/jemalloc_slabs.h"
#include "weir/alloc/layout.h"
#include "weir/alloc/numa.h"
#include "weir/alloc/region.h"
#include "weir/alloc/slab_range.h"

namespace weir {
namespace {

void* MmapAllocate() {
  void* slab = MapAligned(kSlabBytes, kSlabBytes, PROT_READ | PROT_WRITE);
  if (slab != nullptr) PreferNearNode(slab, kSlabBytes);
  return slab;
}

void MmapRelease(void* slab) { munmap(slab, kSlabBytes); }
void MmapPurge() {}

constexpr SlabSource kMmap{"mmap", MmapAllocate, MmapRelease, MmapPurge};

}  // namespace

const SlabSource* MmapSlabSource() { return &kMmap; }

const char* ChooseSlabSources(const weir_options& options, SlabSources& chosen) {
  CountNodes();
  const bool huge = options.hugepages != 0;
  if (options.region_bytes != 0) {
    const size_t bytes = static_cast<size_t>(options.region_bytes);
    if (int error = OpenRegion(bytes, huge)) {
      static __thread char text[160];
      snprintf(text, sizeof text, "region_bytes: %zu bytes cannot be mapped: %s", bytes,
               strerrordesc_np(error));
      return text;
    }
    chosen.clusters = RegionSlabSource();
  }
  if (huge) chosen.all = HugeSlabSource();
  if (chosen.all == nullptr && strcmp(options.slab_source, "jemalloc") == 0) {
    chosen.all = JemallocSlabSource();
  }
  if (chosen.all == nullptr) chosen.all = MmapSlabSource();
  return nullptr;
}

}  // namespace weir
