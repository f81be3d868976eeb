// Patterns of KEYS, PSUBSCRIBE and CONFIG GET: ? * [a-c] [^a] and \ to quote.
#ifndef WEIR_SERVER_GLOB_H_
#define WEIR_SERVER_GLOB_H_

#include <string_view>

namespace weir::server {

// Time is bounded by pattern length times text length, whatever the pattern. A class that is not
// closed ends with the pattern. The empty text matches the empty pattern only.
bool GlobMatches(std::string_view pattern, std::string_view text);

}  // namespace weir::server

#endif  // WEIR_SERVER_GLOB_H_
