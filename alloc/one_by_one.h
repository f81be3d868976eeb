// Objects from malloc, one by one (slab_source "malloc"): so that a tool which watches malloc sees
// where each mbuf and cluster was allocated and freed, who writes past its end, who uses it after
// it was freed, and who forgot it.
//
// In front of a cluster is the line with its reference count, the rest of which is out of bounds:
//
//   | count | no access |        cluster |
//   malloc's              returned         end of malloc's
#ifndef WEIR_ALLOC_ONE_BY_ONE_H_
#define WEIR_ALLOC_ONE_BY_ONE_H_

#include <cstdint>

namespace weir {

// An object of the zone, an mbuf aligned to its size, or nullptr. Contents undefined.
void* MakeOneObject(int zone);
void DropOneObject(int zone, void* object);
// The reference count of a cluster.
uint32_t* OneObjectCount(void* cluster);

// Whether this process runs under Valgrind's Memcheck.
bool UnderMemcheck();

}  // namespace weir

#endif  // WEIR_ALLOC_ONE_BY_ONE_H_
