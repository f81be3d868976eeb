// An HTTP client for tests that says exactly the bytes it is given, to loopback or a UNIX socket.
#ifndef WEIR_TESTS_STATS_HTTP_CLIENT_H_
#define WEIR_TESTS_STATS_HTTP_CLIENT_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>

struct HttpAnswer {
  int status = 0;    // 0: none came
  std::string head;  // status line and headers, names in lower case
  std::string body;

  // The value of a header; empty if there is none.
  std::string Header(const std::string& name) const {
    const size_t at = head.find("\r\n" + name + ": ");
    if (at == std::string::npos) return "";
    const size_t from = at + name.size() + 4;
    return head.substr(from, head.find("\r\n", from) - from);
  }
};

class HttpClient {
 public:
  explicit HttpClient(uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    Connect(reinterpret_cast<sockaddr*>(&address), sizeof address);
  }
  explicit HttpClient(const std::string& path)
      : fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    Connect(reinterpret_cast<sockaddr*>(&address), sizeof address);
  }
  ~HttpClient() {
    if (fd_ >= 0) close(fd_);
  }
  HttpClient(HttpClient&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), connected_(other.connected_) {}
  HttpClient& operator=(HttpClient&&) = delete;

  bool connected() const { return connected_; }

  bool Say(const std::string& bytes) {
    return send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<long>(bytes.size());
  }

  void EndOfSaying() { shutdown(fd_, SHUT_WR); }

  // All that comes until the other side closes.
  std::string ReadAll() {
    std::string all;
    char part[4096];
    for (;;) {
      const long n = recv(fd_, part, sizeof part, 0);
      if (n > 0) {
        all.append(part, n);
      } else if (n == 0 || errno != EINTR) {  // with a timeout, a wait is not taken up again
        return all;
      }
    }
  }

  // True if the other side closes, or resets, without a word.
  bool ClosedOn() {
    char c;
    const long n = recv(fd_, &c, 1, 0);
    return n == 0 || (n < 0 && errno == ECONNRESET);
  }

 private:
  void Connect(const sockaddr* address, socklen_t size) {
    const timeval patience = {.tv_sec = 30, .tv_usec = 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    connected_ = connect(fd_, address, size) == 0;
  }

  int fd_;
  bool connected_ = false;
};

inline HttpAnswer ParseAnswer(const std::string& all) {
  HttpAnswer answer;
  const size_t end = all.find("\r\n\r\n");
  if (end == std::string::npos || all.rfind("HTTP/1.1 ", 0) != 0) return answer;
  answer.status = std::atoi(all.c_str() + 9);
  answer.head = all.substr(0, end + 2);
  answer.body = all.substr(end + 4);
  for (size_t line = answer.head.find("\r\n"); line != std::string::npos;
       line = answer.head.find("\r\n", line + 2)) {
    for (size_t i = line + 2; i < answer.head.size() && answer.head[i] != ':'; ++i) {
      answer.head[i] = static_cast<char>(std::tolower(answer.head[i]));
    }
  }
  return answer;
}

// One request on a connection of its own, to a port or to a path. `headers` are whole lines, with
// their ends.
template <typename Where>
HttpAnswer Ask(const Where& where, const std::string& method, const std::string& path,
               const std::string& headers = "", const std::string& body = "") {
  HttpClient client(where);
  client.Say(method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" +
             headers + "\r\n" + body);
  return ParseAnswer(client.ReadAll());
}

#endif  // WEIR_TESTS_STATS_HTTP_CLIENT_H_
