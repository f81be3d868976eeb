// weir::Queue: packets in a row, linked through m_nextpkt. It counts them and their bytes as they
// come and go, and may have a bound.
//
//   Queue to_send(1000, 4 << 20);             // packets and bytes at most
//   if (!to_send.push_back(std::move(packet))) drop(packet);
//   while (!to_send.empty()) send(to_send.pop_front());
//
// All but clear() and adopt() are O(1), for packets; a plain chain (no M_PKTHDR) is measured.
//
// Thread rule: one thread at a time uses a Queue; its packets belong to that thread.
#ifndef WEIR_CHAIN_QUEUE_H_
#define WEIR_CHAIN_QUEUE_H_

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <utility>

#include "weir/chain/chain.h"
#include "weir/chain/mbuf.h"

namespace weir {

class Queue {
 public:
  static constexpr size_t kNoBound = static_cast<size_t>(-1);

  explicit Queue(size_t max_packets = kNoBound, size_t max_bytes = kNoBound) noexcept
      : max_packets_(max_packets), max_bytes_(max_bytes) {}
  // The bound goes along and stays behind.
  Queue(Queue&& other) noexcept
      : list_(std::exchange(other.list_, {})),
        max_packets_(other.max_packets_),
        max_bytes_(other.max_bytes_) {}
  Queue& operator=(Queue&& other) noexcept {
    if (this != &other) {
      clear();
      list_ = std::exchange(other.list_, {});
      max_packets_ = other.max_packets_;
      max_bytes_ = other.max_bytes_;
    }
    return *this;
  }
  ~Queue() { clear(); }

  // Takes an m_nextpkt list of the C face, NULL included, whatever its size.
  [[nodiscard]] static Queue adopt(mbuf* list) noexcept {
    Queue queue;
    while (list != nullptr) queue.link_back(std::exchange(list, list->m_nextpkt));
    return queue;
  }
  // Returns ownership of that list; the Queue is empty afterwards.
  [[nodiscard]] mbuf* release() noexcept { return std::exchange(list_, {}).first; }

  size_t packets() const noexcept { return list_.packets; }
  size_t bytes() const noexcept { return list_.bytes; }
  bool empty() const noexcept { return list_.first == nullptr; }

  // Takes the packet, which may be one without data. False: ENOBUFS where the bound is reached, or
  // EINVAL for a Chain that owns nothing; the packet is then as it was.
  [[nodiscard]] bool push_back(Chain&& packet) noexcept {
    if (packet.get() == nullptr) return fail(EINVAL);
    if (!fits(1, packet.size())) return fail(ENOBUFS);
    link_back(packet.release());
    return true;
  }
  // The same in front, and past any bound: for what pop_front() gave and could not be sent.
  [[nodiscard]] bool push_front(Chain&& packet) noexcept {
    if (packet.get() == nullptr) return fail(EINVAL);
    list_.bytes += packet.size();
    ++list_.packets;
    mbuf* m = packet.release();
    m->m_nextpkt = list_.first;
    list_.first = m;
    if (list_.last == nullptr) list_.last = m;
    return true;
  }

  // The oldest packet; a Chain that owns nothing if the Queue is empty.
  [[nodiscard]] Chain pop_front() noexcept {
    mbuf* m = list_.first;
    if (m == nullptr) return {};
    list_.first = std::exchange(m->m_nextpkt, nullptr);
    if (list_.first == nullptr) list_.last = nullptr;
    Chain packet = Chain::adopt(m);
    --list_.packets;
    list_.bytes -= packet.size();
    return packet;
  }
  // The same where it is, and through m_nextpkt those behind it; NULL if there is none. Borrows:
  // read it with a Cursor or Segments<const std::byte>.
  const mbuf* front() const noexcept { return list_.first; }

  // Takes all packets of the other, behind its own. False with ENOBUFS if the bound forbids it, and
  // both are as they were.
  [[nodiscard]] bool splice_back(Queue&& other) noexcept {
    if (this == &other || other.empty()) return true;
    if (!fits(other.packets(), other.bytes())) return fail(ENOBUFS);
    (list_.last == nullptr ? list_.first : list_.last->m_nextpkt) = other.list_.first;
    list_.last = other.list_.last;
    list_.packets += other.list_.packets;
    list_.bytes += other.list_.bytes;
    other.list_ = {};
    return true;
  }

  // Frees all packets.
  void clear() noexcept { m_freemp(release()); }

 private:
  struct List {
    mbuf* first = nullptr;
    mbuf* last = nullptr;
    size_t packets = 0;
    size_t bytes = 0;
  };

  static bool fail(int error) noexcept {
    errno = error;
    return false;
  }
  bool fits(size_t packets, size_t bytes) const noexcept {
    return packets <= max_packets_ - std::min(max_packets_, list_.packets) &&
           bytes <= max_bytes_ - std::min(max_bytes_, list_.bytes);
  }
  void link_back(mbuf* m) noexcept {
    m->m_nextpkt = nullptr;
    (list_.last == nullptr ? list_.first : list_.last->m_nextpkt) = m;
    list_.last = m;
    Chain packet = Chain::adopt(m);
    ++list_.packets;
    list_.bytes += packet.size();
    (void)packet.release();
  }

  List list_;
  size_t max_packets_;
  size_t max_bytes_;
};

}  // namespace weir

#endif  // WEIR_CHAIN_QUEUE_H_
