// External storage of an mbuf: clusters of four sizes and the caller's own buffers.
#ifndef WEIR_CHAIN_EXT_H_
#define WEIR_CHAIN_EXT_H_

#include "weir/alloc/pools.h"
#include "weir/chain/mbuf.h"
#include "weir/chain/record.h"
#include "weir/chain/refcount.h"

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

inline bool IsCluster(uint32_t type) { return type >= EXT_CLUSTER && type <= EXT_PACKET; }

// One more holder of m's external buffer. False without memory for its count, which it has from its
// second holder on.
bool AddSecondHolder(mbuf* m);
void SayStuck(const mbuf* m);
inline bool AddHolder(mbuf* m) {
  NoteExt(m, kEventShared);
  if (m->m_ext.ext_cnt == nullptr) return AddSecondHolder(m);
  if (!RefCount(m->m_ext.ext_cnt).Add()) [[unlikely]]
    SayStuck(m);
  return true;
}

}  // namespace weir

#endif  // WEIR_CHAIN_EXT_H_
