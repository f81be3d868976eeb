// What weir keeps for each thread: a cache for each zone, and counters that only it writes.
//
// Claimed at a thread's first allocation or free, abandoned by a pthread key's destructor; a
// record lives as long as the process and goes from thread to thread.
#ifndef WEIR_ALLOC_THREAD_RECORD_H_
#define WEIR_ALLOC_THREAD_RECORD_H_

#include <cstdint>

#include "weir/alloc/cache.h"
#include "weir/alloc/layout.h"
#include "weir/reclaim/registry.h"
#include "weir/stats/counter.h"
#include "weir/stats/snapshot.h"

namespace weir {

// Objects are counted by tally: an mbuf by its type, a cluster by its zone.
inline constexpr int kTallies = int{WEIR_NTYPES} + WEIR_NZONES - 1;
constexpr int TallyOf(int zone, int type) {
  return zone == WEIR_ZONE_MBUF ? type : int{WEIR_NTYPES} - 1 + zone;
}

// Events of slow paths.
struct ZoneEvents {
  Counter refills;
  Counter flushes;
};

struct ThreadRecord {
  // ---- Owner-written, but for each cache's shared part ----
  Cache caches[WEIR_NZONES];
  Counter allocs[kTallies];
  Counter frees[kTallies];
  ZoneEvents events[WEIR_NZONES];
  // ---- Registry ----
  alignas(64) ThreadRecord* next_record = nullptr;
  Atomic<uint32_t> life{kAbandoned};

  bool Reusable() const {
    for (const Cache& c : caches) {
      if (!c.Reusable()) return false;
    }
    return true;
  }
};

// The calling thread's record; nullptr before its first operation and after its end.
// initial-exec: one load relative to the thread pointer, in a shared object too.
extern __thread ThreadRecord* t_record __attribute__((tls_model("initial-exec")));

extern Registry<ThreadRecord> g_records;

// The calling thread's record, claimed now if need be. nullptr: there is no memory, or the thread
// is past its end; then objects come from and go to the depot, and are counted in g_shared.
ThreadRecord* OwnRecord();
// Makes the pthread key whose destructor ends records, if it is not made yet.
void MakeEndKey();

// Counts of operations outside a thread's cache: owners write their own counters only between
// Cache::Enter and Leave, where a signal handler cannot come in between.
struct SharedCounts {
  SharedCounter allocs[kTallies];
  SharedCounter frees[kTallies];
  SharedCounter retyped;  // mbufs that were counted as freed and allocated, but were not
};
extern SharedCounts g_shared;

// Adds n tallies from `first` on, over all threads, to the two arrays. Of each tally, allocs >=
// frees always; exact when quiet.
void SumTallies(int first, int n, uint64_t* allocs, uint64_t* frees);

}  // namespace weir

#endif  // WEIR_ALLOC_THREAD_RECORD_H_
