// A listening socket, of TCP or UNIX, opened so that each thing that can go wrong is told apart.
#ifndef WEIR_STATS_LISTEN_SOCKET_H_
#define WEIR_STATS_LISTEN_SOCKET_H_

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace weir {

struct ListenSocket {
  int fd = -1;        // owned by the caller; close-on-exec and non-blocking
  uint16_t port = 0;  // as bound

  // Of a UNIX socket: its file, and which one that is.
  std::string path;
  dev_t device = 0;
  ino_t inode = 0;
};

// `address` is an IPv4 or IPv6 address in figures; port 0 lets the system pick one. False, with
// *error set and nothing open, when it cannot be done.
bool OpenListenSocket(const std::string& address, uint16_t port, ListenSocket* socket,
                      std::string* error);

// A UNIX socket at `path`, mode 0600. Takes the place of a socket file on which nobody listens; any
// other file there is an error. False, with *error set and nothing open, when it cannot be done.
bool OpenUnixSocket(const std::string& path, ListenSocket* socket, std::string* error);

// Removes the file of a UNIX socket, unless another has taken its place.
void RemoveSocketFile(const ListenSocket& socket);

// "127.0.0.1:80", "[::1]:80"
std::string HostPort(const std::string& address, uint16_t port);

}  // namespace weir

#endif  // WEIR_STATS_LISTEN_SOCKET_H_
