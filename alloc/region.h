// The region (the option region_bytes): one range of addresses that holds all 2 KiB clusters of the
// default set, those of packets included, and nothing else; so a program can register it once, with
// io_uring or with a network card, and then do I/O into and out of any cluster. Jumbo clusters,
// mbufs and so the data inside mbufs come from elsewhere.
//
// Who registers memory pins the pages that are there, and never sees others that take their place.
// So from the first call of FindRegion on pages stay; before, those of free slabs go back.
#ifndef WEIR_ALLOC_REGION_H_
#define WEIR_ALLOC_REGION_H_

#include <cstddef>

#include "weir/alloc/slab_source.h"

namespace weir {

// Maps a region for at least `bytes` of clusters, in huge pages if `huge`: reserved ones for all of
// it or, with a line on stderr, transparent ones. 0, or an errno, and then nothing has changed. At
// most once with success; before the first use of the set.
int OpenRegion(size_t bytes, bool huge);
// Of the region that OpenRegion made.
const SlabSource* RegionSlabSource();

// Where the region is. False if there is none. Any thread, once the set is made.
bool FindRegion(void** base, size_t* bytes);

}  // namespace weir

#endif  // WEIR_ALLOC_REGION_H_
