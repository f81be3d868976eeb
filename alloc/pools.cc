#include "weir/alloc/pools.h"

#include <sys/sysinfo.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <mutex>

#include "weir/alloc/alloc.h"
#include "weir/alloc/fork.h"
#include "weir/alloc/guard.h"
#include "weir/alloc/inject.h"
#include "weir/alloc/own_thread.h"
#include "weir/alloc/sampling.h"

namespace weir {

constinit weir_pools g_pools(0);

namespace {

constinit std::mutex start_mutex;  // slow path of the first operations only
constinit Atomic<int64_t> started_ns{0};

}  // namespace

void StartSet(weir_pools& pools, const weir_options& o, const SlabSources& sources) {
  pools.live = true;
  pools.options = o;
  pools.source = sources.all;
  pools.cluster_source = sources.clusters;
  pools.one_by_one = OneByOne(o);
  const uint32_t all = (1u << WEIR_NZONES) - 1;
  pools.uncached = pools.one_by_one || o.quarantine != 0 ? all
                   : o.guard_one_in != 0                 ? all & ~(1u << WEIR_ZONE_MBUF)
                                                         : 0;
  for (Zone& zone : pools.zones) zone.OpenQuarantine();
  if (o.guard_one_in != 0 && !OpenGuard()) {
    fprintf(stderr, "weir: guard_one_in: no memory for guarded clusters; none are\n");
  }
  pools.wait_limit_ms.store(o.wait_limit_ms, std::memory_order_relaxed);  // unpublished
  const int64_t limits[kZones] = {o.nmbufs, o.nmbclusters, o.nmbjumbop, o.nmbjumbo9, o.nmbjumbo16};
  for (int i = 0; i < kZones; ++i) pools.zones[i].SetLimit(limits[i]);
  pools.zones[WEIR_ZONE_MBUF].Reserve(o.mblowat);
  pools.zones[WEIR_ZONE_CLUSTER].Reserve(o.mcllowat);
}

// [I1] acquire: pairs with [I2]; who sees the time sees the options and the source.
int64_t StartedNs() { return started_ns.load(std::memory_order_acquire); }

void LockStart() { start_mutex.lock(); }
void UnlockStart() { start_mutex.unlock(); }

int StartPools(const weir_options* options) {
  if (StartedNs() != 0) return options == nullptr ? 0 : EBUSY;
  std::lock_guard lock(start_mutex);
  if (StartedNs() != 0) return options == nullptr ? 0 : EBUSY;
  weir_options resolved = options == nullptr ? weir_options{} : *options;
  SlabSources sources;
  const char* invalid = ResolveOptions(resolved);
  const char* missing = invalid == nullptr ? ChooseSlabSources(resolved, sources) : nullptr;
  if (const char* wrong = invalid != nullptr ? invalid : missing) {
    fprintf(stderr, "weir: %s\n", wrong);
    if (options != nullptr) return invalid != nullptr ? EINVAL : ENOMEM;
    abort();
  }
  depot_shards = std::clamp<uint32_t>(static_cast<uint32_t>(get_nprocs()), 1, kMostShards);
  // What is made at first use is made now, so that no fork can come in the middle of it.
  AsymmetricFence();
  MakeEndKey();
  InstallForkHandlers();
  StartSet(g_pools, resolved, sources);
  SetSampleRate(std::max<int64_t>(0, resolved.holders_one_in));
  if (const char* wrong = FailAsEnvironmentSays()) {
    fprintf(stderr, "weir: %s\n", wrong);
    if (options != nullptr) return EINVAL;
    abort();
  }
  if (resolved.trim_interval_ms != 0) StartTrimming();
  started_ns.store(MonotonicNs(), std::memory_order_release);  // [I2] pairs with [I1]
  return 0;
}

void* AllocSlow(int zone, int type, int how) {
  StartPools(nullptr);
  return g_pools.AllocSlow(zone, type, how);
}

void FreeSlow(int zone, int type, void* object) { g_pools.FreeSlow(zone, type, object); }

}  // namespace weir

void* weir_pools::Alloc(int zone, int type, int how, bool* chosen) {
  void* object = weir::AllocFast(OwnIfAny(), zone, type);
  return object != nullptr ? object : AllocSlow(zone, type, how, chosen);
}

void weir_pools::Free(int zone, int type, void* object) {
  if (!weir::FreeFast(OwnIfAny(), zone, type, object)) FreeSlow(zone, type, object);
}

void* weir_pools::AllocSlow(int zone, int type, int how, bool* chosen) {
  weir::ThreadRecord* own = Own();
  const int tally = weir::TallyOf(zone, type);
  if (own != nullptr && weir::DrawSample(*own, tally) && chosen != nullptr) *chosen = true;
  const uint64_t counted = own == nullptr ? 0 : own->allocs[tally].Own();
  void* object = zone == WEIR_ZONE_PACKET ? packets.AllocSlow(own, type, how)
                                          : zones[zone].AllocSlow(own, tally, how);
  if (object == nullptr) return nullptr;
  if (own != nullptr && own->allocs[tally].Own() == counted) weir::PassSample(*own, tally);
  if (zone != WEIR_ZONE_PACKET) weir::OnAlloc(zone, object);
  return object;
}

void weir_pools::FreeSlow(int zone, int type, void* object) {
  weir::ThreadRecord* own = Own();
  if (zone == WEIR_ZONE_PACKET) {
    packets.FreeSlow(own, type, object);
  } else {
    zones[zone].FreeSlow(own, weir::TallyOf(zone, type), object);
  }
}

bool weir_pools::Recall() {
  return weir::Caches::Recall({&zones[0], &zones[1], &zones[2], &zones[3], &zones[4], &packets});
}
