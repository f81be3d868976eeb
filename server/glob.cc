#include "weir/server/glob.h"

#include <cstddef>
#include <utility>

namespace weir::server {
namespace {

// One element of a pattern that stands for exactly one character: how many characters of the
// pattern it takes, and whether c fits.
struct Element {
  size_t length;
  bool fits;
};

Element MatchClass(std::string_view pattern, char c) {
  size_t at = 1;
  bool inverted = at < pattern.size() && pattern[at] == '^';
  if (inverted) ++at;
  bool found = false;
  auto byte = [](char x) { return static_cast<unsigned char>(x); };
  for (; at < pattern.size() && pattern[at] != ']'; ++at) {
    if (pattern[at] == '\\' && at + 1 < pattern.size()) {
      found |= pattern[++at] == c;
    } else if (at + 2 < pattern.size() && pattern[at + 1] == '-') {
      unsigned char low = byte(pattern[at]);
      unsigned char high = byte(pattern[at + 2]);
      if (low > high) std::swap(low, high);
      found |= byte(c) >= low && byte(c) <= high;
      at += 2;
    } else {
      found |= pattern[at] == c;
    }
  }
  if (at < pattern.size()) ++at;  // the closing bracket
  return {at, found != inverted};
}

Element MatchOne(std::string_view pattern, char c) {
  switch (pattern[0]) {
    case '?':
      return {1, true};
    case '[':
      return MatchClass(pattern, c);
    case '\\':
      if (pattern.size() > 1) return {2, pattern[1] == c};
      [[fallthrough]];
    default:
      return {1, pattern[0] == c};
  }
}

}  // namespace

bool GlobMatches(std::string_view pattern, std::string_view text) {
  // Redis does not look at the pattern then: even "*" does not match.
  if (text.empty()) return pattern.empty();
  size_t p = 0;
  size_t t = 0;
  // Where to go on when what follows the last '*' does not fit: only the last one matters, as an
  // earlier one could only move what is matched already further right.
  size_t after_star = std::string_view::npos;
  size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      after_star = ++p;
      star_text = t;
      continue;
    }
    if (p < pattern.size()) {
      auto [length, fits] = MatchOne(pattern.substr(p), text[t]);
      if (fits) {
        p += length;
        ++t;
        continue;
      }
    }
    if (after_star == std::string_view::npos) return false;
    p = after_star;
    t = ++star_text;
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace weir::server
