#include "weir/stats/listen_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
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

// Whether the file at `where` is a socket that a program left behind.
bool IsLeftBehind(const sockaddr_un& where) {
  struct stat file;
  if (lstat(where.sun_path, &file) != 0 || !S_ISSOCK(file.st_mode)) return false;
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return false;
  const bool refused = connect(fd, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0 &&
                       errno == ECONNREFUSED;
  close(fd);
  return refused;
}

bool BindUnix(int fd, const sockaddr_un& where) {
  auto* raw = reinterpret_cast<const sockaddr*>(&where);
  if (bind(fd, raw, sizeof where) == 0) return true;
  if (errno != EADDRINUSE) return false;
  if (!IsLeftBehind(where)) {
    errno = EADDRINUSE;
    return false;
  }
  return unlink(where.sun_path) == 0 && bind(fd, raw, sizeof where) == 0;
}

// Nobody can connect before listen(), so the mode is right from the first moment.
bool ListenUnix(int fd, const sockaddr_un& where, ListenSocket* result) {
  struct stat file;
  if (chmod(where.sun_path, 0600) != 0 || listen(fd, kBacklog) != 0 ||
      lstat(where.sun_path, &file) != 0) {
    const int saved = errno;
    unlink(where.sun_path);
    errno = saved;
    return false;
  }
  result->fd = fd;
  result->path = where.sun_path;
  result->device = file.st_dev;
  result->inode = file.st_ino;
  return true;
}

}  // namespace

bool OpenUnixSocket(const std::string& path, ListenSocket* result, std::string* error) {
  const std::string prefix = "cannot listen on unix:" + path + ": ";
  sockaddr_un where = {};
  where.sun_family = AF_UNIX;
  if (path.empty() || path.find('\0') != std::string::npos ||
      path.size() >= sizeof where.sun_path) {
    *error = prefix + "a path has 1 to " + std::to_string(sizeof where.sun_path - 1) + " bytes";
    return false;
  }
  std::memcpy(where.sun_path, path.data(), path.size());
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd >= 0 && BindUnix(fd, where) && ListenUnix(fd, where, result)) return true;
  *error = prefix + std::generic_category().message(errno);
  if (fd >= 0) close(fd);
  return false;
}

void RemoveSocketFile(const ListenSocket& socket) {
  struct stat file;
  if (!socket.path.empty() && lstat(socket.path.c_str(), &file) == 0 &&
      file.st_dev == socket.device && file.st_ino == socket.inode) {
    unlink(socket.path.c_str());
  }
}

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
