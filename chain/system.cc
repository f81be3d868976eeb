// The functions of mbuf(9) and of weir.h that speak of the whole rather than of one chain.
#include <cerrno>
#include <cstring>

#include "weir/alloc/pools.h"
#include "weir/alloc/region.h"
#include "weir/chain/counts.h"
#include "weir/chain/from.h"
#include "weir/chain/inline.h"
#include "weir/chain/mbuf.h"
#include "weir/chain/weir.h"

namespace weir {
namespace {

constinit SharedCounter copy_failures;
constinit SharedCounter pullup_failures;
constinit SharedCounter retries_met;     // m_retry: met after a drain
constinit SharedCounter retries_denied;  // m_retry: failed all the same

struct mbuf* Retry(int how, int type, uint32_t flags) {
  m_reclaim(how);
  struct mbuf* m = Get(how, type, flags);
  (m != nullptr ? retries_met : retries_denied).Add(1);
  return m;
}

// One with a limit of its own.
bool GoodZone(int zone) { return zone >= 0 && zone < kZones; }

bool AnyInUse(const weir_pools& pools) {
  Tallies sums;
  pools.Sum(sums, kAllTallies);
  for (const Zone& zone : pools.zones) {
    if (zone.InUse(sums) != 0) return true;
  }
  return false;
}

uint64_t Drops(const weir_pools& pools) {
  uint64_t n = &pools == &g_pools ? retries_denied.Read() : 0;
  for (const Zone& zone : pools.zones) n += zone.failures();
  return n;
}

uint64_t Delays(const weir_pools& pools) {
  uint64_t n = &pools == &g_pools ? retries_met.Read() : 0;
  for (const Zone& zone : pools.zones) n += zone.delayed();
  return n;
}

// The default set, at work.
weir_pools& Default() {
  StartPools(nullptr);
  return g_pools;
}

}  // namespace

void CountCopyFailure() { copy_failures.Add(1); }
void CountPullupFailure() { pullup_failures.Add(1); }

}  // namespace weir

extern "C" {

void mbinit(void) { weir::StartPools(nullptr); }

int weir_init(const struct weir_options* options) {
  static const struct weir_options defaults = {};
  return weir::StartPools(options == nullptr ? &defaults : options);
}

int weir_pools_shutdown(struct weir_pools* pools) {
  if (weir::AnyInUse(*pools)) return EBUSY;
  // [X1] seq_cst: pairs with [X2]; with the look for waiters in Poke, one side of a Dekker
  // pair: either a waiter sees it before it sleeps, or we see the waiter.
  pools->shutdown.store(1, std::memory_order_seq_cst);
  if (weir::AnyInUse(*pools)) {
    pools->shutdown.store(0, std::memory_order_seq_cst);  // [X1]
    return EBUSY;
  }
  for (weir::Zone& zone : pools->zones) zone.waiters().Poke();
  return 0;
}

void weir_pools_set_wait_limit(struct weir_pools* pools, long ms) {
  pools->wait_limit_ms.store(ms, std::memory_order_relaxed);  // hint
}

int weir_pools_set_limit(struct weir_pools* pools, int zone, long objects) {
  return weir::GoodZone(zone) ? pools->zones[zone].SetLimit(objects) : EINVAL;
}

int weir_pools_reserve(struct weir_pools* pools, int zone, long objects) {
  return weir::GoodZone(zone) ? pools->zones[zone].Reserve(objects) : EINVAL;
}

long weir_pools_trim(struct weir_pools* pools) { return pools->Trim(); }

long weir_pools_trim_to(struct weir_pools* pools, int64_t bytes) { return pools->TrimTo(bytes); }

long weir_pools_trim_idle(struct weir_pools* pools) { return pools->TrimIdle(); }

int weir_region(void** base, size_t* bytes) {
  weir::StartPools(nullptr);
  return weir::FindRegion(base, bytes) ? 0 : ENOENT;
}

int64_t weir_pools_drain_register(struct weir_pools* pools, int kind, const char* name,
                                  long (*fn)(void* arg, int zone, long wanted), void* arg) {
  if ((kind != WEIR_DRAIN_PROTOCOL && kind != WEIR_DRAIN_INTERFACE) || name == nullptr ||
      fn == nullptr) {
    errno = EINVAL;
    return -1;
  }
  int64_t id = pools->drains.Register(static_cast<weir::DrainKind>(kind), name, fn, arg);
  if (id < 0) errno = ENOMEM;
  return id;
}

int weir_pools_drain_unregister(struct weir_pools* pools, int64_t id) {
  return pools->drains.Unregister(id) ? 0 : EINVAL;
}

int64_t weir_pools_watermark_register(struct weir_pools* pools, int zone, long high, long low,
                                      void (*fn)(void* arg, int zone, int above, int64_t in_use),
                                      void* arg) {
  if (!weir::GoodZone(zone) || low < 0 || high <= low || fn == nullptr) {
    errno = EINVAL;
    return -1;
  }
  return pools->watermarks.Register(zone, high, low, fn, arg);
}

int weir_pools_watermark_unregister(struct weir_pools* pools, int64_t id) {
  return pools->watermarks.Unregister(id) ? 0 : EINVAL;
}

long weir_pools_reclaim(struct weir_pools* pools) {
  long freed = pools->drains.Broadcast(-1, 0);
  return freed < 0 ? 0 : freed;
}

// ---- The same of the default set ----

int weir_shutdown(void) { return weir_pools_shutdown(&weir::g_pools); }
void weir_set_wait_limit(long ms) { weir_pools_set_wait_limit(&weir::Default(), ms); }
int weir_set_limit(int zone, long objects) {
  return weir_pools_set_limit(&weir::Default(), zone, objects);
}
int weir_reserve(int zone, long objects) {
  return weir_pools_reserve(&weir::Default(), zone, objects);
}
long weir_trim_to(int64_t bytes) { return weir_pools_trim_to(&weir::Default(), bytes); }
long weir_trim_idle(void) { return weir_pools_trim_idle(&weir::Default()); }
long weir_trim(void) { return weir_pools_trim(&weir::Default()); }
int64_t weir_drain_register(int kind, const char* name,
                            long (*fn)(void* arg, int zone, long wanted), void* arg) {
  return weir_pools_drain_register(&weir::g_pools, kind, name, fn, arg);
}
int weir_drain_unregister(int64_t id) { return weir_pools_drain_unregister(&weir::g_pools, id); }
int64_t weir_watermark_register(int zone, long high, long low,
                                void (*fn)(void* arg, int zone, int above, int64_t in_use),
                                void* arg) {
  return weir_pools_watermark_register(&weir::Default(), zone, high, low, fn, arg);
}
int weir_watermark_unregister(int64_t id) {
  return weir_pools_watermark_unregister(&weir::g_pools, id);
}
long m_reclaim(int /*how*/) { return weir_pools_reclaim(&weir::g_pools); }

struct mbuf* m_retry(int how, int type) {
  return weir::Retry(how, type, 0);
}
struct mbuf* m_retryhdr(int how, int type) {
  return weir::Retry(how, type, M_PKTHDR);
}

int m_chtype(struct mbuf* m, int type) {
  if (m == nullptr || type < 0 || type >= MT_NTYPES) return EINVAL;
  // Allocation first: a free is never counted before the allocation that it undoes.
  weir::SharedCounts& shared = weir::PoolsOf(m).shared;
  shared.allocs[type].Add(1);
  shared.frees[m->m_tally].Add(1);
  shared.retyped.Add(1);
  m->m_type = static_cast<int16_t>(type);
  m->m_tally = static_cast<uint8_t>(type);
  return 0;
}

uint64_t weir_copy_failures(void) { return weir::copy_failures.Read(); }
uint64_t weir_pullup_failures(void) { return weir::pullup_failures.Read(); }

const struct weir_mbstat* weir_mbstat_now(void) {
  static __thread struct weir_mbstat t_stat;
  t_stat.m_drops = weir::Drops(weir::g_pools);
  t_stat.m_wait = weir::Delays(weir::g_pools);
  t_stat.m_drain = weir::g_pools.drains.broadcasts();
  weir::Tallies sums;
  weir::g_pools.Sum(sums, weir::kAllTallies);
  for (int t = 0; t < MT_NTYPES; ++t) {
    t_stat.m_mtypes[t] = static_cast<uint64_t>(weir::InUseOfType(t, sums));
  }
  return &t_stat;
}

void weir_pools_snapshot(struct weir_pools* pools, struct weir_snapshot* out) {
  weir_snapshot_clear(out);
  int64_t started = weir::StartedNs();
  out->uptime_ns = started == 0 ? 0 : static_cast<uint64_t>(weir::MonotonicNs() - started);
  pools->Fill(*out);
  out->drops = weir::Drops(*pools);
  out->waits = weir::Delays(*pools);
  if (pools != &weir::g_pools) return;
  out->copy_failures = weir::copy_failures.Read();
  out->pullup_failures = weir::pullup_failures.Read();
}

void weir_snapshot(struct weir_snapshot* out) { weir_pools_snapshot(&weir::g_pools, out); }

// ---- Sets of zones ----

struct weir_pools* weir_pools_create(const char* name, const struct weir_options* options) {
  return weir::MakePools(name, options == nullptr ? weir_options{} : *options);
}

int64_t weir_pools_destroy(struct weir_pools* pools) {
  if (pools != nullptr && pools != &weir::g_pools) return weir::EndPools(*pools);
  errno = EINVAL;
  return -1;
}

struct weir_pools* weir_pools_default(void) {
  return &weir::Default();
}
struct weir_pools* weir_pools_of(const struct mbuf* m) {
  return &weir::PoolsOf(m);
}
const char* weir_pools_name(const struct weir_pools* pools) { return pools->name; }

struct mbuf* weir_pools_get(struct weir_pools* pools, int how, int type) {
  return weir::GetFrom(*pools, how, type, 0);
}
struct mbuf* weir_pools_gethdr(struct weir_pools* pools, int how, int type) {
  return weir::GetFrom(*pools, how, type, M_PKTHDR);
}
struct mbuf* weir_pools_getcl(struct weir_pools* pools, int how, int type, int flags) {
  return weir::GetClusterFrom(*pools, how, type, flags, MCLBYTES);
}
struct mbuf* weir_pools_getjcl(struct weir_pools* pools, int how, int type, int flags, int size) {
  return weir::GetClusterFrom(*pools, how, type, flags, size);
}
struct mbuf* weir_pools_get2(struct weir_pools* pools, int size, int how, int type, int flags) {
  return weir::GetSizeFrom(*pools, size, how, type, flags);
}

}  // extern "C"
