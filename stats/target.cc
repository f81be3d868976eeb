#include "weir/stats/target.h"

#include <sys/un.h>

#include <cstdint>
#include <string_view>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace weir {
namespace {

constexpr std::string_view kHttp = "http://";
constexpr std::string_view kUnix = "unix:";

// What is wrong with "HOST:PORT"; null if nothing is, and then both are set.
const char* ReadAuthority(std::string_view text, Target* target) {
  if (text.ends_with('/')) text.remove_suffix(1);
  if (text.find_first_of("/?#@ ") != std::string_view::npos) {
    return "nothing but a host and a port may be in it";
  }
  std::string_view port = "80";
  size_t colon = text.rfind(':');
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos) return "the bracket is not closed";
    target->host = text.substr(1, end - 1);
    colon = end + 1;
    if (colon < text.size() && text[colon] != ':') return "a port comes after a colon";
  } else {
    if (text.find(':') != colon) return "an IPv6 address is put in brackets";
    target->host = text.substr(0, colon);
  }
  if (colon < text.size()) port = text.substr(colon + 1);
  if (target->host.empty()) return "the host is missing";
  uint32_t number = 0;
  if (!absl::SimpleAtoi(std::string(port), &number) || number == 0 || number > 65535) {
    return "a port is a number from 1 to 65535";
  }
  target->port = absl::StrCat(number);
  return nullptr;
}

const char* ReadPath(std::string_view text, Target* target) {
  if (text.empty() || text.size() >= sizeof(sockaddr_un::sun_path)) {
    return "the path of a socket has 1 to 107 bytes";
  }
  target->path = text;
  return nullptr;
}

}  // namespace

bool ParseTarget(const std::string& text, Target* target, std::string* error) {
  *target = {};
  target->name = absl::CHexEscape(text);
  const std::string_view all = text;
  const char* wrong =
      all.starts_with(kHttp)                      ? ReadAuthority(all.substr(kHttp.size()), target)
      : all.starts_with(kUnix)                    ? ReadPath(all.substr(kUnix.size()), target)
      : all.find("://") != std::string_view::npos ? "only http:// is spoken"
      : all.find('/') != std::string_view::npos
          ? ReadPath(all, target)
          : "it is neither http://HOST:PORT nor the path of a socket, with a / in it";
  if (wrong == nullptr) return true;
  *error = absl::StrCat("target '", target->name, "': ", wrong);
  return false;
}

}  // namespace weir
