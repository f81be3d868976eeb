#include "weir/server/connection.h"

#include <algorithm>
#include <chrono>

#include "weir/server/socket_io.h"
#include "weir/server/worker.h"

namespace weir::server {
namespace {

namespace asio = boost::asio;

constexpr size_t kReadAtLeast = 16 * 1024;
constexpr size_t kReadAtMost = 64 * 1024;
// How many reads one connection may do before others have their turn.
constexpr int kReadsPerTurn = 8;
// How long no memory to read into is put up with.
constexpr int64_t kPatienceMs = 2000;
constexpr auto kRetryAfter = std::chrono::milliseconds(2);
constexpr int kSparesForOthers = 8;

}  // namespace

Connection::Connection(Worker& worker, asio::ip::tcp::socket socket)
    : Session(worker.shared(), worker),
      worker_(worker),
      socket_(std::move(socket)),
      retry_(worker.io()),
      read_size_(kReadAtLeast) {}

void Connection::Start() { Settle(); }

void Connection::WaitToRead() {
  if (std::exchange(reading_, true)) return;
  socket_.async_wait(asio::ip::tcp::socket::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       self->reading_ = false;
                       if (!error) self->OnReadable();
                     });
}

void Connection::WaitToWrite() {
  if (std::exchange(writing_, true)) return;
  last_progress_ms_ = worker_.now_ms;
  socket_.async_wait(asio::ip::tcp::socket::wait_write,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       self->writing_ = false;
                       if (error) return;
                       self->worker_.UpdateTime();
                       self->Settle();
                       self->worker_.FlushReady();
                     });
}

void Connection::RetrySoon() {
  if (std::exchange(retrying_, true)) return;
  retry_.expires_after(kRetryAfter);
  retry_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    self->retrying_ = false;
    if (!error) self->OnReadable();
  });
}

void Connection::OnReadable() {
  if (!socket_.is_open()) return;
  worker_.UpdateTime();
  if (blocked()) Process();
  for (int i = 0; i < kReadsPerTurn && wants_input(); ++i) {
    if (!ReadOnce()) break;
  }
  worker_.shared().memory.BalanceIfCrossed();
  Settle();
  worker_.FlushReady();
}

bool Connection::ReadOnce() {
  // A long value is read to its end and no further, so that its clusters hold nothing else.
  size_t missing = awaited();
  bool exact = missing >= kReadAtLeast;
  size_t want = exact ? std::min(missing, kMaxBuffers * MCLBYTES) : read_size_;
  // The last spares are for those who need little.
  int keep = kSparesForReply + (held() > kHog ? kSparesForOthers : 0);
  auto [result, bytes] =
      ReadSome(socket_.native_handle(), in(), worker_.spares, {want, exact, keep});
  if (result == IoResult::kClosed) {
    Close();
    return false;
  }
  if (result == IoResult::kNoMemory) {
    if (!std::exchange(no_room_, true)) {
      no_room_since_ms_ = worker_.now_ms;
      worker_.counters.memory_waits.Add(1);
    }
    // Another thread's drain may be under way, and this one's allocation was turned away. Once for
    // each try: that drain may take longer than many evictions.
    worker_.shared().memory.MakeRoom();
    if (worker_.now_ms - no_room_since_ms_ >= kPatienceMs) GiveUpReading();
    return false;
  }
  no_room_ = false;
  if (bytes == 0) return false;
  worker_.CountBytes(bytes, 0);
  bool full = result == IoResult::kDone;
  if (!exact) {
    read_size_ = full ? kReadAtMost : std::clamp(2 * bytes, kReadAtLeast, kReadAtMost);
  }
  Process();
  if (!out().empty() && !Send()) return false;
  return full;
}

// False if the socket is gone.
bool Connection::Send() {
  if (writing_) return true;
  auto [result, bytes] = SendAll(socket_.native_handle(), out());
  worker_.CountBytes(0, bytes);
  if (bytes > 0) last_progress_ms_ = worker_.now_ms;
  if (result == IoResult::kPartly) WaitToWrite();
  if (result == IoResult::kClosed) Close();
  return result != IoResult::kClosed;
}

void Connection::Settle() {
  // Sending may make way for requests that wait already, and those for more to send.
  while (socket_.is_open() && !cut_off()) {
    if (!out().empty() && !Send()) return;
    if (!has_work() || !wants_input() || !out().empty()) break;
    Process();
    if (out().empty()) break;
  }
  if (!socket_.is_open()) return;
  if (cut_off() || (closing() && out().empty())) return Close();
  if (blocked() || no_room_) return RetrySoon();
  if (wants_input()) WaitToRead();
}

void Connection::Flush() {
  auto self = shared_from_this();  // it may close
  Settle();
}

void Connection::CheckProgress(int64_t timeout_ms) {
  if (writing_ && worker_.now_ms - last_progress_ms_ > timeout_ms) {
    CutOff();
    Close();
  }
}

int64_t Connection::starving_ms() const {
  return no_room_ ? std::max<int64_t>(worker_.now_ms - no_room_since_ms_, 1) : 0;
}

void Connection::StandBack() {
  auto self = shared_from_this();
  GiveUpReading();
  no_room_ = false;
  Settle();
}

void Connection::Close() {
  if (!socket_.is_open()) return;
  auto self = shared_from_this();
  boost::system::error_code ignored;
  socket_.close(ignored);
  retry_.cancel();
  UnsubscribeAll();
  // The rest goes with the last handler that still refers to it.
  worker_.Forget(this);
}

}  // namespace weir::server
