// Messages from thread to thread: a bounded queue without locks for each pair of threads.
//
// Thread rule: thread `from` calls HasRoom and Send, thread `to` calls Receive.
#ifndef WEIR_SERVER_MAILBOXES_H_
#define WEIR_SERVER_MAILBOXES_H_

#include <boost/lockfree/spsc_queue.hpp>
#include <cstddef>
#include <memory>
#include <vector>

#include "weir/server/message.h"

namespace weir::server {

class Mailboxes {
 public:
  explicit Mailboxes(size_t threads) : threads_(threads) {
    for (size_t i = 0; i < threads * threads; ++i) boxes_.push_back(std::make_unique<Box>());
  }
  ~Mailboxes() { Clear(); }

  // Drops what is on its way. When no other thread sends or receives.
  void Clear() {
    for (auto& box : boxes_) box->consume_all([](Message* message) { delete message; });
  }

  // Only the sender fills the box, so the room stays until it sends.
  bool HasRoom(size_t from, size_t to) const { return box(from, to).write_available() > 0; }
  void Send(size_t from, size_t to, std::unique_ptr<Message> message) {
    if (box(from, to).push(message.get())) (void)message.release();
  }

  template <typename Handle>  // void(Message&)
  void Receive(size_t to, Handle handle) {
    for (size_t from = 0; from < threads_; ++from) {
      box(from, to).consume_all([&](Message* message) {
        std::unique_ptr<Message> owner(message);
        handle(*owner);
      });
    }
  }

 private:
  static constexpr size_t kCapacity = 1024;
  using Box = boost::lockfree::spsc_queue<Message*, boost::lockfree::capacity<kCapacity>>;

  Box& box(size_t from, size_t to) const { return *boxes_[from * threads_ + to]; }

  const size_t threads_;
  std::vector<std::unique_ptr<Box>> boxes_;
};

}  // namespace weir::server

#endif  // WEIR_SERVER_MAILBOXES_H_
