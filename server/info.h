// The text of INFO.
#ifndef WEIR_SERVER_INFO_H_
#define WEIR_SERVER_INFO_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "weir/server/shared.h"

namespace weir::server {

// What all threads counted together.
struct Sums {
  uint64_t connections = 0;
  uint64_t refused = 0;
  uint64_t commands = 0;
  uint64_t hits = 0;
  uint64_t misses = 0;
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
  uint64_t messages = 0;
  uint64_t cutoffs = 0;
  uint64_t memory_waits = 0;
  uint64_t memory_refusals = 0;
};
Sums SumCounters(const Shared& shared);

// The lines of a section ("server", "clients", "memory", "stats", "keyspace"), with its heading;
// empty if there is no such section.
std::string InfoSection(Shared& shared, std::string_view section, int64_t now_ms);

inline constexpr std::string_view kInfoSections[] = {"server", "clients", "memory", "stats",
                                                     "keyspace"};

}  // namespace weir::server

#endif  // WEIR_SERVER_INFO_H_
