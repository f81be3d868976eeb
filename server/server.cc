#include "weir/server/server.h"

#include <boost/asio/post.hpp>
#include <cstdio>
#include <random>
#include <utility>

#include "weir/chain/weir.h"
#include "weir/server/clock.h"
#include "weir/server/listener.h"
#include "weir/server/metrics.h"
#include "weir/server/shared.h"
#include "weir/server/worker.h"

namespace weir::server {
namespace {

std::string RandomId() {
  std::random_device random;
  std::string id;
  for (int i = 0; i < 5; ++i) {
    char digits[9];
    std::snprintf(digits, sizeof digits, "%08x", static_cast<unsigned>(random()));
    id += digits;
  }
  return id;
}

}  // namespace

Server::Server(const Options& options) {
  // EBUSY after the first use: then Memory sets the limits.
  weir_options zones = Memory::ZoneLimits(options.max_memory);
  (void)weir_init(&zones);
  shared_ = std::make_unique<Shared>(options);
  shared_->started_ms = NowMs();
  shared_->run_id = RandomId();
  for (size_t i = 0; i < static_cast<size_t>(options.threads); ++i) {
    auto worker = std::make_unique<Worker>(*shared_, i);
    workers_.push_back(worker.get());
    shared_->locals.push_back(std::move(worker));
  }
}

Server::~Server() { Stop(); }

bool Server::Start(std::string* error) {
  listener_ = std::make_unique<Listener>(*shared_, workers_);
  uint16_t port = static_cast<uint16_t>(shared_->options.port);
  if (!listener_->Start(shared_->options.bind, port, error)) return false;
  shared_->port = listener_->port();
  if (shared_->options.metrics_port >= 0 || !shared_->options.metrics_socket.empty()) {
    metrics_ = Metrics::Start(*shared_, error);
    if (metrics_ == nullptr) return false;
  }
  for (Worker* worker : workers_) worker->Start();
  running_ = true;
  return true;
}

uint16_t Server::port() const { return shared_->port; }

std::string Server::metrics_url() const { return metrics_ == nullptr ? "" : metrics_->url(); }

void Server::Stop() {
  // It reads what goes next.
  metrics_.reset();
  if (std::exchange(running_, false)) {
    boost::asio::post(workers_.front()->io(), [this] { listener_->Stop(); });
    for (Worker* worker : workers_) worker->Stop();
    for (Worker* worker : workers_) worker->Join();
  }
  shared_->mailboxes.Clear();
  shared_->store.Clear();
}

}  // namespace weir::server
