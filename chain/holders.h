// Who holds my mbufs: some of the allocations, chosen at random, are recorded with the functions
// that were being called, and until they are freed a report can tell of them. For C11 and C++20.
//
// One in 4,096 is recorded unless the option holders_one_in says otherwise, which costs less than
// can be measured; each, if it is 1, which does not. Those from the thread caches are what is
// chosen from: a thread that is ending has none, and nothing that it allocates is recorded.
#ifndef WEIR_CHAIN_HOLDERS_H_
#define WEIR_CHAIN_HOLDERS_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/stats/held.h"

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

struct mbuf;

// From now on one in so many allocations is recorded; 1: each; 0: none. What is recorded stays so
// until it is free. 0, or EINVAL: not from 0 to 2^30. Any thread, at any time, not in a signal
// handler.
int weir_holders_sample(int64_t one_in);
// As set.
int64_t weir_holders_sampled(void);

// Marks the packet m (m_nextpkt is not followed) with the place that it has come to, such as
// "parser" or "waiting for ack", if it is recorded. `where` must stay as it is: a string literal.
// Borrows m; NULL is fine. Cheap, when it is not recorded: a look at each mbuf.
void weir_touch(struct mbuf* m, const char* where);

// Calls visit(arg, held) for each mbuf and cluster that is recorded and in use, from any thread, at
// any time; *held is the callee's for the call. Takes no lock and allocates nothing. What is
// allocated or freed meanwhile may be missing or still there. Returns how many could not be
// recorded so far, because there were too many (about a million) at once.
uint64_t weir_holders(void (*visit)(void* arg, const struct weir_held* held), void* arg);

// How calls are named in what weir itself prints: when a thread waits for long, and, with
// WEIR_HOLDERS=1 in the environment, at exit. name(call, text, size) writes at most size bytes, or
// returns false. Unless it is told, weir knows exported functions; weir::SymbolizeCall of the
// exporter knows more (weir/stats/symbols.h).
void weir_holders_names(bool (*name)(const void* call, char* text, size_t size));

#ifdef __cplusplus
}  // extern "C"
#endif

#pragma GCC visibility pop

#endif  // WEIR_CHAIN_HOLDERS_H_
