#include "weir/server/number.h"

#include <array>
#include <limits>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"

namespace weir::server {

std::optional<int64_t> ParseInt(std::string_view text) {
  std::string_view digits = text;
  if (!digits.empty() && digits[0] == '-') digits.remove_prefix(1);
  if (digits.empty() || digits[0] < '0' || digits[0] > '9') return std::nullopt;
  if (digits[0] == '0' && text.size() > 1) return std::nullopt;
  int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<int64_t> ParseBytes(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, int64_t>, 8> kUnits = {{
      {"", 1},
      {"b", 1},
      {"k", 1000},
      {"kb", 1024},
      {"m", 1000 * 1000},
      {"mb", 1024 * 1024},
      {"g", 1000 * 1000 * 1000},
      {"gb", 1024 * 1024 * 1024},
  }};
  size_t digits = 0;
  while (digits < text.size() && absl::ascii_isdigit(static_cast<unsigned char>(text[digits]))) {
    ++digits;
  }
  auto value = ParseInt(text.substr(0, digits));
  if (!value) return std::nullopt;
  std::string unit(text.substr(digits));
  absl::AsciiStrToLower(&unit);
  for (auto [name, factor] : kUnits) {
    if (unit != name) continue;
    if (*value > std::numeric_limits<int64_t>::max() / factor) return std::nullopt;
    return *value * factor;
  }
  return std::nullopt;
}

}  // namespace weir::server
