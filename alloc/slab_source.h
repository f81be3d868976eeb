// Where slabs come from: aligned blocks of kSlabBytes. The only place that talks to jemalloc or
// the kernel for object memory; it may block.
#ifndef WEIR_ALLOC_SLAB_SOURCE_H_
#define WEIR_ALLOC_SLAB_SOURCE_H_

#include <cstddef>

namespace weir {

struct SlabSource {
  const char* name;
  // kSlabBytes bytes aligned to kSlabBytes, or nullptr. Contents undefined.
  void* (*allocate)();
  // Gives one back. Its pages may stay with the process until purge.
  void (*release)(void* slab);
  // Gives the pages of released slabs back to the operating system.
  void (*purge)();
};

// One jemalloc arena for the process; nullptr if the process's malloc is not jemalloc.
const SlabSource* JemallocSlabSource();
// Straight from the kernel.
const SlabSource* MmapSlabSource();

}  // namespace weir

#endif  // WEIR_ALLOC_SLAB_SOURCE_H_
