// A blocking client of the Redis protocol, for tests. Times out instead of waiting for ever.
#ifndef WEIR_TESTS_SERVER_CLIENT_H_
#define WEIR_TESTS_SERVER_CLIENT_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::server {

using Words = std::vector<std::string>;

inline std::string Encode(const Words& words) {
  std::string text = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) {
    text += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  }
  return text;
}

class Client {
 public:
  explicit Client(uint16_t port) { connected_ = Connect(port); }
  Client(Client&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)),
        connected_(other.connected_),
        unread_(std::move(other.unread_)) {}
  ~Client() { Close(); }

  bool connected() const { return connected_; }
  int fd() const { return fd_; }
  // Waits no longer than that for the other side, from now on.
  void SetTimeout(int seconds) {
    timeval timeout = {.tv_sec = seconds, .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  }
  void Close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

  bool Send(std::string_view bytes) {
    while (!bytes.empty()) {
      ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(n));
    }
    return true;
  }

  // The raw bytes of the next reply; less when the connection ends or nothing comes for long.
  std::string Reply() {
    std::string reply;
    TakeReply(reply);
    return reply;
  }
  std::string Call(const Words& words) { return Send(Encode(words)) ? Reply() : ""; }

  // Everything up to and with `end`, or to the end of the connection.
  std::string ReadUntil(std::string_view end) {
    size_t found;
    while ((found = unread_.find(end)) == std::string::npos && Fill()) {
    }
    return Take(found == std::string::npos ? unread_.size() : found + end.size());
  }
  std::string ReadToEnd() {
    while (Fill()) {
    }
    return Take(unread_.size());
  }

 private:
  bool Connect(uint16_t port) {
    fd_ = ::socket(AF_INET, SOCK_STREAM, 0);
    SetTimeout(30);
    int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in to = {};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return ::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
  }

  bool Fill() {
    static thread_local char buffer[64 * 1024];
    ssize_t n = ::recv(fd_, buffer, sizeof buffer, 0);
    if (n <= 0) return false;
    unread_.append(buffer, static_cast<size_t>(n));
    return true;
  }
  std::string Take(size_t n) {
    std::string taken = unread_.substr(0, n);
    unread_.erase(0, n);
    return taken;
  }
  bool TakeReply(std::string& reply) {
    std::string line = ReadUntil("\r\n");
    reply += line;
    if (!line.ends_with("\r\n")) return false;
    long n = std::atol(line.c_str() + 1);
    if (line[0] == '$' && n >= 0) {
      size_t wanted = static_cast<size_t>(n) + 2;
      while (unread_.size() < wanted && Fill()) {
      }
      reply += Take(std::min(wanted, unread_.size()));
    }
    for (; line[0] == '*' && n > 0; --n) {
      if (!TakeReply(reply)) return false;
    }
    return true;
  }

  int fd_ = -1;
  bool connected_ = false;
  std::string unread_;
};

}  // namespace weir::server

#endif  // WEIR_TESTS_SERVER_CLIENT_H_
