// Who holds what: one mbuf or cluster that is in use and was recorded when it was allocated. For
// C11 and C++20. The library tells of each (weir_holders() in weir/chain/holders.h); stats/holders.h
// puts those together that were allocated by the same calls.
#ifndef WEIR_STATS_HELD_H_
#define WEIR_STATS_HELD_H_

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { WEIR_HISTORY = 8 };

struct weir_held {
  const void* object;  // the mbuf, or the first byte of the cluster; may be free by now
  const void* buffer;  // of an mbuf: the external buffer that it shares or has, NULL if it has none
                       // or got it where that is not noted
  int zone;            // WEIR_ZONE_*, never that of packets: a packet is an mbuf and a cluster
  const char* set;     // name of the set of zones
  int64_t bytes;       // of the object
  uint32_t stands_for;  // so many allocations, of which this one was recorded
  uint32_t holders;     // of a cluster: how many mbufs share it; 1 if none ever did
  int thread;           // that allocated it, its tid; 0: unknown
  int64_t age_ns;       // since it was allocated
  int depth;            // the calls that allocated it, the innermost first; 0: unknown. They stay
                        // where they are, while the process lives
  void* const* calls;
  const char* where;     // what weir_touch said last, or NULL
  int64_t where_age_ns;  // since then
  // What became of it lately, the oldest first: "allocated", "cluster", "shared" ... and what
  // weir_touch said. NULL after the last.
  const char* history[WEIR_HISTORY + 1];
};

#ifdef __cplusplus
}
#endif

#endif  // WEIR_STATS_HELD_H_
