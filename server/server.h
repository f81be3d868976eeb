// The whole server: workers, listener, store, exporter.
//
// Thread rule: one thread starts, stops and destroys it.
#ifndef WEIR_SERVER_SERVER_H_
#define WEIR_SERVER_SERVER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "weir/server/options.h"

namespace weir::server {

class Listener;
class Metrics;
class Worker;
struct Shared;

class Server {
 public:
  // Sets weir's limits from options.max_memory, unless weir is in use already; then they are
  // changed to it. Options as ParseOptions gives them: nothing left to default.
  explicit Server(const Options& options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Listens, and serves with threads of its own. False, with *error, if it cannot.
  bool Start(std::string* error);
  uint16_t port() const;
  // Of the page and /metrics; empty if there is none.
  std::string metrics_url() const;

  // Closes all connections, ends all threads and drops all data.
  void Stop();

  Shared& shared() { return *shared_; }

 private:
  std::unique_ptr<Shared> shared_;
  std::vector<Worker*> workers_;  // owned by shared_
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<Metrics> metrics_;
  bool running_ = false;
};

}  // namespace weir::server

#endif  // WEIR_SERVER_SERVER_H_
