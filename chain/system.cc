// The functions of mbuf(9) and of weir.h that speak of the whole rather than of one chain.
#include <cerrno>
#include <cstring>

#include "weir/alloc/pools.h"
#include "weir/chain/counts.h"
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

bool AnyInUse() {
  Tallies sums;
  g_pools.Sum(sums, kAllTallies);
  for (const Zone& zone : g_pools.zones) {
    if (zone.InUse(sums) != 0) return true;
  }
  return false;
}

uint64_t Drops() {
  uint64_t n = retries_denied.Read();
  for (const Zone& zone : g_pools.zones) n += zone.failures();
  return n;
}

uint64_t Delays() {
  uint64_t n = retries_met.Read();
  for (const Zone& zone : g_pools.zones) n += zone.delayed();
  return n;
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

int weir_shutdown(void) {
  if (weir::AnyInUse()) return EBUSY;
  // [X1] seq_cst: pairs with [X2]; with the look for waiters in NotifyAll, one side of a Dekker
  // pair: either a waiter sees it before it sleeps, or we see the waiter.
  weir::g_pools.shutdown.store(1, std::memory_order_seq_cst);
  if (weir::AnyInUse()) {
    weir::g_pools.shutdown.store(0, std::memory_order_seq_cst);  // [X1]
    return EBUSY;
  }
  for (weir::Zone& zone : weir::g_pools.zones) zone.waiters().NotifyAll();
  return 0;
}

void weir_set_wait_limit(long ms) {
  weir::StartPools(nullptr);
  weir::g_pools.wait_limit_ms.store(ms, std::memory_order_relaxed);  // hint
}

int weir_set_limit(int zone, long objects) {
  if (!weir::GoodZone(zone)) return EINVAL;
  weir::StartPools(nullptr);
  return weir::g_pools.zones[zone].SetLimit(objects);
}

int weir_reserve(int zone, long objects) {
  if (!weir::GoodZone(zone)) return EINVAL;
  weir::StartPools(nullptr);
  return weir::g_pools.zones[zone].Reserve(objects);
}

long weir_trim(void) {
  weir::StartPools(nullptr);
  return weir::g_pools.Trim();
}

int64_t weir_drain_register(int kind, const char* name,
                            long (*fn)(void* arg, int zone, long wanted), void* arg) {
  if ((kind != WEIR_DRAIN_PROTOCOL && kind != WEIR_DRAIN_INTERFACE) || name == nullptr ||
      fn == nullptr) {
    errno = EINVAL;
    return -1;
  }
  int64_t id = weir::g_pools.drains.Register(static_cast<weir::DrainKind>(kind), name, fn, arg);
  if (id < 0) errno = ENOMEM;
  return id;
}

int weir_drain_unregister(int64_t id) { return weir::g_pools.drains.Unregister(id) ? 0 : EINVAL; }

long m_reclaim(int /*how*/) {
  long freed = weir::g_pools.drains.Broadcast(-1, 0);
  return freed < 0 ? 0 : freed;
}

struct mbuf* m_retry(int how, int type) {
  return weir::Retry(how, type, 0);
}
struct mbuf* m_retryhdr(int how, int type) {
  return weir::Retry(how, type, M_PKTHDR);
}

int m_chtype(struct mbuf* m, int type) {
  if (m == nullptr || type < 0 || type >= MT_NTYPES) return EINVAL;
  // Allocation first: a free is never counted before the allocation that it undoes.
  weir::g_pools.shared.allocs[type].Add(1);
  weir::g_pools.shared.frees[m->m_tally].Add(1);
  weir::g_pools.shared.retyped.Add(1);
  m->m_type = static_cast<int16_t>(type);
  m->m_tally = static_cast<uint8_t>(type);
  return 0;
}

uint64_t weir_copy_failures(void) { return weir::copy_failures.Read(); }
uint64_t weir_pullup_failures(void) { return weir::pullup_failures.Read(); }

const struct weir_mbstat* weir_mbstat_now(void) {
  static __thread struct weir_mbstat t_stat;
  t_stat.m_drops = weir::Drops();
  t_stat.m_wait = weir::Delays();
  t_stat.m_drain = weir::g_pools.drains.broadcasts();
  weir::Tallies sums;
  weir::g_pools.Sum(sums, weir::kAllTallies);
  for (int t = 0; t < MT_NTYPES; ++t) {
    t_stat.m_mtypes[t] = static_cast<uint64_t>(weir::InUseOfType(t, sums));
  }
  return &t_stat;
}

void weir_snapshot(struct weir_snapshot* out) {
  weir_snapshot_clear(out);
  int64_t started = weir::StartedNs();
  out->uptime_ns = started == 0 ? 0 : static_cast<uint64_t>(weir::MonotonicNs() - started);
  weir::g_pools.Fill(*out);
  out->drops = weir::Drops();
  out->waits = weir::Delays();
  out->copy_failures = weir::copy_failures.Read();
  out->pullup_failures = weir::pullup_failures.Read();
}

}  // extern "C"
