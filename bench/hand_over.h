// The other thread of a benchmark: it frees what comes through a ring.
#ifndef WEIR_BENCH_HAND_OVER_H_
#define WEIR_BENCH_HAND_OVER_H_

#include <sched.h>

#include <atomic>
#include <boost/lockfree/spsc_queue.hpp>
#include <cstddef>
#include <thread>

namespace weir_bench {

// Waits a little; after many times in vain lets somebody else run, so that a busy machine slows a
// measurement down and does not stop it.
class Spin {
 public:
  void Wait() {
    if (++turns_ % 4096 == 0) {
      sched_yield();
    } else {
      __builtin_ia32_pause();
    }
  }

 private:
  unsigned turns_ = 0;
};

template <typename Peer>
class FreeingThread {
 public:
  using Buf = typename Peer::Buf;

  FreeingThread() : thread_([this] { Run(); }) {}
  ~FreeingThread() {
    // release: pairs with Run's acquire, what was pushed before it is there to be freed.
    stop_.store(true, std::memory_order_release);
    thread_.join();
  }

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
        Peer::FreePacket(b);
      } else if (last) {
        return;
      } else {
        spin.Wait();
      }
    }
  }

  boost::lockfree::spsc_queue<Buf*, boost::lockfree::capacity<1024>> ring_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace weir_bench

#endif  // WEIR_BENCH_HAND_OVER_H_
