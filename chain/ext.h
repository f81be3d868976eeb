// External storage of an mbuf: clusters of four sizes and the caller's own buffers.
#ifndef WEIR_CHAIN_EXT_H_
#define WEIR_CHAIN_EXT_H_

#include "weir/chain/mbuf.h"

namespace weir {

// The zone of clusters of exactly `size` bytes, or -1.
int ZoneOfSize(int size);

// The smallest cluster size that holds `len` bytes, or 0 if none does.
int ClusterFor(int len);

}  // namespace weir

#endif  // WEIR_CHAIN_EXT_H_
