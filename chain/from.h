// Mbufs of a given set of zones. What an operation on a chain allocates is of the set that the mbuf
// came from which it works on.
#ifndef WEIR_CHAIN_FROM_H_
#define WEIR_CHAIN_FROM_H_

#include "weir/alloc/pools.h"
#include "weir/chain/inline.h"
#include "weir/chain/mbuf.h"

namespace weir {

// m_get or m_gethdr, m_getjcl and m_get2, with their errors.
mbuf* GetFrom(weir_pools& pools, int how, int type, uint32_t flags);
mbuf* GetClusterFrom(weir_pools& pools, int how, int type, int flags, int size);
mbuf* GetSizeFrom(weir_pools& pools, int size, int how, int type, int flags);

inline weir_pools& PoolsOf(const mbuf* m) { return *PoolsAt(m->m_pool); }

// The same, of the type and the set of m.
inline mbuf* GetLike(const mbuf* m, int how, uint32_t flags) {
  return m->m_pool == 0 ? Get(how, m->m_type, flags) : GetFrom(PoolsOf(m), how, m->m_type, flags);
}
inline mbuf* GetSizeLike(const mbuf* m, int size, int how, uint32_t flags) {
  const int kind = static_cast<int>(flags);
  return m->m_pool == 0 ? m_get2(size, how, m->m_type, kind)
                        : GetSizeFrom(PoolsOf(m), size, how, m->m_type, kind);
}

}  // namespace weir

#endif  // WEIR_CHAIN_FROM_H_
