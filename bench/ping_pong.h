// How far apart the two cores are that a pair of threads gets: what an atomic costs on its way from
// one to the other. Two-thread results of two runs compare only if this one does.
#ifndef WEIR_BENCH_PING_PONG_H_
#define WEIR_BENCH_PING_PONG_H_

#include <benchmark/benchmark.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <thread>

#include "bench/spin.h"

namespace weir_bench {

inline void PingPong(benchmark::State& state) {
  alignas(64) std::atomic<uint64_t> ball{0};
  constexpr uint64_t kStop = uint64_t{1} << 63;
  std::thread other([&ball] {
    Spin spin;
    for (uint64_t seen;; spin.Wait()) {
      seen = ball.load(std::memory_order_acquire);
      if (seen & kStop) return;
      if (seen % 2 == 1) ball.store(seen + 1, std::memory_order_release);
    }
  });
  constexpr int kRounds = 100;
  uint64_t next = 0;
  double least = std::numeric_limits<double>::infinity();
  for (auto _ : state) {
    const auto from = std::chrono::steady_clock::now();
    for (int i = 0; i < kRounds; ++i) {
      ball.store(++next, std::memory_order_release);
      ++next;
      for (Spin spin; ball.load(std::memory_order_acquire) != next;) spin.Wait();
    }
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - from;
    least = std::min(least, took.count() / (2 * kRounds));
  }
  ball.store(kStop, std::memory_order_release);
  other.join();
  // Of the times when both were running, whoever else wants the cores.
  state.counters["least"] = least;
}

}  // namespace weir_bench

#endif  // WEIR_BENCH_PING_PONG_H_
