// Slabs from a jemalloc arena, 28 in a block of 7 MiB, the lowest free one first.
//
// Not one by one: jemalloc keeps a page free behind each large block, so a slab that is aligned to
// its size would take the addresses of two; and of each block it notes something in its map of
// pages, 8 bytes for each page of addresses, which it keeps for good. A few large blocks leave most
// of that untouched.
#ifndef WEIR_ALLOC_JEMALLOC_SLABS_H_
#define WEIR_ALLOC_JEMALLOC_SLABS_H_

#include "weir/alloc/slab_source.h"

namespace weir {

// nullptr if the process's malloc is not jemalloc.
const SlabSource* JemallocSlabSource();

}  // namespace weir

#endif  // WEIR_ALLOC_JEMALLOC_SLABS_H_
