#include "weir/stats/http_get.h"

#include <utility>  // before Asio, which needs it in C++20

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cstdint>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace weir {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using Tcp = asio::ip::tcp;
using Local = asio::local::stream_protocol;

// Connects a socket. Keeps what that needs until it is done.
class TcpConnector {
 public:
  using Socket = Tcp::socket;
  TcpConnector(asio::io_context& context, const Target& target)
      : target_(target), resolver_(context) {}

  template <typename Done>
  void Connect(Socket& socket, const char** stage, Done done) {
    *stage = "look up the host";
    resolver_.async_resolve(
        target_.host, target_.port, Tcp::resolver::numeric_service,
        [&socket, stage, done](error_code error, Tcp::resolver::results_type found) {
          if (error) return done(error);
          *stage = "connect";
          asio::async_connect(socket, found,
                              [done](error_code error, const Tcp::endpoint&) { done(error); });
        });
  }

 private:
  const Target& target_;
  Tcp::resolver resolver_;
};

class LocalConnector {
 public:
  using Socket = Local::socket;
  LocalConnector(asio::io_context&, const Target& target) : target_(target) {}

  template <typename Done>
  void Connect(Socket& socket, const char** stage, Done done) {
    *stage = "connect";
    socket.async_connect(Local::endpoint(target_.path), done);
  }

 private:
  const Target& target_;
};

// One step after the other; the first error ends it.
template <typename Connector>
class Exchange {
 public:
  Exchange(const Target& target, const std::string& path, const HttpLimits& limits)
      : limits_(limits),
        socket_(context_),
        connector_(context_, target),
        request_(http::verb::get, path, 11) {
    request_.set(http::field::host, target.host.empty() ? "localhost" : target.host);
    request_.set(http::field::user_agent, "mbstat");
    request_.set(http::field::connection, "close");
    parser_.header_limit(static_cast<uint32_t>(limits.header_bytes));
    parser_.body_limit(limits.body_bytes);
  }

  bool Run(HttpAnswer* answer, std::string* error) {
    connector_.Connect(socket_, &stage_, [this](error_code failure) {
      if (failure) return End(failure);
      Write();
    });
    context_.run_for(limits_.timeout);
    if (ended_ && !failure_) return Take(answer, error);
    *error = absl::StrCat("cannot ", stage_, ": ", WhatFailed());
    return false;
  }

 private:
  void Write() {
    stage_ = "send the request";
    http::async_write(socket_, request_, [this](error_code failure, size_t) {
      if (failure) return End(failure);
      stage_ = "read the answer";
      ReadHead();
    });
  }

  // Apart from the body: where both come in one read, Beast 1.74 makes room for any length that the
  // head announces before it looks at the limit.
  void ReadHead() {
    http::async_read_header(socket_, buffer_, parser_, [this](error_code failure, size_t) {
      if (failure) return End(failure);
      http::async_read(socket_, buffer_, parser_, [this](error_code done, size_t) { End(done); });
    });
  }

  std::string WhatFailed() const {
    if (!ended_) return absl::StrCat("not done after ", limits_.timeout.count(), " ms");
    if (failure_ == http::error::body_limit) {
      return absl::StrCat("it has more than ", limits_.body_bytes, " bytes");
    }
    if (failure_ == http::error::header_limit) {
      return absl::StrCat("its head has more than ", limits_.header_bytes, " bytes");
    }
    return failure_.message();
  }

  void End(error_code failure) {
    failure_ = failure;
    ended_ = true;
  }

  bool Take(HttpAnswer* answer, std::string* error) {
    auto& message = parser_.get();
    if (message.result_int() != 200) {
      *error = absl::StrCat("the answer is status ", message.result_int(), ", not 200");
      return false;
    }
    answer->type = std::string(message[http::field::content_type]);
    answer->body = std::move(message.body());
    return true;
  }

  const HttpLimits limits_;
  asio::io_context context_;
  typename Connector::Socket socket_;
  Connector connector_;
  http::request<http::empty_body> request_;
  boost::beast::flat_buffer buffer_{64 * 1024};
  http::response_parser<http::string_body> parser_;
  const char* stage_ = "start";
  error_code failure_;
  bool ended_ = false;
};

}  // namespace

bool HttpGet(const Target& target, const std::string& path, const HttpLimits& limits,
             HttpAnswer* answer, std::string* error) {
  std::string what;
  const bool got = target.host.empty()
                       ? Exchange<LocalConnector>(target, path, limits).Run(answer, &what)
                       : Exchange<TcpConnector>(target, path, limits).Run(answer, &what);
  if (!got) *error = absl::StrCat("GET ", path, ": ", what);
  return got;
}

}  // namespace weir
