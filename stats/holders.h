// Who holds what, put together: the buffers that were allocated by the same calls in one group,
// the largest group first. As text here, as JSON in stats/holders_json.h.
//
// Thread rule: pure functions of their arguments, but for what `all` tells.
#ifndef WEIR_STATS_HOLDERS_H_
#define WEIR_STATS_HOLDERS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "weir/stats/held.h"

namespace weir {

// weir_holders, or another that does as it does (weir/chain/holders.h).
using HoldersFunction = uint64_t (*)(void (*visit)(void* arg, const struct weir_held* held),
                                     void* arg);

// The name of the function that the call at this return address is in, or what else is known of it,
// as a string of at most size - 1 bytes; false if nothing is.
using NameFunction = bool (*)(const void* call, char* name, size_t size);

struct HoldersGroup {
  std::string set;
  int zone = 0;
  std::vector<void*> calls;  // the innermost first
  uint64_t recorded = 0;     // buffers in it
  uint64_t objects = 0;      // how many those stand for, an estimate unless each is recorded
  uint64_t bytes = 0;        // of these
  uint64_t shared = 0;       // recorded clusters that more than one mbuf holds
  int64_t oldest_ns = 0, youngest_ns = 0;
  // The oldest of them: where and what became of it, as in weir_held.
  const void* object = nullptr;
  int thread = 0;
  uint32_t holders = 1;
  const char* where = nullptr;
  int64_t where_age_ns = 0;
  std::vector<const char*> history;
  // If it is a cluster: the calls that allocated mbufs which refer to it, as far as recorded; the
  // first 16.
  std::vector<std::vector<void*>> held_by;
};

struct Holders {
  uint64_t unrecorded = 0;  // for want of room, so far
  std::vector<HoldersGroup> groups;
};

// Of buffers that were allocated at least so long ago.
Holders GroupHolders(HoldersFunction all, int64_t least_age_ns = 0);

// A paragraph a group, of `most` groups; the rest in a line. `one_in`: the rate.
std::string RenderHolders(const Holders& holders, int64_t one_in, NameFunction name,
                          size_t most = 20);

// The calls by name, without those inside weir that come first.
std::vector<std::string> NameCalls(const std::vector<void*>& calls, NameFunction name);

}  // namespace weir

#endif  // WEIR_STATS_HOLDERS_H_
