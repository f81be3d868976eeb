#include "weir/stats/listen_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace weir {
namespace {

constexpr int kBacklog = 64;

struct Address {
  sockaddr_storage storage = {};
  socklen_t size = 0;
};

bool Parse(const std::string& text, uint16_t port, Address* address) {
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address->storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address->storage);
  if (inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    address->size = sizeof *v4;
  } else if (inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    address->size = sizeof *v6;
  }
  return address->size != 0;
}

bool BindAndListen(int fd, Address* address) {
  const int on = 1;
  auto* raw = reinterpret_cast<sockaddr*>(&address->storage);
  // A restart must not have to wait for connections of the last run to time out.
  return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
         bind(fd, raw, address->size) == 0 && listen(fd, kBacklog) == 0 &&
         getsockname(fd, raw, &address->size) == 0;
}

}  // namespace

std::string HostPort(const std::string& address, uint16_t port) {
  const bool v6 = address.find(':') != std::string::npos;
  return (v6 ? "[" + address + "]" : address) + ":" + std::to_string(port);
}

bool OpenListenSocket(const std::string& address, uint16_t port, ListenSocket* result,
                      std::string* error) {
  const std::string prefix = "cannot listen on " + HostPort(address, port) + ": ";
  Address where;
  if (!Parse(address, port, &where)) {
    *error = prefix + "not an IPv4 or IPv6 address";
    return false;
  }
  const int fd =
      socket(where.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
  if (fd < 0 || !BindAndListen(fd, &where)) {
    *error = prefix + std::generic_category().message(errno);
    if (fd >= 0) close(fd);
    return false;
  }
  result->fd = fd;
  result->port = ntohs(where.storage.ss_family == AF_INET
                           ? reinterpret_cast<sockaddr_in*>(&where.storage)->sin_port
                           : reinterpret_cast<sockaddr_in6*>(&where.storage)->sin6_port);
  return true;
}

}  // namespace weir
