// Where slabs come from: aligned blocks of kSlabBytes. The only place that talks to jemalloc or
// the kernel for object memory; it may block.
#ifndef WEIR_ALLOC_SLAB_SOURCE_H_
#define WEIR_ALLOC_SLAB_SOURCE_H_

#include <cstddef>

#include "weir/alloc/options.h"

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

// Straight from the kernel.
const SlabSource* MmapSlabSource();

struct SlabSources {
  const SlabSource* all = nullptr;
  const SlabSource* clusters = nullptr;  // those of the default set's clusters, if others
};
// Makes the sources that the resolved options of a set ask for. nullptr, or a message in a buffer
// of this thread: the region cannot be had. Under the lock of LockStart.
const char* ChooseSlabSources(const weir_options& options, SlabSources& chosen);

}  // namespace weir

#endif  // WEIR_ALLOC_SLAB_SOURCE_H_
