#include "weir/server/socket_io.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>

#include "weir/chain/mbuf.h"

namespace weir::server {
namespace {

// Room to read into: what the queue's last mbuf has left, then spare clusters.
class Room {
 public:
  Room(ByteQueue& queue, Spares& spares) : queue_(queue), spares_(spares) {
    std::span<char> tail = queue.TailRoom();
    if (tail.empty()) return;
    Add(tail.data(), tail.size());
    in_tail_ = tail.size();
  }

  // False if there is none at all.
  bool Reach(size_t want, int keep) {
    size_t missing = want > bytes_ ? want - bytes_ : 0;
    size_t clusters = std::min((missing + MCLBYTES - 1) / MCLBYTES, kMaxBuffers - used_);
    spares_.Fill(static_cast<int>(clusters) + keep);
    for (; clusters > 0 && spares_.count() > keep; --clusters) {
      mbuf* m = spares_.Take();
      fresh_[fresh_count_++] = m;
      Add(m->m_data, MCLBYTES);
    }
    return bytes_ > 0;
  }

  // Drops what is beyond `want`.
  void Limit(size_t want) {
    while (bytes_ > want) {
      iovec& last = buffers_[used_ - 1];
      size_t cut = std::min(bytes_ - want, last.iov_len);
      last.iov_len -= cut;
      bytes_ -= cut;
      if (last.iov_len == 0) --used_;
    }
  }

  // The first n bytes have been filled; the rest goes back.
  void Commit(size_t n) {
    size_t part = std::min(n, in_tail_);
    if (part > 0) queue_.ExtendTail(part);
    n -= part;
    for (size_t i = 0; i < fresh_count_; ++i) {
      mbuf* m = fresh_[i];
      part = std::min<size_t>(n, MCLBYTES);
      n -= part;
      m->m_len = static_cast<int32_t>(part);
      if (part > 0) {
        queue_.Push(m);
      } else {
        spares_.Put(m);
      }
    }
  }

  const iovec* buffers() const { return buffers_.data(); }
  int count() const { return static_cast<int>(used_); }
  size_t bytes() const { return bytes_; }

 private:
  void Add(char* data, size_t n) {
    buffers_[used_++] = {data, n};
    bytes_ += n;
  }

  ByteQueue& queue_;
  Spares& spares_;
  std::array<iovec, kMaxBuffers> buffers_;
  std::array<mbuf*, kMaxBuffers> fresh_;
  size_t used_ = 0;
  size_t fresh_count_ = 0;
  size_t bytes_ = 0;
  size_t in_tail_ = 0;
};

bool WouldBlock(ssize_t result) {
  return result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace

IoOutcome ReadSome(int fd, ByteQueue& queue, Spares& spares, const ReadWish& wish) {
  Room room(queue, spares);
  if (!room.Reach(wish.want, wish.keep)) return {IoResult::kNoMemory, 0};
  if (wish.exact) room.Limit(wish.want);
  ssize_t n;
  do {
    n = ::readv(fd, room.buffers(), room.count());
  } while (n < 0 && errno == EINTR);
  bool nothing = WouldBlock(n);
  size_t bytes = n > 0 ? static_cast<size_t>(n) : 0;
  room.Commit(bytes);
  if (nothing) return {IoResult::kPartly, 0};
  if (n <= 0) return {IoResult::kClosed, 0};
  return {bytes == room.bytes() ? IoResult::kDone : IoResult::kPartly, bytes};
}

IoOutcome SendAll(int fd, ByteQueue& queue) {
  size_t sent = 0;
  while (!queue.empty()) {
    std::array<iovec, kMaxBuffers> buffers;
    msghdr message = {};
    message.msg_iov = buffers.data();
    message.msg_iovlen = static_cast<size_t>(queue.ToIovec(buffers));
    ssize_t n = ::sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (WouldBlock(n)) return {IoResult::kPartly, sent};
    if (n < 0) return {IoResult::kClosed, sent};
    queue.Drop(static_cast<size_t>(n));
    sent += static_cast<size_t>(n);
  }
  return {IoResult::kDone, sent};
}

}  // namespace weir::server
