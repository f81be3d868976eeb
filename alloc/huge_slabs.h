// Slabs in huge pages, eight in each (the option hugepages): reserved huge pages as long as there
// are any, and then transparent ones.
#ifndef WEIR_ALLOC_HUGE_SLABS_H_
#define WEIR_ALLOC_HUGE_SLABS_H_

#include "weir/alloc/slab_source.h"

namespace weir {

// nullptr if the kernel has no huge pages of either kind for this process, or no addresses. Says so
// on stderr when there are no reserved ones. Not from two threads at once.
const SlabSource* HugeSlabSource();

}  // namespace weir

#endif  // WEIR_ALLOC_HUGE_SLABS_H_
