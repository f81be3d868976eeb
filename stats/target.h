// Where an exporter is: an address and a port, or a UNIX socket.
#ifndef WEIR_STATS_TARGET_H_
#define WEIR_STATS_TARGET_H_

#include <string>

namespace weir {

struct Target {
  std::string name;  // as it was given
  std::string host;  // a name or an address; empty: a UNIX socket
  std::string port;  // 1 to 65535
  std::string path;  // of the socket
};

// Where weir-server serves its figures.
inline constexpr char kDefaultTarget[] = "http://127.0.0.1:9121";

// "http://HOST", "http://HOST:PORT" (port 80 if none is given; an IPv6 address in brackets; a "/"
// may follow), "unix:PATH", or a path with a "/" in it. False with *error set, which quotes `text`.
bool ParseTarget(const std::string& text, Target* target, std::string* error);

}  // namespace weir

#endif  // WEIR_STATS_TARGET_H_
