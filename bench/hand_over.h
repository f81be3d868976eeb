// Another thread of a benchmark: what comes through a ring it frees, or hands on.
#ifndef WEIR_BENCH_HAND_OVER_H_
#define WEIR_BENCH_HAND_OVER_H_

#include <pthread.h>

#include <atomic>
#include <boost/lockfree/spsc_queue.hpp>
#include <cstddef>
#include <thread>

#include "bench/spin.h"

namespace weir_bench {

// Calls done(b) for each buffer sent, on a thread of its own.
template <typename Peer, typename Done>
class OtherThread {
 public:
  using Buf = typename Peer::Buf;

  explicit OtherThread(Done done) : done_(done), thread_([this] { Run(); }) {}
  ~OtherThread() {
    // release: pairs with Run's acquire, what was pushed before it is there to be freed.
    stop_.store(true, std::memory_order_release);
    thread_.join();
  }

  pthread_t handle() { return thread_.native_handle(); }

  // Hands buffers over; waits while the ring is full.
  void Send(Buf* b) {
    for (Spin spin; !ring_.push(b); spin.Wait()) {
    }
  }
  void Send(Buf** from, size_t n) {
    for (Spin spin; n != 0; spin.Wait()) {
      size_t sent = ring_.push(from, n);
      from += sent;
      n -= sent;
      if (n == 0) break;
    }
  }

 private:
  void Run() {
    [[maybe_unused]] typename Peer::Thread thread;
    Spin spin;
    for (;;) {
      bool last = stop_.load(std::memory_order_acquire);
      Buf* b;
      if (ring_.pop(b)) {
        done_(b);
      } else if (last) {
        return;
      } else {
        spin.Wait();
      }
    }
  }

  boost::lockfree::spsc_queue<Buf*, boost::lockfree::capacity<1024>> ring_;
  std::atomic<bool> stop_{false};
  Done done_;
  std::thread thread_;
};

template <typename Peer>
struct FreeingThread : OtherThread<Peer, void (*)(typename Peer::Buf*)> {
  FreeingThread() : OtherThread<Peer, void (*)(typename Peer::Buf*)>(Peer::FreePacket) {}
};

}  // namespace weir_bench

#endif  // WEIR_BENCH_HAND_OVER_H_
