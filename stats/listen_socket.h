// A listening TCP socket, opened so that each thing that can go wrong is told apart.
#ifndef WEIR_STATS_LISTEN_SOCKET_H_
#define WEIR_STATS_LISTEN_SOCKET_H_

#include <cstdint>
#include <string>

namespace weir {

struct ListenSocket {
  int fd = -1;        // owned by the caller; close-on-exec and non-blocking
  uint16_t port = 0;  // as bound
};

// `address` is an IPv4 or IPv6 address in figures; port 0 lets the system pick one. False, with
// *error set and nothing open, when it cannot be done.
bool OpenListenSocket(const std::string& address, uint16_t port, ListenSocket* socket,
                      std::string* error);

// "127.0.0.1:80", "[::1]:80"
std::string HostPort(const std::string& address, uint16_t port);

}  // namespace weir

#endif  // WEIR_STATS_LISTEN_SOCKET_H_
