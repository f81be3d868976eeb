// What weir keeps for each thread in a set of zones: a cache for each zone, and counters that only
// it writes.
//
// Claimed at a thread's first allocation or free in that set, abandoned by a pthread key's
// destructor; a record lives as long as the process and goes from thread to thread.
#ifndef WEIR_ALLOC_THREAD_RECORD_H_
#define WEIR_ALLOC_THREAD_RECORD_H_

#include <cstddef>
#include <cstdint>

#include "weir/alloc/cache.h"
#include "weir/alloc/layout.h"
#include "weir/reclaim/registry.h"
#include "weir/stats/countdown.h"
#include "weir/stats/counter.h"
#include "weir/stats/snapshot.h"

struct weir_pools;

namespace weir {

struct StackMemo;  // alloc/stack_memo.h

// Objects are counted by tally: an mbuf by its type, a cluster by its zone, a packet by its type.
// Clusters (type kOfPacket) that are allocated for a packet, or came as one and are freed without
// its mbuf, have one for themselves.
inline constexpr int kOfPacket = -1;
inline constexpr int kFirstCluster = WEIR_NTYPES;
inline constexpr int kPacketCluster = kFirstCluster + kZones - 1;
inline constexpr int kFirstPacket = kPacketCluster + 1;
inline constexpr int kTallies = kFirstPacket + WEIR_NTYPES;
constexpr int TallyOf(int zone, int type) {
  return zone == WEIR_ZONE_MBUF     ? type
         : zone == WEIR_ZONE_PACKET ? kFirstPacket + type
         : type == kOfPacket        ? kPacketCluster
                                    : kFirstCluster + zone - WEIR_ZONE_CLUSTER;
}

inline constexpr int kMaxPools = 64;  // sets of zones, the default one included

// Events of slow paths.
struct ZoneEvents {
  Counter refills;
  Counter flushes;
};

// A load waits for an earlier store whose address has the same low 12 bits, as if it could be the
// same. Mbufs lie at multiples of 256, and an allocation writes to their first kPairTo bytes. So what
// the fast paths look at lies elsewhere in 256 bytes, at least for the types that are usual.
struct alignas(256) ThreadRecord {
  // ---- Owner-written, but for each cache's shared part ----
  ZoneEvents events[WEIR_NZONES];
  uint64_t random = 0;     // state of the generator that draws samples
  int64_t rate_seen = -1;  // that `due` was drawn for
  StackMemo* stacks = nullptr;
  // How many operations there had been at the last RecallIdle, whose caller's it is.
  uint64_t idle_mark[WEIR_NZONES] = {};
  Cache caches[WEIR_NZONES];
  alignas(256) char before_allocs[kPairTo];
  Countdowns<kTallies> allocs;  // to the next that alloc/sampling.h has to look at
  alignas(256) char before_frees[kPairTo];
  Counter frees[kTallies];
  // From which count in `allocs` on the next allocation is recorded (alloc/sampling.h). 0: that has
  // to be asked.
  uint64_t due[kTallies] = {};
  // In the record of the default set: those of the same thread in the others, or nullptr.
  ThreadRecord* others[kMaxPools] = {};
  // ---- Registry ----
  alignas(64) ThreadRecord* next_record = nullptr;
  Atomic<uint32_t> life{kAbandoned};
  Atomic<int> tid{0};  // of its thread, 0: it has none

  bool Reusable() const {
    for (const Cache& c : caches) {
      if (!c.Reusable()) return false;
    }
    return true;
  }
};

static_assert(!kRealAtomics || offsetof(ThreadRecord, caches) % 256 >= kPairTo);

// The calling thread's record in the default set; nullptr before its first operation and after its
// end. initial-exec: one load relative to the thread pointer, in a shared object too. That load is
// behind the stores of the operation before, and is from a place in 64 bytes where the record has
// nothing that they store: where the linker had put it, in one program, it waited for a counter in
// each operation, and an mbuf took 7.1 ns instead of 3.7. More than 64 would keep dlopen from
// finding room.
struct alignas(64) OwnRecordPlace {
  char before[56];
  ThreadRecord* record;
};
#pragma GCC visibility push(default)
extern __thread OwnRecordPlace t_thread __attribute__((tls_model("initial-exec")));
#pragma GCC visibility pop

// The calling thread's record in the default set, claimed now if need be. nullptr: there is no
// memory, or the thread is past its end.
ThreadRecord* OwnRecord();
// Makes the pthread key whose destructor ends records, if it is not made yet.
void MakeEndKey();
// In a fork's child: the records of the threads that are not there, whose caches are dead, have no
// owner.
void ForgetOwners(weir_pools& pools);

// Counts of a set's operations outside a thread's cache: owners write their own counters only
// between Cache::Enter and Leave, where a signal handler cannot come in between.
struct SharedCounts {
  SharedCounter allocs[kTallies];
  SharedCounter frees[kTallies];
  SharedCounter retyped;  // mbufs that were counted as freed and allocated, but were not
};

// The tallies that count objects of a zone are those in [a, b) and [c, d).
struct TallyRanges {
  int a, b, c, d;
};
constexpr TallyRanges TalliesOf(int zone) {
  return zone == WEIR_ZONE_MBUF     ? TallyRanges{0, WEIR_NTYPES, kFirstPacket, kTallies}
         : zone == WEIR_ZONE_PACKET ? TallyRanges{0, 0, kPacketCluster, kTallies}
         : zone == WEIR_ZONE_CLUSTER
             ? TallyRanges{kFirstCluster, kFirstCluster + 1, kPacketCluster, kTallies}
             : TallyRanges{TallyOf(zone, 0), TallyOf(zone, 0) + 1, 0, 0};
}
inline constexpr TallyRanges kAllTallies = {0, kTallies, 0, 0};
template <typename Visit>
void ForEachTally(TallyRanges r, Visit visit) {
  for (int i = r.a; i < r.b; ++i) visit(i);
  for (int i = r.c; i < r.d; ++i) visit(i);
}

// Sums over all threads. Of each tally, allocs >= frees always; exact when quiet.
struct Tallies {
  uint64_t allocs[kTallies];
  uint64_t frees[kTallies];
  uint64_t retyped;
};
// Mbufs of a type held by callers.
inline int64_t InUseOfType(int type, const Tallies& sums) {
  return static_cast<int64_t>(sums.allocs[type] - sums.frees[type] +
                              sums.allocs[kFirstPacket + type] - sums.frees[kFirstPacket + type]);
}

}  // namespace weir

#endif  // WEIR_ALLOC_THREAD_RECORD_H_
