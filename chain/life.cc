// The life of one mbuf: what the inline face does not do itself, and the exported functions
// behind it.
#define WEIR_NO_INLINE

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "weir/chain/ext.h"
#include "weir/chain/inline.h"
#include "weir/chain/mbuf.h"

int max_linkhdr = 16;
int max_protohdr = 40;
int max_hdr = 56;
int max_datalen = MHLEN - 56;

namespace weir {
namespace {

// Takes m, which may be NULL; returns it with a cluster, or frees it.
mbuf* WithCluster(mbuf* m, int how, int size) {
  if (m == nullptr) return nullptr;
  int error = m_cljget(m, how, size);
  if (error == 0) return m;
  Free(m);
  errno = error;
  return nullptr;
}

}  // namespace

void BadMbuf(const mbuf* m, const char* doing) {
  const char* what = m->m_state == MbufState(m, kMbufFree)   ? "is free already (double free)"
                     : m->m_state == MbufState(m, kMbufLive) ? "was written to while it was free"
                                                             : "is not an mbuf, or was overwritten";
  fprintf(stderr, "weir: zone mbuf: %p %s when %s\n", static_cast<const void*>(m), what, doing);
  abort();
}

mbuf* GetSlow(int how, int type, uint32_t flags) {
  if (static_cast<unsigned>(type) >= MT_NTYPES) {
    errno = EINVAL;
    return nullptr;
  }
  void* p = Alloc(WEIR_ZONE_MBUF, type, how);
  return p == nullptr ? nullptr : InitMbuf(p, type, flags);
}

mbuf* GetClusterSlow(int how, int type, uint32_t flags) {
  if (static_cast<unsigned>(type) >= MT_NTYPES || (flags & ~M_PKTHDR) != 0) {
    errno = EINVAL;
    return nullptr;
  }
  void* p = Alloc(WEIR_ZONE_PACKET, type, how);
  if (p == nullptr) return nullptr;
  char* buf = static_cast<char*>(PacketCluster(p));
  mbuf* m = InitMbuf(p, type, flags | M_EXT, buf);
  InitExt(m, buf, MCLBYTES, EXT_PACKET);
  return m;
}

void DropTags(mbuf* m) { m_tag_delete_chain(m, nullptr); }

void FreeRest(mbuf* m) {
  while (m != nullptr) m = Free(m);
}

}  // namespace weir

extern "C" {

struct mbuf* m_get(int how, int type) {
  return weir::Get(how, type, 0);
}
struct mbuf* m_gethdr(int how, int type) {
  return weir::Get(how, type, M_PKTHDR);
}
struct mbuf* m_free(struct mbuf* m) {
  return weir::Free(m);
}

struct mbuf* m_getclr(int how, int type) {
  struct mbuf* m = weir::Get(how, type, 0);
  if (m != nullptr) memset(m->m_dat, 0, MLEN);
  return m;
}

void m_freem(struct mbuf* m) { weir::FreeRest(m); }

void m_freemp(struct mbuf* m) {
  while (m != nullptr) {
    struct mbuf* next = m->m_nextpkt;
    m_freem(m);
    m = next;
  }
}

struct mbuf* m_getjcl(int how, int type, int flags, int size) {
  if (size == MCLBYTES) return m_getcl(how, type, flags);
  if (weir::ZoneOfSize(size) < 0 || (flags & ~M_PKTHDR) != 0) {
    errno = EINVAL;
    return nullptr;
  }
  return weir::WithCluster(weir::Get(how, type, static_cast<uint32_t>(flags)), how, size);
}

struct mbuf* m_getcl(int how, int type, int flags) {
  return weir::GetCluster(how, type, static_cast<uint32_t>(flags));
}

struct mbuf* m_get2(int size, int how, int type, int flags) {
  if (size < 0 || (flags & ~M_PKTHDR) != 0) {
    errno = EINVAL;
    return nullptr;
  }
  if (size <= ((flags & M_PKTHDR) ? MHLEN : MLEN)) {
    return weir::Get(how, type, static_cast<uint32_t>(flags));
  }
  int cluster = weir::ClusterFor(size);
  if (cluster == 0) {
    errno = EMSGSIZE;
    return nullptr;
  }
  return m_getjcl(how, type, flags, cluster);
}

}  // extern "C"
