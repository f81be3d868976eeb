#include "weir/alloc/slab_source.h"

#include <jemalloc/jemalloc.h>
#include <sys/mman.h>

#include <cstdio>
#include <cstring>
#include <initializer_list>

#include "weir/alloc/huge_slabs.h"
#include "weir/alloc/layout.h"
#include "weir/alloc/numa.h"
#include "weir/alloc/region.h"
#include "weir/alloc/slab_range.h"

namespace weir {
namespace {

// ---- mmap ----

void* MmapAllocate() {
  void* slab = MapAligned(kSlabBytes, kSlabBytes, PROT_READ | PROT_WRITE);
  if (slab != nullptr) PreferNearNode(slab, kSlabBytes);
  return slab;
}

void MmapRelease(void* slab) { munmap(slab, kSlabBytes); }
void MmapPurge() {}

constexpr SlabSource kMmap{"mmap", MmapAllocate, MmapRelease, MmapPurge};

// ---- jemalloc ----

// TCACHE_NONE: else released slabs would strand in jemalloc's own thread caches.
int flags = 0;
unsigned arena = 0;

void* JemallocAllocate() {
  void* slab = mallocx(kSlabBytes, flags);
  if (slab != nullptr) PreferNearNode(slab, kSlabBytes);
  return slab;
}
void JemallocRelease(void* slab) { sdallocx(slab, kSlabBytes, flags); }
void JemallocPurge() {
  char name[32];
  snprintf(name, sizeof name, "arena.%u.purge", arena);
  mallctl(name, nullptr, nullptr, nullptr, 0);
}

constexpr SlabSource kJemalloc{"jemalloc", JemallocAllocate, JemallocRelease, JemallocPurge};

// Decay off: pages go back when purge says so, not by a timer.
bool MakeArena() {
  size_t size = sizeof arena;
  if (mallctl("arenas.create", &arena, &size, nullptr, 0) != 0) return false;
  for (const char* kind : {"dirty", "muzzy"}) {
    char name[40];
    snprintf(name, sizeof name, "arena.%u.%s_decay_ms", arena, kind);
    ssize_t never = -1;
    mallctl(name, nullptr, nullptr, &never, sizeof never);
  }
  flags = MALLOCX_ARENA(arena) | MALLOCX_ALIGN(kSlabBytes) | MALLOCX_TCACHE_NONE;
  return true;
}

}  // namespace

const SlabSource* MmapSlabSource() { return &kMmap; }

const SlabSource* JemallocSlabSource() {
  static const bool made = MakeArena();
  return made ? &kJemalloc : nullptr;
}

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
