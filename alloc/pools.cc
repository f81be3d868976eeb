#include "weir/alloc/pools.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "weir/alloc/alloc.h"
#include "weir/alloc/fork.h"

namespace weir {

constinit Zone g_zones[WEIR_NZONES] = {Zone(WEIR_ZONE_MBUF), Zone(WEIR_ZONE_CLUSTER),
                                       Zone(WEIR_ZONE_JUMBO_PAGE), Zone(WEIR_ZONE_JUMBO_9K),
                                       Zone(WEIR_ZONE_JUMBO_16K)};
constinit DrainRegistry g_drains;
constinit weir_options g_options{};
constinit const SlabSource* g_source = nullptr;
constinit Atomic<int64_t> g_wait_limit_ms{0};
constinit Atomic<uint32_t> g_shutdown{0};

namespace {

constinit std::mutex start_mutex;  // slow path of the first operations only
constinit Atomic<int64_t> started_ns{0};

const SlabSource* ChooseSource(bool mmap) {
  const SlabSource* jemalloc = mmap ? nullptr : JemallocSlabSource();
  return jemalloc != nullptr ? jemalloc : MmapSlabSource();
}

void Start(const weir_options& o) {
  g_options = o;
  g_source = ChooseSource(strcmp(o.slab_source, "mmap") == 0);
  g_wait_limit_ms.store(o.wait_limit_ms, std::memory_order_relaxed);  // unpublished
  // What is made at first use is made now, so that no fork can come in the middle of it.
  AsymmetricFence();
  MakeEndKey();
  InstallForkHandlers();
  const int64_t limits[WEIR_NZONES] = {o.nmbufs, o.nmbclusters, o.nmbjumbop, o.nmbjumbo9,
                                       o.nmbjumbo16};
  for (int i = 0; i < WEIR_NZONES; ++i) g_zones[i].SetLimit(limits[i]);
  g_zones[WEIR_ZONE_MBUF].Reserve(o.mblowat);
  g_zones[WEIR_ZONE_CLUSTER].Reserve(o.mcllowat);
}

}  // namespace

// [I1] acquire: pairs with [I2]; who sees the time sees the options and the source.
int64_t StartedNs() { return started_ns.load(std::memory_order_acquire); }

void LockStart() { start_mutex.lock(); }
void UnlockStart() { start_mutex.unlock(); }

int StartPools(const weir_options* options) {
  if (StartedNs() != 0) return options == nullptr ? 0 : EBUSY;
  std::lock_guard lock(start_mutex);
  if (StartedNs() != 0) return options == nullptr ? 0 : EBUSY;
  weir_options resolved = options == nullptr ? weir_options{} : *options;
  if (const char* wrong = ResolveOptions(resolved)) {
    fprintf(stderr, "weir: %s\n", wrong);
    if (options != nullptr) return EINVAL;
    abort();
  }
  Start(resolved);
  started_ns.store(MonotonicNs(), std::memory_order_release);  // [I2] pairs with [I1]
  return 0;
}

void* AllocSlow(int zone, int type, int how) {
  StartPools(nullptr);
  return g_zones[zone].AllocSlow(OwnRecord(), TallyOf(zone, type), how);
}

void FreeSlow(int zone, int type, void* object) {
  g_zones[zone].FreeSlow(OwnRecord(), TallyOf(zone, type), object);
}

}  // namespace weir
