// Mbufs, and chains of them, with room for a number of bytes.
#include <algorithm>

#include "weir/alloc/pools.h"
#include "weir/chain/ext.h"
#include "weir/chain/from.h"
#include "weir/chain/walk.h"

namespace weir {
namespace {

// A chain with room for `len` bytes, all in largest buffers but the last.
mbuf* GetChain(weir_pools& pools, int len, int how, int type, int flags) {
  mbuf* top = nullptr;
  mbuf** link = &top;
  do {
    int size = std::min(len, MJUM16BYTES);
    mbuf* n = GetSizeFrom(pools, size, how, type, flags);
    if (n == nullptr) return FailAndFree(top, errno);
    *link = n;
    link = &n->m_next;
    len -= size;
    flags = 0;
  } while (len > 0);
  return top;
}

mbuf* GetRoom(int how, int type, int flags, size_t lead, size_t len) {
  if (lead > MJUM16BYTES || len > MJUM16BYTES) return Fail(EMSGSIZE);
  mbuf* m = m_get2(static_cast<int>(lead + len), how, type, flags);
  if (m == nullptr) return nullptr;
  m->m_data += lead;
  m->m_len = static_cast<int32_t>(len);
  if (m->m_flags & M_PKTHDR) m->m_pkthdr.len = m->m_len;
  return m;
}

}  // namespace
}  // namespace weir

extern "C" {

struct mbuf* m_getm2(struct mbuf* m, int len, int how, int type, int flags) {
  constexpr int kFlags = static_cast<int>(M_PKTHDR | M_EOR);
  if (len < 0 || (flags & ~kFlags) != 0 || type < 0 || type >= MT_NTYPES) return weir::Fail(EINVAL);
  struct mbuf* added = nullptr;
  if (m == nullptr) {
    weir::StartPools(nullptr);
    added = weir::GetChain(weir::g_pools, len, how, type, flags & static_cast<int>(M_PKTHDR));
    if (added == nullptr) return nullptr;
    m = added;
  } else if (len > 0) {
    added = weir::GetChain(weir::PoolsOf(m), len, how, type, 0);
    if (added == nullptr) return nullptr;
    m_last(m)->m_next = added;
  }
  if ((flags & static_cast<int>(M_EOR)) && added != nullptr) m_last(added)->m_flags |= M_EOR;
  return m;
}

struct mbuf* m_get_n(int how, int type, size_t lead, size_t len) {
  return weir::GetRoom(how, type, 0, lead, len);
}
struct mbuf* m_gethdr_n(int how, int type, size_t lead, size_t len) {
  return weir::GetRoom(how, type, static_cast<int>(M_PKTHDR), lead, len);
}

struct mbuf* m_clgetl(struct mbuf* m, int how, int len) {
  int size = len < 0 ? 0 : weir::ClusterFor(len);
  if (size == 0) return weir::Fail(len < 0 ? EINVAL : EMSGSIZE);
  if (m == nullptr) return m_getjcl(how, MT_DATA, static_cast<int>(M_PKTHDR), size);
  int error = m_cljget(m, how, size);
  return error == 0 ? m : weir::Fail(error);
}

}  // extern "C"
