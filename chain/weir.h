// What weir has beyond mbuf(9): start and end, limits, drain handlers, statistics. For C11 and
// C++20; all functions from any thread, at any time.
#ifndef WEIR_CHAIN_WEIR_H_
#define WEIR_CHAIN_WEIR_H_

#include <stdint.h>

#include "weir/alloc/options.h"
#include "weir/stats/snapshot.h"

#ifdef __cplusplus
extern "C" {
#endif

// Sets the options (weir/alloc/options.h), before the first mbuf is allocated. Borrows the struct.
// 0; EBUSY after first use; EINVAL with a line on stderr that names the option, the value and the
// range.
int weir_init(const struct weir_options* options);

// Wakes everyone who waits for memory, with ECANCELED, and lets nobody wait from now on.
// 0; EBUSY while mbufs or clusters are out, and then waiting is as before.
int weir_shutdown(void);

// How long M_WAIT waits, in milliseconds; 0: without end. Counts for waits that begin after it.
void weir_set_wait_limit(long ms);

// The most objects of a zone that may exist, in use and cached together. Raise it any time; it can
// be lowered to what is in use. 0 or EINVAL.
int weir_set_limit(int zone, long objects);

// Makes at least so many objects exist now, and keeps weir_trim from going below. 0; EINVAL above
// the limit; ENOBUFS.
int weir_reserve(int zone, long objects);

// Takes back what all threads cache and gives empty slabs to the operating system. Returns bytes
// given back.
long weir_trim(void);

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

// Fills *out with the state of all zones. Takes no lock and allocates nothing. Exact when quiet;
// never shows negative use.
void weir_snapshot(struct weir_snapshot* out);

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // WEIR_CHAIN_WEIR_H_
