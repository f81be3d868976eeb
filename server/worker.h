// One thread of the server: its event loop and its connections.
//
// Thread rule: Run() is the thread; Adopt, Wake and Stop may be called from any; the rest is for
// the thread itself.
#ifndef WEIR_SERVER_WORKER_H_
#define WEIR_SERVER_WORKER_H_

#include <utility>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <memory>
#include <thread>

#include "absl/container/flat_hash_map.h"
#include "weir/server/local.h"
#include "weir/server/shared.h"

namespace weir::server {

class Connection;

class Worker : public Local {
 public:
  Worker(Shared& shared, size_t index);
  ~Worker() override;

  boost::asio::io_context& io() { return io_; }
  Shared& shared() { return shared_; }

  void Start();
  // Closes all connections and lets the loop end. Join waits for that.
  void Stop();
  void Join();

  // Takes an accepted socket over.
  void Adopt(int fd, boost::asio::ip::tcp protocol);
  void Wake() override;

  // Each handler begins with this, and ends with the other.
  void UpdateTime();
  void FlushReady();

  void Forget(Connection* connection);
  void CountBytes(size_t in, size_t out);

 private:
  void Tick();
  void OnTick();
  void CheckProgress();
  void RelieveStarvation();

  Shared& shared_;
  boost::asio::io_context io_;
  boost::asio::steady_timer timer_;
  absl::flat_hash_map<Connection*, std::shared_ptr<Connection>> connections_;
  std::atomic<bool> woken_{false};
  bool stopping_ = false;
  uint64_t ticks_ = 0;
  int64_t ticks_to_trim_ = 0;
  uint64_t reads_at_last_tick_ = 0;
  std::thread thread_;
};

}  // namespace weir::server

#endif  // WEIR_SERVER_WORKER_H_
