// How far apart the two cores are that a pair of threads gets: what an atomic costs on its way from
// one to the other. Two-thread results of two runs compare only if this one does.
#ifndef WEIR_BENCH_PING_PONG_H_
#define WEIR_BENCH_PING_PONG_H_

#include <benchmark/benchmark.h>

#include <atomic>
#include <cstdint>
#include <thread>

#include "bench/hand_over.h"
#include "bench/work.h"

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
  uint64_t next = 0;
  for (auto _ : state) {
    ball.store(++next, std::memory_order_release);
    ++next;
    for (Spin spin; ball.load(std::memory_order_acquire) != next;) spin.Wait();
  }
  ball.store(kStop, std::memory_order_release);
  other.join();
  Units(state, 2);
  ByTheClock(state);
}

}  // namespace weir_bench

#endif  // WEIR_BENCH_PING_PONG_H_
