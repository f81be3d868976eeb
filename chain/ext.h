// External storage of an mbuf: clusters of four sizes and the caller's own buffers.
#ifndef WEIR_CHAIN_EXT_H_
#define WEIR_CHAIN_EXT_H_

#include "weir/alloc/pools.h"
#include "weir/chain/mbuf.h"

namespace weir {

// The zone of clusters of exactly `size` bytes, or -1.
int ZoneOfSize(int size);

// The smallest cluster size that holds `len` bytes, or 0 if none does.
int ClusterFor(int len);

// m has got a cluster, of this type (alloc/alloc.h): if it is one that is to be guarded, m has
// another in its place, and m_data points to that.
void MaybeGuard(const weir_pools& pools, mbuf* m, int type);

// Gives m's share of its external buffer up, and the buffer with the last share. m keeps M_EXT.
void DropExt(mbuf* m);

// m_copypacket of the common packet: one mbuf, its data in a cluster that the copy shares, no tags.
// nullptr if m is another, or this thread's cache has no mbuf; m is as before, go the long way.
mbuf* CloneFast(mbuf* m);

}  // namespace weir

#endif  // WEIR_CHAIN_EXT_H_
