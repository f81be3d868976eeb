// Numbers as the protocol writes them.
#ifndef WEIR_SERVER_NUMBER_H_
#define WEIR_SERVER_NUMBER_H_

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace weir::server {

// A decimal integer in its only form: no sign but '-', no spaces, no leading zero.
std::optional<int64_t> ParseInt(std::string_view text);

// A number of bytes: "100", "512kb", "256mb", "1gb" (of 1024), "1k", "1m", "1g" (of 1000), in any
// case.
std::optional<int64_t> ParseBytes(std::string_view text);

// An integer as text, without memory of its own elsewhere.
class Decimal {
 public:
  explicit Decimal(int64_t n) : end_(std::to_chars(text_, text_ + sizeof(text_), n).ptr) {}
  std::string_view view() const { return {text_, static_cast<size_t>(end_ - text_)}; }

 private:
  char text_[20];
  char* end_;
};

}  // namespace weir::server

#endif  // WEIR_SERVER_NUMBER_H_
