// Sets of zones beside the default one. They are few and live long: making and ending one takes a
// lock. A set's memory is never unmapped, so that a thread that ends, a fork or a snapshot may look
// at every set at any time; a new set takes the place of one that has ended.
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <new>

#include "weir/alloc/pools.h"

namespace weir {
namespace {

// In order, without gaps; [0] is not used.
constinit Atomic<weir_pools*> sets[kMaxPools] = {};

// A set that is not live, under the lock of LockStart; nullptr with errno.
weir_pools* Place() {
  for (int i = 1; i < kMaxPools; ++i) {
    weir_pools* pools = PoolsAt(i);
    if (pools != nullptr && pools->live) continue;
    if (pools != nullptr) return pools;
    pools = new (std::nothrow) weir_pools(i);
    if (pools == nullptr) {
      errno = ENOMEM;
      return nullptr;
    }
    // [P1] release: pairs with [P2], publishes the set; else a walker finds it half made.
    sets[i].store(pools, std::memory_order_release);
    return pools;
  }
  errno = ENOSPC;
  return nullptr;
}

weir_pools* Refuse(const char* why) {
  fprintf(stderr, "weir: %s\n", why);
  errno = EINVAL;
  return nullptr;
}

}  // namespace

weir_pools* PoolsAt(int number) {
  // [P2] acquire: pairs with [P1].
  return number == 0 ? &g_pools : sets[number].load(std::memory_order_acquire);
}

weir_pools* MakePools(const char* name, const weir_options& options) {
  StartPools(nullptr);
  if (name == nullptr || *name == '\0' || strlen(name) >= sizeof g_pools.name) {
    return Refuse("the name of a set of zones has 1 to 31 bytes");
  }
  weir_options resolved = options;
  // The environment is the default set's.
  if (const char* wrong = ResolveOptions(resolved, false)) return Refuse(wrong);
  StartLock lock;
  weir_pools* pools = Place();
  if (pools == nullptr) return nullptr;
  pools->ResetFigures();
  strcpy(pools->name, name);
  pools->shutdown.store(0, std::memory_order_relaxed);  // unpublished
  SlabSources sources;
  if (const char* wrong = ChooseSlabSources(resolved, sources)) return Refuse(wrong);
  StartSet(*pools, resolved, sources);
  return pools;
}

namespace {

// All but the watermarks: 0, or how many objects are out.
int64_t Empty(weir_pools& pools) {
  StartLock lock;
  Tallies sums;
  pools.Sum(sums, kAllTallies);
  int64_t held = 0;
  for (const Zone& zone : pools.zones) held += zone.InUse(sums);
  if (held != 0) return held;
  // [X1]: who waits all the same is told, as by weir_shutdown.
  pools.shutdown.store(1, std::memory_order_seq_cst);
  for (Zone& zone : pools.zones) {
    zone.waiters().Poke();
    zone.Reserve(0);
  }
  pools.Trim();
  for (Zone& zone : pools.zones) zone.SetLimit(0);
  pools.drains.UnregisterAll();
  return 0;
}

}  // namespace

int64_t EndPools(weir_pools& pools) {
  if (const int64_t held = Empty(pools)) return held;
  pools.watermarks.UnregisterAll();
  StartLock lock;
  pools.live = false;  // its place is free
  return 0;
}

}  // namespace weir

// Nobody uses the set: quiescent.
void weir_pools::ResetFigures() {
  records.ForEach([](weir::ThreadRecord& r) {
    for (int i = 0; i < weir::kTallies; ++i) {
      r.allocs[i].Reset();
      r.due[i] = 0;
      r.frees[i].Reset();
    }
    for (weir::ZoneEvents& e : r.events) {
      e.refills.Reset();
      e.flushes.Reset();
    }
  });
  for (int i = 0; i < weir::kTallies; ++i) {
    shared.allocs[i].Reset();
    shared.frees[i].Reset();
  }
  shared.retyped.Reset();
  for (weir::Zone& zone : zones) zone.ResetFigures();
  packets.ResetFigures();
}
