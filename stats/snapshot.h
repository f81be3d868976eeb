// What weir counts, as one plain struct, for C11 and C++20. The library fills it
// (weir_snapshot() in weir/chain/weir.h); the renderers of this folder turn it into text.
//
// Thread rule: a snapshot is the caller's own memory; nothing here is shared or owned.
//
// Units: objects, bytes and nanoseconds, as each field says. Counters (uint64_t) only ever grow
// in the life of a process. Gauges (int64_t) go up and down and are never negative.
//
// Invariants. Whoever fills a snapshot keeps them when the process is quiet:
//   for each zone  in_use + cached_thread + cached_depot + cached_slab == total
//                  total <= limit                       (limit 0 stands for "none")
//                  allocs - frees == in_use
//                  total * size <= bytes
//                  wait_buckets[i] <= wait_buckets[i + 1] <= wait_count <= waits
//   for all        sum of types[] == zones[WEIR_ZONE_MBUF].in_use
//                  sum of zones[].drains <= drains, and the same for drained_objects
//
// A packet is made of an mbuf and a cluster, and wherever it is they count in their own zones. So
// WEIR_ZONE_PACKET has no size, no bytes and no limit (0). It is in use until its cluster is free.
//
// While other threads run, counters are read one after the other and sums may be off by what
// moved meanwhile; a gauge that would come out negative is given as 0 instead.
#ifndef WEIR_STATS_SNAPSHOT_H_
#define WEIR_STATS_SNAPSHOT_H_

#include <stdint.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

enum weir_zone_id {
  WEIR_ZONE_MBUF,        // struct mbuf, 256 bytes
  WEIR_ZONE_CLUSTER,     // 2 KiB
  WEIR_ZONE_JUMBO_PAGE,  // a page, 4 KiB
  WEIR_ZONE_JUMBO_9K,    // 9 KiB
  WEIR_ZONE_JUMBO_16K,   // 16 KiB
  WEIR_ZONE_PACKET,      // an mbuf with a 2 KiB cluster, kept together; see below
  WEIR_NZONES
};

enum {
  WEIR_NTYPES = 256,      // mbuf types, MT_*
  WEIR_WAIT_BUCKETS = 15  // wait-time buckets with an upper bound; longer waits are in none
};

struct weir_zone_snapshot {
  const char* name;   // of static life; weir_zone_name()
  int64_t size;       // bytes of an object
  int64_t limit;      // most objects that may exist; 0 = no limit
  int64_t low_water;  // objects that trimming leaves in place (weir_reserve)

  // Where the objects are.
  int64_t in_use;         // held by callers
  int64_t cached_thread;  // free, in the caches of threads
  int64_t cached_depot;   // free, in the depot's magazines
  int64_t cached_slab;    // free, carved, in slabs
  int64_t total;          // all of the above
  int64_t bytes;          // what the zone holds from the slab source, uncarved rest included
  int64_t waiting;        // threads that wait for an object now

  // What happened.
  uint64_t allocs;            // objects handed out
  uint64_t frees;             // objects given back
  uint64_t failures;          // allocations that ended without an object
  uint64_t waits;             // allocations that had to sleep, counted as they begin to
  uint64_t refills;           // magazines, or parts of one, that a thread cache took in
  uint64_t flushes;           // magazines, or parts of one, that a thread cache gave away
  uint64_t recalls;           // recall passes over all thread caches
  uint64_t recalled_objects;  // objects that those brought back
  uint64_t drains;            // drain broadcasts on behalf of this zone
  uint64_t drained_objects;   // objects that handlers said they freed in those

  // How long the waits took that are over: a cumulative histogram.
  uint64_t wait_buckets[WEIR_WAIT_BUCKETS];  // waits of at most weir_wait_bound_ns(i)
  uint64_t wait_count;                       // all of them
  uint64_t wait_sum_ns;                      // nanoseconds
};

struct weir_snapshot {
  const char* version;  // of the library, of static life
  uint64_t uptime_ns;   // since the library came up
  int64_t threads;      // threads that hold a cache now

  struct weir_zone_snapshot zones[WEIR_NZONES];
  int64_t types[WEIR_NTYPES];  // mbufs in use by MT_* type

  uint64_t drains;           // drain broadcasts, those of m_reclaim() included (m_drain)
  uint64_t drained_objects;  // objects that handlers said they freed in those
  uint64_t drops;            // requests denied (m_drops)
  uint64_t waits;            // requests that succeeded only after a drain (m_wait)
  uint64_t copy_failures;    // m_copym and its kin that gave up (MCFail)
  uint64_t pullup_failures;  // m_pullup and its kin that gave up (MPFail)
};

// "mbuf", "cluster", "jumbo_page", "jumbo_9k", "jumbo_16k", "packet"; "unknown" outside the range.
const char* weir_zone_name(int zone);

// "data", "header", "soname", "soopts", "ftable", "control", "oobdata", "free"; NULL for the
// types that have no name of their own.
const char* weir_type_name(int type);

// Makes a snapshot empty: all figures 0, the names and the version set. What a filler starts with.
void weir_snapshot_clear(struct weir_snapshot* snapshot);

// The upper bound of wait bucket i, inclusive, in nanoseconds: 1 us to 10 s. UINT64_MAX (longer
// than all) outside 0 .. WEIR_WAIT_BUCKETS - 1.
uint64_t weir_wait_bound_ns(int bucket);

// The first bucket whose bound is not below ns, or WEIR_WAIT_BUCKETS. For whoever counts waits
// in plain (not cumulative) buckets.
int weir_wait_bucket(uint64_t ns);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif  // WEIR_STATS_SNAPSHOT_H_
