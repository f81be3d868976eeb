// What weir has beyond mbuf(9): start and end, limits, drain handlers, statistics. For C11 and
// C++20; all functions from any thread, at any time.
#ifndef WEIR_CHAIN_WEIR_H_
#define WEIR_CHAIN_WEIR_H_

#include <stddef.h>
#include <stdint.h>

#include "weir/alloc/failures.h"
#include "weir/alloc/options.h"
#include "weir/stats/snapshot.h"

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

// Sets the options (weir/alloc/options.h), before the first mbuf is allocated. Borrows the struct.
// 0; EBUSY after first use; EINVAL with a line on stderr that names the option, the value and the
// range; ENOMEM with such a line if the region cannot be had.
int weir_init(const struct weir_options* options);

// Wakes everyone who waits for memory, with ECANCELED, and lets nobody wait from now on.
// 0; EBUSY while mbufs or clusters are out, and then waiting is as before.
int weir_shutdown(void);

// How long M_WAIT waits, in milliseconds; 0: without end. Counts for waits that begin after it.
void weir_set_wait_limit(long ms);

// The most objects of a zone that may exist, in use and cached together. Raise it any time; it can
// be lowered to what is in use, and raised to what fits in the region. 0 or EINVAL.
int weir_set_limit(int zone, long objects);

// Makes at least so many objects exist now, and keeps weir_trim from going below. 0; EINVAL above
// the limit; ENOBUFS.
int weir_reserve(int zone, long objects);

// Takes back what all threads cache and gives empty slabs to the operating system. Returns bytes
// given back.
long weir_trim(void);
// The same until no more than `bytes` are held, from all zones together; what threads cache is
// taken only if it must be. Returns bytes given back.
long weir_trim_to(int64_t bytes);
// Gives back what was not used since the last call: for a timer of yours, say every ten seconds, if
// weir's own (the option trim_interval_ms) will not do. Caches of threads that did nothing
// meanwhile are taken, and the part of what is free besides that was never needed; a thread or zone
// that is busy keeps its working set. Returns bytes given back; 0 at once while another thread is
// in it.
long weir_trim_idle(void);

// Where the region is (the option region_bytes), in which all 2 KiB clusters lie, those of packets
// included, and nothing else: to be registered once, with io_uring (which takes at most 1 GiB a
// buffer) or the like. From the first call on, pages that it once had stay with the process,
// because who registered them would not see others in their place; so call it before registering.
// 0, or ENOENT if there is none.
int weir_region(void** base, size_t* bytes);

// Drain handlers. When a zone is at its limit and a recall of the caches found nothing, each
// handler is asked to free what it can: fn(arg, zone, wanted) returns the number of objects it
// freed; zone is -1 when m_reclaim asks. Protocols are asked before interfaces.
// fn runs on the thread that needs memory, inside its m_get or the like, so it must not wait for
// a lock that its own program may hold around such a call. It may allocate (and gets NULL at the
// limit), register and unregister.
// Returns an id >= 0, or -1 with errno EINVAL or ENOMEM. `name` must outlive the registration.
#define WEIR_DRAIN_PROTOCOL 0
#define WEIR_DRAIN_INTERFACE 1
int64_t weir_drain_register(int kind, const char* name,
                            long (*fn)(void* arg, int zone, long wanted), void* arg);
// When it returns, fn is not running and never will again, unless it is fn itself that calls.
// 0, or EINVAL for an id that is not registered.
int weir_drain_unregister(int64_t id);

// Watermarks. When `high` objects of a zone are in use, fn(arg, zone, 1, in_use) is called, once;
// and not again before no more than `low` are, of which fn(arg, zone, 0, in_use) tells. If so many
// are in use as it is registered, the first call comes at once.
// fn runs on a thread of weir's own, never inside an allocation or a free. That thread looks at the
// figures every watermark_interval_ms (an option), and as soon as an allocation finds the zone at
// its limit: such a peak is told however short it is, and with the low mark after it if it is over.
// Other peaks between two looks are missed. in_use is exact when the zone is quiet, or at its
// limit. A `high` above the limit is reached once the limit is raised.
// fn may use all of weir, but not wait: there is one such thread, which also trims. It may fork.
// A fork's child has the same registrations, and calls fn for its own zones.
// Returns an id >= 0, or -1 with errno: EINVAL (a zone without a limit, no fn, or not
// high > low >= 0), ENOMEM, EAGAIN (there can be no thread).
int64_t weir_watermark_register(int zone, long high, long low,
                                void (*fn)(void* arg, int zone, int above, int64_t in_use),
                                void* arg);
// When it returns, fn is not running and never will again, unless it is fn itself that calls.
// 0, or EINVAL for an id that is not registered.
int weir_watermark_unregister(int64_t id);

// Fills *out with the state of all zones. Takes no lock and allocates nothing. Exact when quiet;
// never shows negative use.
void weir_snapshot(struct weir_snapshot* out);

// ---- Sets of zones ----
//
// Everything else here and in mbuf.h speaks of the default set. There may be more, say one a
// tenant or one a listener, each with limits, drain handlers and statistics of its own, so that one
// running dry does not starve the others. Mbufs of different sets mix in a chain and share clusters
// as any others; each goes home when it is freed. What an operation on a chain has to allocate is
// of the set of the mbuf that it works on.
// m_get of the default set is inline; these are calls, to the same thread caches.

struct mbuf;
struct weir_pools;

// Another set. `name`, of 1 to 31 bytes, is copied. The environment (WEIR_*) does not apply to it.
// Returns ownership; NULL with EINVAL (a line on stderr names what is wrong), ENOMEM, or ENOSPC
// when there are 63.
struct weir_pools* weir_pools_create(const char* name, const struct weir_options* options);
// Ends a set and gives its memory back. 0; or how many of its objects are still out, and then
// nothing has changed. Nobody else may be using it. -1 with EINVAL for the default set or NULL.
int64_t weir_pools_destroy(struct weir_pools* pools);

struct weir_pools* weir_pools_default(void);
// The set that m came from. Borrows m.
struct weir_pools* weir_pools_of(const struct mbuf* m);
const char* weir_pools_name(const struct weir_pools* pools);

// As m_get, m_gethdr, m_getcl, m_getjcl and m_get2 of that set.
struct mbuf* weir_pools_get(struct weir_pools* pools, int how, int type);
struct mbuf* weir_pools_gethdr(struct weir_pools* pools, int how, int type);
struct mbuf* weir_pools_getcl(struct weir_pools* pools, int how, int type, int flags);
struct mbuf* weir_pools_getjcl(struct weir_pools* pools, int how, int type, int flags, int size);
struct mbuf* weir_pools_get2(struct weir_pools* pools, int size, int how, int type, int flags);

// As the functions without `pools`, of that set. Ids of drain handlers and watermarks belong to
// their set, and both end with it. Counts of failed copies and pullups are the process's, and only
// in the default set's snapshot.
int weir_pools_set_limit(struct weir_pools* pools, int zone, long objects);
int weir_pools_reserve(struct weir_pools* pools, int zone, long objects);
long weir_pools_trim(struct weir_pools* pools);
long weir_pools_trim_to(struct weir_pools* pools, int64_t bytes);
long weir_pools_trim_idle(struct weir_pools* pools);
void weir_pools_set_wait_limit(struct weir_pools* pools, long ms);
int weir_pools_shutdown(struct weir_pools* pools);
long weir_pools_reclaim(struct weir_pools* pools);
int64_t weir_pools_drain_register(struct weir_pools* pools, int kind, const char* name,
                                  long (*fn)(void* arg, int zone, long wanted), void* arg);
int weir_pools_drain_unregister(struct weir_pools* pools, int64_t id);
int64_t weir_pools_watermark_register(struct weir_pools* pools, int zone, long high, long low,
                                      void (*fn)(void* arg, int zone, int above, int64_t in_use),
                                      void* arg);
int weir_pools_watermark_unregister(struct weir_pools* pools, int64_t id);
void weir_pools_snapshot(struct weir_pools* pools, struct weir_snapshot* out);

#ifdef __cplusplus
}  // extern "C"
#endif

#pragma GCC visibility pop

#endif  // WEIR_CHAIN_WEIR_H_
