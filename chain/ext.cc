#define WEIR_NO_INLINE

#include "weir/chain/ext.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <new>

#include "weir/alloc/alloc.h"
#include "weir/alloc/guard.h"
#include "weir/alloc/layout.h"
#include "weir/alloc/slab.h"
#include "weir/chain/from.h"
#include "weir/chain/inline.h"
#include "weir/chain/record.h"
#include "weir/chain/refcount.h"

namespace weir {
namespace {

constexpr int kClusterSizes[] = {MCLBYTES, MJUMPAGESIZE, MJUM9BYTES, MJUM16BYTES};
static_assert(EXT_CLUSTER == WEIR_ZONE_CLUSTER && EXT_JUMBOP == WEIR_ZONE_JUMBO_PAGE &&
              EXT_JUMBO9 == WEIR_ZONE_JUMBO_9K && EXT_JUMBO16 == WEIR_ZONE_JUMBO_16K);

int ZoneOf(uint32_t type) {
  return type == EXT_PACKET ? int{WEIR_ZONE_CLUSTER} : static_cast<int>(type);
}

void ReleaseGuarded(mbuf* m) {
  const GuardedFor it = LeaveGuarded(m->m_ext.ext_buf);
  PoolsAt(it.pool)->Free(it.zone, it.type, it.cluster);
}

// A count of its own for a caller's buffer that is shared for the first time.
struct alignas(64) CountCell {
  uint32_t count = 0;
};

void ReleaseExt(mbuf* m) {
  DropExtRecord(m);
  if (ExtKind(m) == EXT_PACKET) {
    Free(WEIR_ZONE_CLUSTER, kOfPacket, m->m_ext.ext_buf);
    return;
  }
  if (IsCluster(m->m_ext.ext_type)) {
    const int type = m->m_ext.ext_type == EXT_PACKET ? kOfPacket : 0;
    PoolsAt(ExtPool(m))->Free(ZoneOf(m->m_ext.ext_type), type, m->m_ext.ext_buf);
    return;
  }
  uint32_t* own = m->m_ext.ext_type == EXT_EXTREF ? nullptr : m->m_ext.ext_cnt;
  m->m_ext.ext_cnt = nullptr;
  if (m->m_ext.ext_free != nullptr) m->m_ext.ext_free(m);
  delete reinterpret_cast<CountCell*>(own);
}

void SeedFree(mbuf* m) {
  if (m->m_ext.ext_arg1 == nullptr) {
    free(m->m_ext.ext_buf);
    return;
  }
  auto* fn = reinterpret_cast<m_ext_free_seed_t*>(m->m_ext.ext_arg1);
  fn(m->m_ext.ext_buf, m->m_ext.ext_size, m->m_ext.ext_arg2);
}

// FreeWithExt, where m had the last share of a buffer that the thread's cache does not take.
[[gnu::noinline]] mbuf* FreeWithLastShare(mbuf* m) {
  ReleaseExt(m);
  mbuf* next = m->m_next;
  m->m_state = MbufState(m, kMbufFree);
  Free(WEIR_ZONE_MBUF, m->m_tally, m);
  return next;
}

int AttachBuffer(mbuf* m, char* buf, unsigned size, uint32_t* count, m_ext_free_t* fn, void* arg1,
                 void* arg2, uint32_t flags, int type) {
  if (m == nullptr || buf == nullptr || (m->m_flags & M_EXT) || size > INT32_MAX) return EINVAL;
  EndPacket(m);
  m->m_ext = {buf, count, size, static_cast<uint16_t>(type), 0, fn, arg1, arg2};
  m->m_data = buf;
  m->m_flags |= M_EXT | flags;
  NoteExtOf(m, kEventCluster);
  return 0;
}

[[gnu::noinline]] int AddClusterSlow(mbuf* m, int how, int zone) {
  if (m == nullptr || (m->m_flags & M_EXT)) return errno = EINVAL;
  weir_pools& pools = PoolsOf(m);
  bool chosen = false;
  void* buf = pools.Alloc(zone, 0, how, &chosen);
  if (buf == nullptr) return errno;
  EndPacket(m);
  AttachCluster(m, buf, static_cast<int>(kObjectBytes[zone]), zone, pools.number);
  MaybeGuard(pools, m, 0);
  if (chosen) [[unlikely]]
    Record(m, kNewCluster);
  NoteExtOf(m, kEventCluster);
  return 0;
}

template <int zone>
int AddCluster(mbuf* m, int how) {
  return AddClusterFast(m, kObjectBytes[zone], zone) ? 0 : AddClusterSlow(m, how, zone);
}

}  // namespace

int ZoneOfSize(int size) {
  for (int i = 0; i < 4; ++i) {
    if (kClusterSizes[i] == size) return EXT_CLUSTER + i;
  }
  return -1;
}

int ClusterFor(int len) {
  for (int size : kClusterSizes) {
    if (len <= size) return size;
  }
  return 0;
}

bool AddSecondHolder(mbuf* m) {
  uint32_t* count;
  if (IsCluster(m->m_ext.ext_type)) {
    count = ClusterCount(ZoneOf(m->m_ext.ext_type), m->m_ext.ext_buf);
  } else {
    auto* cell = new (std::nothrow) CountCell;
    if (cell == nullptr) return false;
    count = &cell->count;
  }
  RefCount(count).StartShared();
  EndPacket(m);
  m->m_ext.ext_cnt = count;
  return true;
}

void SayStuck(const mbuf* m) {
  fprintf(stderr, "weir: %p is shared more than %u times and will never be freed\n",
          static_cast<void*>(m->m_ext.ext_buf), RefCount::kSaturated);
}

void DropExt(mbuf* m) {
  if (m->m_ext.ext_cnt == nullptr || RefCount(m->m_ext.ext_cnt).Drop()) ReleaseExt(m);
}

namespace {

[[gnu::always_inline]] inline mbuf* FreeAlone(mbuf* m, ThreadRecord* t) {
  mbuf* next = m->m_next;
  m->m_state = MbufState(m, kMbufFree);
  if (!FreeFast(t, WEIR_ZONE_MBUF, m->m_tally, m)) [[unlikely]]
    return FreeMbufSlow(WEIR_ZONE_MBUF, m);
  return next;
}

// FreeWithExt, where m had the last share of its buffer.
[[gnu::always_inline]] inline mbuf* FreeWithBuffer(mbuf* m) {
  ThreadRecord* t = t_thread.record;
  const uint32_t kind = ExtKind(m);
  if (kind == EXT_PACKET) {
    // The cluster stays with its last holder: they are a packet again.
    mbuf* next = m->m_next;
    m->m_ext.ext_cnt = nullptr;
    m->m_state = MbufState(m, kMbufFree);
    if (!FreeFast(t, WEIR_ZONE_PACKET, m->m_tally, m)) [[unlikely]]
      return FreeMbufSlow(WEIR_ZONE_PACKET, m);
    return next;
  }
  // Most are of this zone; named, its cache is at a place that the compiler knows.
  const bool cluster = kind == EXT_CLUSTER
                           ? FreeFast(t, WEIR_ZONE_CLUSTER, 0, m->m_ext.ext_buf)
                           : IsCluster(kind) && FreeFast(t, ZoneOf(kind), 0, m->m_ext.ext_buf);
  if (!cluster) [[unlikely]]
    return FreeWithLastShare(m);
  return FreeAlone(m, t);
}

}  // namespace

// As lean as the inline functions: no register is saved.
mbuf* FreeWithExt(mbuf* m) {
  if (m->m_ext.ext_cnt == nullptr || RefCount(m->m_ext.ext_cnt).Drop()) return FreeWithBuffer(m);
  return FreeAlone(m, t_thread.record);
}

void MaybeGuard(const weir_pools& pools, mbuf* m, int type) {
  if (!ChooseGuarded(pools.options.guard_one_in)) [[likely]]
    return;
  m_ext& ext = m->m_ext;
  char* at = static_cast<char*>(
      PlaceGuarded({ext.ext_buf, ZoneOf(ext.ext_type), type, ExtPool(m)}));
  if (at == nullptr) return;
  EndPacket(m);
  ext = {at, nullptr, ext.ext_size, EXT_GUARDED, ext.ext_pool, ReleaseGuarded, nullptr, nullptr};
  m->m_data = at;
}

}  // namespace weir

extern "C" {

int m_cljget(struct mbuf* m, int how, int size) {
  switch (size) {
    case MCLBYTES:
      return weir::AddCluster<WEIR_ZONE_CLUSTER>(m, how);
    case MJUMPAGESIZE:
      return weir::AddCluster<WEIR_ZONE_JUMBO_PAGE>(m, how);
    case MJUM9BYTES:
      return weir::AddCluster<WEIR_ZONE_JUMBO_9K>(m, how);
    case MJUM16BYTES:
      return weir::AddCluster<WEIR_ZONE_JUMBO_16K>(m, how);
    default:
      return errno = EINVAL;
  }
}

int m_clget(struct mbuf* m, int how) {
  return weir::AddCluster<WEIR_ZONE_CLUSTER>(m, how);
}

int m_extadd(struct mbuf* m, char* buf, unsigned size, m_ext_free_t* fn, void* arg1, void* arg2,
             int flags, int type) {
  if (type < EXT_NET_DRV || type > EXT_EXTREF || (flags & ~static_cast<int>(M_RDONLY)) != 0) {
    return EINVAL;
  }
  uint32_t* count = type == EXT_EXTREF ? static_cast<uint32_t*>(arg1) : nullptr;
  if (type == EXT_EXTREF && count == nullptr) return EINVAL;
  return weir::AttachBuffer(m, buf, size, count, fn, arg1, arg2, static_cast<uint32_t>(flags),
                            type);
}

int m_extaddref(struct mbuf* m, char* buf, unsigned size, uint32_t* count, m_ext_free_t* fn,
                void* arg1, void* arg2) {
  if (count == nullptr) return EINVAL;
  return weir::AttachBuffer(m, buf, size, count, fn, arg1, arg2, 0, EXT_EXTREF);
}

int m_extadd_seed(struct mbuf* m, char* buf, unsigned size, m_ext_free_seed_t* fn, void* arg) {
  return weir::AttachBuffer(m, buf, size, nullptr, weir::SeedFree, reinterpret_cast<void*>(fn), arg,
                            0, EXT_MOD_TYPE);
}

int m_extmalloc(struct mbuf* m, unsigned size, int /*how*/) {
  if (m == nullptr || (m->m_flags & M_EXT) || size > INT32_MAX) return EINVAL;
  char* buf = static_cast<char*>(malloc(size));
  if (buf == nullptr) return ENOBUFS;
  return m_extadd_seed(m, buf, size, nullptr, nullptr);
}

int m_extremove(struct mbuf* m) {
  if (m == nullptr || !(m->m_flags & M_EXT)) return EINVAL;
  weir::DropExt(m);
  weir::EndPacket(m);
  m->m_flags &= ~(M_EXT | M_RDONLY);
  weir::NoteExtOf(m, weir::kEventMoved);
  m->m_data = M_START(m);
  m->m_len = 0;
  return 0;
}

unsigned m_extrefcnt(const struct mbuf* m) {
  if (m == nullptr || !(m->m_flags & M_EXT)) return 0;
  return m->m_ext.ext_cnt == nullptr ? 1 : weir::RefCount(m->m_ext.ext_cnt).Read();
}

int m_extzone(const struct mbuf* m) {
  if (m == nullptr || !(m->m_flags & M_EXT)) return -1;
  const uint32_t type = m->m_ext.ext_type;
  if (type == EXT_GUARDED) return weir::ZoneOfGuarded(m->m_ext.ext_buf);
  return weir::IsCluster(type) ? weir::ZoneOf(type) : -1;
}

int m_extshare(struct mbuf* m, struct mbuf* n) {
  if (m == nullptr || n == nullptr || !(m->m_flags & M_EXT) || (n->m_flags & M_EXT)) {
    return errno = EINVAL;
  }
  // Loaded before AddHolder stores part of it: loaded as a whole, it would wait for that.
  struct m_ext ext = m->m_ext;
  if (!weir::AddHolder(m)) return errno = ENOBUFS;
  ext.ext_cnt = m->m_ext.ext_cnt;
  weir::EndPacket(n);
  n->m_ext = ext;
  n->m_data = m->m_data;
  n->m_len = m->m_len;
  n->m_flags |= M_EXT | (m->m_flags & M_RDONLY);
  weir::NoteExtOf(n, weir::kEventClone);
  return 0;
}

}  // extern "C"
