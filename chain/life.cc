// The life of one mbuf: what the inline face does not do itself, and the exported functions
// behind it.
#define WEIR_NO_INLINE

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "weir/alloc/layout.h"
#include "weir/alloc/pools.h"
#include "weir/chain/ext.h"
#include "weir/chain/from.h"
#include "weir/chain/inline.h"
#include "weir/chain/mbuf.h"
#include "weir/chain/record.h"
#include "weir/chain/report.h"

int max_linkhdr = 16;
int max_protohdr = 40;
int max_hdr = 56;
int max_datalen = MHLEN - 56;

namespace weir {
namespace {

bool Good(int type, int flags) {
  if (type >= 0 && type < MT_NTYPES && (flags & ~static_cast<int>(M_PKTHDR)) == 0) return true;
  errno = EINVAL;
  return false;
}

// The last that weir does in a process, after the destructors of globals. Here, because no program
// that uses mbufs is without this file.
[[gnu::destructor]] void AtExit() { ReportAtExit(); }

// An mbuf just taken from the zone of packets, or NULL.
mbuf* InitPacket(const weir_pools& pools, void* p, int type, int flags, bool chosen) {
  if (p == nullptr) return nullptr;
  char* buf = static_cast<char*>(PacketCluster(p));
  mbuf* m = InitMbuf(p, type, static_cast<uint32_t>(flags) | M_EXT, buf, pools.number, kMbufPacket);
  InitExt(m, buf, MCLBYTES, EXT_PACKET, pools.number);
  MaybeGuard(pools, m, kOfPacket);
  if (chosen) [[unlikely]]
    Record(m, kNewPacket);
  return m;
}

// m, just taken, with a cluster; or NULL, and it is freed.
mbuf* WithCluster(mbuf* m, int how, int size) {
  const int error = m_cljget(m, how, size);
  if (error == 0) return m;
  m_free(m);
  errno = error;
  return nullptr;
}

[[gnu::noinline]] mbuf* GetSizeSlow(int size, int how, int type, int flags) {
  StartPools(nullptr);
  return GetSizeFrom(g_pools, size, how, type, flags);
}

[[gnu::noinline]] mbuf* GetJumboSlow(int how, int type, int flags, int size) {
  StartPools(nullptr);
  return GetClusterFrom(g_pools, how, type, flags, size);
}

// GetJumbo, for which p has been taken already.
[[gnu::noinline]] mbuf* FinishJumbo(void* p, int how, int type, uint32_t flags, int size) {
  return WithCluster(InitMbuf(p, type, flags), how, size);
}

// m_getjcl of the default set. As in chain/inline.h, what is not common is called in the last
// place.
template <int zone>
[[gnu::noinline]] mbuf* GetJumbo(int how, int type, uint32_t flags) {
  constexpr int size = kObjectBytes[zone];
  if (static_cast<unsigned>(type) < MT_NTYPES && (flags & ~M_PKTHDR) == 0) [[likely]] {
    ThreadRecord* t = t_thread.record;
    if (void* p = AllocFast(t, WEIR_ZONE_MBUF, type)) [[likely]] {
      void* buf = AllocFast(t, zone, 0);
      if (buf == nullptr) [[unlikely]]
        return FinishJumbo(p, how, type, flags, size);
      mbuf* m = InitMbuf(p, type, flags | M_EXT, static_cast<char*>(buf));
      InitExt(m, buf, size, zone);
      return m;
    }
  }
  return GetJumboSlow(how, type, static_cast<int>(flags), size);
}

}  // namespace

void BadMbuf(const mbuf* m, const char* doing) {
  const char* what = m->m_state == MbufState(m, kMbufFree)   ? "is free already (double free)"
                     : Live(m, m->m_pool) ? "was written to while it was free"
                                                             : "is not an mbuf, or was overwritten";
  fprintf(stderr, "weir: zone mbuf: %p %s when %s\n", static_cast<const void*>(m), what, doing);
  abort();
}

mbuf* GetFrom(weir_pools& pools, int how, int type, uint32_t flags) {
  if (!Good(type, static_cast<int>(flags))) return nullptr;
  bool chosen = false;
  mbuf* m = static_cast<mbuf*>(pools.Alloc(WEIR_ZONE_MBUF, type, how, &chosen));
  if (m == nullptr) return nullptr;
  InitMbuf(m, type, flags, flags & M_PKTHDR ? m->m_pktdat : m->m_dat, pools.number);
  if (chosen) [[unlikely]]
    Record(m, kNewMbuf);
  return m;
}

mbuf* GetClusterFrom(weir_pools& pools, int how, int type, int flags, int size) {
  const int zone = ZoneOfSize(size);
  if (!Good(type, zone < 0 ? -1 : flags)) return nullptr;
  if (zone == WEIR_ZONE_CLUSTER) {
    bool chosen = false;
    void* p = pools.Alloc(WEIR_ZONE_PACKET, type, how, &chosen);
    return InitPacket(pools, p, type, flags, chosen);
  }
  mbuf* m = GetFrom(pools, how, type, static_cast<uint32_t>(flags));
  return m == nullptr ? nullptr : WithCluster(m, how, size);
}

mbuf* GetSizeFrom(weir_pools& pools, int size, int how, int type, int flags) {
  if (!Good(type, size < 0 ? -1 : flags)) return nullptr;
  if (size <= ((flags & M_PKTHDR) ? MHLEN : MLEN)) {
    return GetFrom(pools, how, type, static_cast<uint32_t>(flags));
  }
  int cluster = ClusterFor(size);
  if (cluster != 0) return GetClusterFrom(pools, how, type, flags, cluster);
  errno = EMSGSIZE;
  return nullptr;
}

// What inline functions end with is not inlined here either: they save no registers for it.

[[gnu::noinline]] mbuf* GetSlow(int how, int type, uint32_t flags) {
  StartPools(nullptr);
  return GetFrom(g_pools, how, type, flags);
}

[[gnu::noinline]] mbuf* GetClusterSlow(int how, int type, uint32_t flags) {
  StartPools(nullptr);
  return GetClusterFrom(g_pools, how, type, static_cast<int>(flags), MCLBYTES);
}

[[gnu::noinline]] mbuf* FreeElsewhere(mbuf* m) {
  const int pool = m->m_pool;
  weir_pools* pools = pool >= kMaxPools ? nullptr : PoolsAt(pool);
  if (pools == nullptr || !Live(m, pool)) BadMbuf(m, "freed");
  if (Recorded(m)) g_held.Drop(m);
  mbuf* next = m->m_next;
  if ((m->m_flags & M_PKTHDR) && m->m_pkthdr.tags != nullptr) m_tag_delete_chain(m, nullptr);
  int zone = WEIR_ZONE_MBUF;
  if (m->m_flags & M_EXT) {
    if (m->m_ext.ext_cnt == nullptr && m->m_ext.ext_type == EXT_PACKET && ExtPool(m) == pool) {
      zone = WEIR_ZONE_PACKET;
      DropExtRecord(m);
    } else {
      DropExt(m);
    }
  }
  m->m_state = MbufState(m, kMbufFree);
  pools->Free(zone, m->m_tally, m);
  return next;
}

[[gnu::noinline]] mbuf* FreeMbufSlow(int zone, mbuf* m) {
  mbuf* next = m->m_next;
  FreeSlow(zone, m->m_tally, m);
  return next;
}

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

void m_freem(struct mbuf* m) {
  if (struct mbuf* rest = weir::Free(m)) weir::FreeRest(rest);
}

void m_freemp(struct mbuf* m) {
  while (m != nullptr) {
    struct mbuf* next = m->m_nextpkt;
    m_freem(m);
    m = next;
  }
}

struct mbuf* m_getjcl(int how, int type, int flags, int size) {
  const uint32_t kind = static_cast<uint32_t>(flags);
  switch (size) {
    case MCLBYTES:
      return m_getcl(how, type, flags);
    case MJUMPAGESIZE:
      return weir::GetJumbo<WEIR_ZONE_JUMBO_PAGE>(how, type, kind);
    case MJUM9BYTES:
      return weir::GetJumbo<WEIR_ZONE_JUMBO_9K>(how, type, kind);
    case MJUM16BYTES:
      return weir::GetJumbo<WEIR_ZONE_JUMBO_16K>(how, type, kind);
    default:
      return weir::GetJumboSlow(how, type, flags, size);
  }
}

struct mbuf* m_getcl(int how, int type, int flags) {
  return weir::GetCluster(how, type, static_cast<uint32_t>(flags));
}

struct mbuf* m_get2(int size, int how, int type, int flags) {
  if (size < 0 || size > MJUM16BYTES || (flags & ~static_cast<int>(M_PKTHDR)) != 0) [[unlikely]]
    return weir::GetSizeSlow(size, how, type, flags);
  const uint32_t kind = static_cast<uint32_t>(flags);
  if (size <= ((flags & M_PKTHDR) ? MHLEN : MLEN)) return weir::Get(how, type, kind);
  if (size <= MCLBYTES) return m_getcl(how, type, flags);
  if (size <= MJUMPAGESIZE) return weir::GetJumbo<WEIR_ZONE_JUMBO_PAGE>(how, type, kind);
  if (size <= MJUM9BYTES) return weir::GetJumbo<WEIR_ZONE_JUMBO_9K>(how, type, kind);
  return weir::GetJumbo<WEIR_ZONE_JUMBO_16K>(how, type, kind);
}

}  // extern "C"
