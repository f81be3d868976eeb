// How far apart two processors are: what an atomic takes on its way from one to the other. Works in
// which threads hand each other buffers compare only if this does; on a virtual machine it changes
// while they run, as its processors are moved.
#ifndef WEIR_BENCH_PING_PONG_H_
#define WEIR_BENCH_PING_PONG_H_

#include <benchmark/benchmark.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <thread>

#include "bench/apart.h"
#include "bench/spin.h"

namespace weir_bench {

// An atomic that goes to another thread, on another processor, and back.
class Ball {
 public:
  Ball() : other_([this] { PlayBack(); }), apart_(other_.native_handle()) {}
  ~Ball() {
    ball_.store(kStop, std::memory_order_release);
    other_.join();
  }

  // Nanoseconds of one way, of so many to and fro.
  double OneWay(int times) {
    const auto from = std::chrono::steady_clock::now();
    for (int i = 0; i < times; ++i) {
      ball_.store(++next_, std::memory_order_release);
      ++next_;
      for (Spin spin; ball_.load(std::memory_order_acquire) != next_;) spin.Wait();
    }
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - from;
    return took.count() / (2 * times);
  }

 private:
  static constexpr uint64_t kStop = uint64_t{1} << 63;

  void PlayBack() {
    Spin spin;
    for (uint64_t seen;; spin.Wait()) {
      seen = ball_.load(std::memory_order_acquire);
      if (seen & kStop) return;
      if (seen % 2 == 1) ball_.store(seen + 1, std::memory_order_release);
    }
  }

  alignas(64) std::atomic<uint64_t> ball_{0};
  alignas(64) uint64_t next_ = 0;
  std::thread other_;
  Apart apart_;
};

// The least of some tries: of when both threads were running, whoever else wants the processors.
inline double Distance() {
  Ball ball;
  double least = std::numeric_limits<double>::infinity();
  for (int i = 0; i < 20; ++i) least = std::min(least, ball.OneWay(20));
  return least;
}

// Says of a measurement, as the counter "distance", how far apart its processors were before and
// after it, whichever was more.
class Distanced {
 public:
  explicit Distanced(benchmark::State& state) : state_(state), before_(Distance()) {}
  ~Distanced() { state_.counters["distance"] = std::max(before_, Distance()); }
  Distanced(const Distanced&) = delete;
  Distanced& operator=(const Distanced&) = delete;

 private:
  benchmark::State& state_;
  const double before_;
};

}  // namespace weir_bench

#endif  // WEIR_BENCH_PING_PONG_H_
