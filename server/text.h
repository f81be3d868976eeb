// Small helpers for text. (Debian's absl::string_view is not std::string_view, so Abseil's own do
// not take one.)
#ifndef WEIR_SERVER_TEXT_H_
#define WEIR_SERVER_TEXT_H_

#include <algorithm>
#include <string>
#include <string_view>

#include "absl/strings/ascii.h"

namespace weir::server {

template <typename... Parts>
std::string Concat(const Parts&... parts) {
  std::string text;
  text.reserve((std::string_view(parts).size() + ...));
  (text.append(std::string_view(parts)), ...);
  return text;
}

inline char LowerChar(char c) { return absl::ascii_tolower(static_cast<unsigned char>(c)); }

inline std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), LowerChar);
  return lower;
}

// `lower` is in lower case already.
inline bool SameNoCase(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return LowerChar(a) == b; });
}

}  // namespace weir::server

#endif  // WEIR_SERVER_TEXT_H_
