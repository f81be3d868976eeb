// printf onto the end of a string.
#ifndef WEIR_STATS_APPEND_H_
#define WEIR_STATS_APPEND_H_

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <string>

namespace weir {

// A line at most: what is beyond 511 bytes is left out.
[[gnu::format(printf, 2, 3)]] inline void Append(std::string* out, const char* format, ...) {
  char line[512];
  va_list args;
  va_start(args, format);
  const int length = vsnprintf(line, sizeof line, format, args);
  va_end(args);
  if (length > 0) out->append(line, std::min<size_t>(static_cast<size_t>(length), sizeof line - 1));
}

}  // namespace weir

#endif  // WEIR_STATS_APPEND_H_
