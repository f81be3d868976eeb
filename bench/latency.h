// How long single allocations of a packet take, while up to kHeld are in use and come and go at
// random: nanoseconds, less what reading the clock takes.
#ifndef WEIR_BENCH_LATENCY_H_
#define WEIR_BENCH_LATENCY_H_

#include <benchmark/benchmark.h>
#include <x86intrin.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "bench/disturber.h"
#include "bench/work.h"

namespace weir_bench {

// Cycles of the processor's own clock; what comes before is done.
inline uint64_t Cycles() {
  _mm_lfence();
  const uint64_t now = __rdtsc();
  _mm_lfence();
  return now;
}

inline double CyclesOf(std::vector<uint32_t>& samples, double part) {
  const auto at = static_cast<size_t>(part * static_cast<double>(samples.size() - 1));
  std::nth_element(samples.begin(), samples.begin() + static_cast<ptrdiff_t>(at), samples.end());
  return samples[at];
}

template <typename Peer>
void Latency(benchmark::State& state) {
  constexpr size_t kHeld = 256, kSteps = 1 << 20;
  [[maybe_unused]] typename Peer::Thread thread;
  std::mt19937 random(1);
  typename Peer::Buf* held[kHeld] = {};
  std::vector<uint32_t> empty(4096), samples;
  for (uint32_t& e : empty) {
    const uint64_t from = Cycles();
    e = static_cast<uint32_t>(Cycles() - from);
  }
  samples.reserve(kSteps);
  const auto begun = std::chrono::steady_clock::now();
  const uint64_t first = Cycles();
  for (auto _ : state) {
    for (size_t i = 0; i < kSteps; ++i) {
      auto*& b = held[random() % kHeld];
      if (b != nullptr) {
        Peer::FreePacket(b);
        b = nullptr;
        continue;
      }
      const uint64_t from = Cycles();
      b = Peer::AllocPacket();
      samples.push_back(static_cast<uint32_t>(Cycles() - from));
      Use(b);
    }
  }
  const double cycles = static_cast<double>(Cycles() - first);
  const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - begun;
  for (auto* b : held) {
    if (b != nullptr) Peer::FreePacket(b);
  }
  const double least = CyclesOf(empty, 0.5);
  const auto ns = [&](double part) {
    return std::max(0.0, CyclesOf(samples, part) - least) * time.count() / cycles;
  };
  state.counters["p50"] = ns(0.5);
  state.counters["p99"] = ns(0.99);
  state.counters["p99.9"] = ns(0.999);
  state.counters["p99.99"] = ns(0.9999);
  state.counters["max"] = ns(1);
  Units(state, static_cast<int>(samples.size()));
}

template <typename Peer>
void RegisterLatency() {
  Add<Peer>("latency", Latency<Peer>)->Iterations(1);
  if constexpr (requires { Peer::Disturb(); }) {
    Add<Peer>("latency-disturbed", Disturbed<Peer, Latency<Peer>>)->Iterations(1);
  }
}

}  // namespace weir_bench

#endif  // WEIR_BENCH_LATENCY_H_
