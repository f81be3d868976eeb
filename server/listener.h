// Accepts connections and gives them to the workers in turn.
//
// Thread rule: Start before the workers run, or on the first worker's thread; handlers run there.
#ifndef WEIR_SERVER_LISTENER_H_
#define WEIR_SERVER_LISTENER_H_

#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "weir/server/shared.h"
#include "weir/server/worker.h"

namespace weir::server {

class Listener {
 public:
  // Accepts in the loop of the first worker.
  Listener(Shared& shared, const std::vector<Worker*>& workers);

  // False, with *error, if it cannot listen there.
  bool Start(const std::string& address, uint16_t port, std::string* error);
  uint16_t port() const { return port_; }
  // On the first worker's thread.
  void Stop();

 private:
  void Accept();
  void Take(boost::asio::ip::tcp::socket socket);

  Shared& shared_;
  const std::vector<Worker*> workers_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  size_t next_ = 0;
  uint16_t port_ = 0;
};

}  // namespace weir::server

#endif  // WEIR_SERVER_LISTENER_H_
