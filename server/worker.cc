#include "weir/server/worker.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <utility>
#include <vector>

#include "weir/chain/weir.h"
#include "weir/server/clock.h"
#include "weir/server/connection.h"

namespace weir::server {
namespace {

namespace asio = boost::asio;
constexpr auto kTick = std::chrono::milliseconds(100);
constexpr int64_t kTicksPerSecond = 10;
constexpr uint64_t kTicksPerCheck = 10;

}  // namespace

Worker::Worker(Shared& shared, size_t index)
    : Local(index, shared.channels), shared_(shared), io_(1), timer_(io_) {
  now_ms = NowMs();
}

Worker::~Worker() { Join(); }

void Worker::Start() {
  Tick();
  thread_ = std::thread([this] {
    io_.run();
    // Memory goes back before the thread does.
    spares.Release();
  });
}

void Worker::Stop() {
  asio::post(io_, [this] {
    stopping_ = true;
    timer_.cancel();
    while (!connections_.empty()) {
      auto connection = connections_.begin()->second;
      connection->Close();
    }
  });
}

void Worker::Join() {
  if (thread_.joinable()) thread_.join();
}

void Worker::Adopt(int fd, asio::ip::tcp protocol) {
  asio::post(io_, [this, fd, protocol] {
    if (stopping_) {
      ::close(fd);
      shared_.clients.fetch_sub(1, std::memory_order_relaxed);
      return;
    }
    asio::ip::tcp::socket socket(io_);
    boost::system::error_code error;
    socket.assign(protocol, fd, error);
    socket.native_non_blocking(true, error);
    socket.set_option(asio::ip::tcp::no_delay(true), error);
    UpdateTime();
    auto connection = std::make_shared<Connection>(*this, std::move(socket));
    connections_.emplace(connection.get(), connection);
    counters.connections_accepted.Add(1);
    connection->Start();
  });
}

void Worker::Wake() {
  // [Y1] acq_rel: pairs with [Y2]. Who finds it set already knows that the messages it has sent
  // will be seen: the receiver clears it before it looks.
  if (woken_.exchange(true, std::memory_order_acq_rel)) return;
  asio::post(io_, [this] {
    // [Y2] acq_rel: pairs with [Y1]; else a message sent before the flag was seen set is missed.
    woken_.exchange(false, std::memory_order_acq_rel);
    UpdateTime();
    shared_.mailboxes.Receive(index, [this](Message& message) { subscriptions.Deliver(message); });
    FlushReady();
  });
}

void Worker::UpdateTime() { now_ms = NowMs(); }

void Worker::FlushReady() {
  // Flushing may run requests, which may make others ready.
  while (!ready.empty()) {
    auto* connection = static_cast<Connection*>(ready.back());
    ready.pop_back();
    connection->in_ready_list = false;
    connection->Flush();
  }
}

void Worker::Forget(Connection* connection) {
  counters.connections_closed.Add(1);
  shared_.clients.fetch_sub(1, std::memory_order_relaxed);
  connections_.erase(connection);
}

void Worker::CountBytes(size_t in, size_t out) {
  if (in > 0) counters.bytes_in.Add(in);
  if (out > 0) counters.bytes_out.Add(out);
}

void Worker::Tick() {
  timer_.expires_after(kTick);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error || stopping_) return;
    OnTick();
    Tick();
  });
}

void Worker::OnTick() {
  UpdateTime();
  if (index == 0) {
    shared_.store.RemoveExpired(now_ms);
    shared_.memory.Balance();
    if (++ticks_to_trim_ >= shared_.options.trim_interval_s * kTicksPerSecond) {
      ticks_to_trim_ = 0;
      weir_trim_idle();
    }
  }
  RelieveStarvation();
  // A thread without work holds no memory.
  uint64_t reads = counters.bytes_in.Read();
  if (std::exchange(reads_at_last_tick_, reads) == reads) spares.Release();
  if (++ticks_ % kTicksPerCheck == 0) CheckProgress();
  FlushReady();
}

// When eviction gives nothing, it is unfinished requests that hold the memory. The longest goes,
// so that others can be finished.
void Worker::RelieveStarvation() {
  constexpr int64_t kTolerateMs = 200;
  bool starving = false;
  std::shared_ptr<Connection> hog;
  for (auto& [raw, connection] : connections_) {
    starving |= connection->starving_ms() > kTolerateMs;
    if (hog == nullptr || connection->held() > hog->held()) hog = connection;
  }
  if (starving && hog->held() > Session::kHog) hog->StandBack();
}

void Worker::CheckProgress() {
  // They may close meanwhile.
  std::vector<std::shared_ptr<Connection>> all;
  all.reserve(connections_.size());
  for (auto& [raw, connection] : connections_) all.push_back(connection);
  for (auto& connection : all) {
    connection->CheckProgress(shared_.options.write_timeout_s * 1000);
  }
}

}  // namespace weir::server
