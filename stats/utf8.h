// Which bytes are UTF-8. Labels and figures may carry names that came from a network; formats
// that are defined as UTF-8 must not be broken by them.
#ifndef WEIR_STATS_UTF8_H_
#define WEIR_STATS_UTF8_H_

#include <cstddef>
#include <string_view>

namespace weir {

// The length of the character that `text` begins with; 0 if it is empty or begins with none
// (broken, overlong, a surrogate, beyond U+10FFFF).
size_t Utf8Length(std::string_view text);

// What is written in place of a byte that belongs to no character: U+FFFD.
inline constexpr std::string_view kReplacement = "\xef\xbf\xbd";

}  // namespace weir

#endif  // WEIR_STATS_UTF8_H_
