#include "weir/server/listener.h"

#include <sys/socket.h>

#include <chrono>
#include <string_view>

#include "weir/server/number.h"
#include "weir/server/text.h"

namespace weir::server {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr int kBacklog = 511;
constexpr std::string_view kTooMany = "-ERR max number of clients reached\r\n";
// When there are no file descriptors left, accepting again at once would spin.
constexpr auto kPauseAfterError = std::chrono::milliseconds(100);

}  // namespace

Listener::Listener(Shared& shared, const std::vector<Worker*>& workers)
    : shared_(shared),
      workers_(workers),
      acceptor_(workers.front()->io()),
      pause_(workers.front()->io()) {}

bool Listener::Start(const std::string& address, uint16_t port, std::string* error) {
  boost::system::error_code code;
  auto parsed = asio::ip::make_address(address, code);
  tcp::endpoint endpoint(parsed, port);
  if (!code) acceptor_.open(endpoint.protocol(), code);
  if (!code) acceptor_.set_option(tcp::acceptor::reuse_address(true), code);
  if (!code) acceptor_.bind(endpoint, code);
  if (!code) acceptor_.listen(kBacklog, code);
  if (code) {
    *error = Concat("cannot listen on ", address, " port ", Decimal(port).view(), ": ",
                    code.message());
    return false;
  }
  port_ = acceptor_.local_endpoint().port();
  Accept();
  return true;
}

void Listener::Stop() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
}

void Listener::Accept() {
  acceptor_.async_accept([this](const boost::system::error_code& error, tcp::socket socket) {
    if (!acceptor_.is_open()) return;
    if (error) {
      pause_.expires_after(kPauseAfterError);
      pause_.async_wait([this](const boost::system::error_code& stopped) {
        if (!stopped) Accept();
      });
      return;
    }
    Take(std::move(socket));
    Accept();
  });
}

void Listener::Take(tcp::socket socket) {
  int64_t clients = shared_.clients.fetch_add(1, std::memory_order_relaxed);
  if (clients >= shared_.options.max_clients) {
    shared_.clients.fetch_sub(1, std::memory_order_relaxed);
    workers_.front()->counters.connections_refused.Add(1);
    (void)::send(socket.native_handle(), kTooMany.data(), kTooMany.size(),
                 MSG_NOSIGNAL | MSG_DONTWAIT);
    return;
  }
  tcp protocol = socket.local_endpoint().protocol();
  workers_[next_]->Adopt(socket.release(), protocol);
  next_ = (next_ + 1) % workers_.size();
}

}  // namespace weir::server
