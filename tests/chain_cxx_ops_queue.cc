// Two queues, each against a list of models.
#include <cerrno>
#include <iterator>
#include <utility>

#include "tests/chain_cxx_ops.h"

namespace weir {

void ChainCxxOps::Push() {
  Line& line = lines_[source_->Below(2)];
  if (line.packets.size() > 12) {  // so that the checks stay fast
    line.queue.clear();
    line.packets.clear();
  }
  Held held = Take();
  bool front = source_->OneIn(4);
  bool right = held.chain.get() != nullptr;
  bool fits = front || line.Fits(1, held.flat.bytes.size());
  NoteSizes(front ? "push_front" : "push_back", held.flat.bytes.size());
  const mbuf* m = held.chain.get();
  bool done = front ? line.queue.push_front(std::move(held.chain))
                    : line.queue.push_back(std::move(held.chain));
  Expect(done == (right && fits), "a packet that fits");
  if (!done) {
    Expect(errno == (right ? ENOBUFS : EINVAL), "ENOBUFS, or EINVAL");
    Expect(held.chain.get() == m, "the packet as it was");
    return Put(std::move(held));
  }
  Expect(held.chain.get() == nullptr, "nothing left");
  line.packets.insert(front ? line.packets.begin() : line.packets.end(), std::move(held.flat));
}

void ChainCxxOps::Pop() {
  Line& line = lines_[source_->Below(2)];
  NoteSizes("pop_front", line.packets.size());
  Held held{line.queue.pop_front(), Flat()};
  Expect((held.chain.get() == nullptr) == line.packets.empty(), "a packet");
  if (line.packets.empty()) return;
  Expect(held.chain.get()->m_nextpkt == nullptr, "one packet");
  held.flat = std::move(line.packets.front());
  line.packets.pop_front();
  Put(std::move(held));
}

void ChainCxxOps::Splice() {
  Line& to = lines_[source_->Below(2)];
  Line& from = lines_[source_->Below(2)];
  NoteSizes("splice_back", to.packets.size(), from.packets.size());
  bool same = &to == &from;
  bool fits = same || from.packets.empty() || to.Fits(from.packets.size(), from.Bytes());
  bool done = to.queue.splice_back(std::move(from.queue));
  Expect(done == fits && (done || errno == ENOBUFS), "packets that fit");
  if (!done || same) return;
  to.packets.insert(to.packets.end(), std::move_iterator(from.packets.begin()),
                    std::move_iterator(from.packets.end()));
  from.packets.clear();
}

// Lists of the other face, queues with other bounds, and no packets.
void ChainCxxOps::Relist() {
  Line& line = lines_[source_->Below(2)];
  uint32_t what = source_->Below(4);
  NoteSizes("queue", what);
  if (what == 0) {
    line.queue.clear();
    line.packets.clear();
  } else if (what == 1) {
    mbuf* list = line.queue.release();
    Expect(line.queue.empty() && line.queue.bytes() == 0, "an empty queue");
    line.queue = Queue::adopt(list);
    line.max_packets = line.max_bytes = Queue::kNoBound;
  } else if (what == 2) {
    Queue moved(std::move(line.queue));
    Expect(line.queue.empty() && line.queue.packets() == 0, "an empty queue");
    line.queue = std::move(moved);
  } else {
    Line other;
    other.max_packets = source_->Below(8);
    other.max_bytes = source_->Below(2) ? Queue::kNoBound : source_->Below(20000);
    other.queue = Queue(other.max_packets, other.max_bytes);
    Expect(other.queue.splice_back(std::move(line.queue)) ==
               (line.packets.empty() || other.Fits(line.packets.size(), line.Bytes())),
           "packets that fit");
    if (!line.queue.empty()) return;
    other.packets = std::move(line.packets);
    line = std::move(other);
  }
}

}  // namespace weir
