// A set of zones with what belongs to it: drain handlers, thread records, options, statistics.
// There is a default one, which the fast paths use, and there may be others.
#ifndef WEIR_ALLOC_POOLS_H_
#define WEIR_ALLOC_POOLS_H_

#include <cstdint>

#include "weir/alloc/options.h"
#include "weir/alloc/packets.h"
#include "weir/alloc/slab_source.h"
#include "weir/alloc/thread_record.h"
#include "weir/alloc/transit.h"
#include "weir/alloc/watermarks.h"
#include "weir/alloc/zone.h"
#include "weir/reclaim/drain.h"
#include "weir/reclaim/registry.h"

struct weir_pools {
  constexpr explicit weir_pools(int set_number) : number(set_number) {}
  weir_pools(const weir_pools&) = delete;
  weir_pools& operator=(const weir_pools&) = delete;

  // Objects of this set, as alloc/alloc.h gives them of the default set.
  // *chosen, if not nullptr, becomes true when the allocation is one to be recorded.
  void* Alloc(int zone, int type, int how, bool* chosen = nullptr);
  void Free(int zone, int type, void* object);
  void* AllocSlow(int zone, int type, int how, bool* chosen = nullptr);
  void FreeSlow(int zone, int type, void* object);

  // The calling thread's record in this set, claimed now if need be. nullptr: there is no memory,
  // or the thread is past its end; then objects come from and go to the depot.
  weir::ThreadRecord* Own();
  weir::ThreadRecord* OwnIfAny() const;

  // Of these tallies; the others of `out` are left alone.
  void Sum(weir::Tallies& out, weir::TallyRanges which) const;
  // Objects of a zone held by callers. While threads allocate and free InUse may be far above the
  // truth, by what they allocated as it was read; InUseAtLeast is below it, and may be negative.
  int64_t InUse(int zone) const;
  int64_t InUseAtLeast(int zone) const;
  void Fill(weir_snapshot& out) const;

  // Makes all counts 0, of a set that nobody uses.
  void ResetFigures();

  // Recalls all caches of all threads. True if one was busy.
  bool Recall();
  // Takes back all that threads cache, and gives empty slabs back; returns bytes.
  int64_t Trim();
  // Stops when no more than `target` bytes are held, and takes what threads cache only if it must.
  int64_t TrimTo(int64_t target);
  // Takes what nobody has used since the last call: caches of idle threads, and the part of the
  // depots that was not needed. 0 at once while another thread is in it.
  int64_t TrimIdle();
  void RetireMagazines();

  // Where slabs of the zone come from.
  const weir::SlabSource& SourceOf(int zone) const {
    return zone == WEIR_ZONE_CLUSTER && cluster_source != nullptr ? *cluster_source : *source;
  }

  weir::Caches& caches(int id) {
    return id == WEIR_ZONE_PACKET ? static_cast<weir::Caches&>(packets) : zones[id];
  }

  weir::Zone zones[weir::kZones] = {
      weir::Zone(*this, WEIR_ZONE_MBUF), weir::Zone(*this, WEIR_ZONE_CLUSTER),
      weir::Zone(*this, WEIR_ZONE_JUMBO_PAGE), weir::Zone(*this, WEIR_ZONE_JUMBO_9K),
      weir::Zone(*this, WEIR_ZONE_JUMBO_16K)};
  weir::Packets packets{*this};
  weir::Transit transit;
  weir::Registry<weir::ThreadRecord> records;
  weir::Atomic<uint32_t> records_asked{0};  // whether their threads are still there
  weir::SharedCounts shared;
  weir::DrainRegistry drains;
  weir::Watermarks watermarks;
  weir::Atomic<int64_t> wait_limit_ms{0};
  weir::Atomic<uint32_t> shutdown{0};
  weir::Atomic<uint32_t> trimming_idle{0};
  // Written before the first use of the set, and not while it is used.
  const int number;
  weir_options options{};  // as resolved
  const weir::SlabSource* source = nullptr;
  const weir::SlabSource* cluster_source = nullptr;  // nullptr: the same
  bool one_by_one = false;                           // each object is one of malloc's
  uint32_t uncached = 0;                             // bit i: threads keep no cache of zone i
  char name[32] = "default";
  bool live = false;  // under the lock of LockStart
};

namespace weir {

extern weir_pools g_pools;  // the default set

// Makes the default set if it is not made yet: with *options, or the defaults if it is nullptr.
// 0; EBUSY if it was made before and options is not nullptr; EINVAL, or ENOMEM for the region, with
// a message on stderr. Options that the environment gets wrong abort, unless this is weir_init.
int StartPools(const weir_options* options);
int64_t StartedNs();  // on CLOCK_MONOTONIC; 0 before

// Another set. `name` is for reports. nullptr with errno: EINVAL (options, or no name; with a line
// on stderr), ENOMEM, ENOSPC (kMaxPools sets exist).
weir_pools* MakePools(const char* name, const weir_options& options);
// Ends a set that MakePools made, and gives its memory back: 0. Or the number of objects that
// callers still hold, and nothing changes. Nobody may use the set meanwhile or after.
int64_t EndPools(weir_pools& pools);

// The set of this number, 0 to kMaxPools - 1: nullptr if there never was one. A set that has ended
// is still there, empty, until the next takes its place.
weir_pools* PoolsAt(int number);
template <typename Visit>
void ForEachPools(Visit visit) {
  for (int i = 0; i < kMaxPools; ++i) {
    weir_pools* pools = PoolsAt(i);
    if (pools == nullptr) break;
    visit(*pools);
  }
}

// For a set that begins. Limits, options and sources; figures start at 0.
void StartSet(weir_pools& pools, const weir_options& resolved, const SlabSources& sources);

// Around a fork: nobody is in the middle of making a set.
void LockStart();
void UnlockStart();
class StartLock {
 public:
  StartLock() { LockStart(); }
  ~StartLock() { UnlockStart(); }
  StartLock(const StartLock&) = delete;
  StartLock& operator=(const StartLock&) = delete;
};

}  // namespace weir

#endif  // WEIR_ALLOC_POOLS_H_
