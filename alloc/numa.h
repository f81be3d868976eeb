// Memory near the threads that use it, on machines of more than one node. Asks the kernel directly;
// on a machine of one node, such as those that weir has been tested on so far, it asks nothing.
#ifndef WEIR_ALLOC_NUMA_H_
#define WEIR_ALLOC_NUMA_H_

#include <cstddef>

namespace weir {

// Nodes that the machine may have, as /sys/devices/system/node/possible lists them; 1 if there is
// no list. A test gives the folder that stands for "/".
int NodeCount(const char* root = "");

// Asks that pages of [p, p + bytes), which is page-aligned, come from `node` when they are touched
// first, as long as it has some. Pages that are there stay where they are. 0 or an errno.
int PreferNode(void* p, size_t bytes, unsigned node);

// The same for the node that the calling thread runs on, where there is more than one. Any thread.
void PreferNearNode(void* p, size_t bytes);

// Looks how many nodes there are, without which PreferNearNode asks for nothing.
void CountNodes();

}  // namespace weir

#endif  // WEIR_ALLOC_NUMA_H_
