#include "weir/alloc/slab_source.h"

#include <jemalloc/jemalloc.h>
#include <sys/mman.h>

#include <cstdint>
#include <cstdio>
#include <initializer_list>

#include "weir/alloc/layout.h"

namespace weir {
namespace {

// ---- mmap ----

void* MmapAllocate() {
  // Twice the size contains an aligned block; the rest goes back at once.
  char* p = static_cast<char*>(mmap(nullptr, 2 * kSlabBytes, PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  if (p == MAP_FAILED) return nullptr;
  uintptr_t at = reinterpret_cast<uintptr_t>(p);
  size_t before = (kSlabBytes - at % kSlabBytes) % kSlabBytes;
  if (before != 0) munmap(p, before);
  if (before != kSlabBytes) munmap(p + before + kSlabBytes, kSlabBytes - before);
  return p + before;
}

void MmapRelease(void* slab) { munmap(slab, kSlabBytes); }
void MmapPurge() {}

constexpr SlabSource kMmap{"mmap", MmapAllocate, MmapRelease, MmapPurge};

// ---- jemalloc ----

// TCACHE_NONE: else released slabs would strand in jemalloc's own thread caches.
int flags = 0;
unsigned arena = 0;

void* JemallocAllocate() { return mallocx(kSlabBytes, flags); }
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

}  // namespace weir
