// Packets of other sizes: jumbo ones, and traces of mixed ones.
#ifndef WEIR_BENCH_SIZES_H_
#define WEIR_BENCH_SIZES_H_

#include <benchmark/benchmark.h>

#include <cstddef>
#include <vector>

#include "bench/trace.h"
#include "bench/work.h"

namespace weir_bench {

template <typename Peer>
struct Sizes {
  using Buf = typename Peer::Buf;

  template <size_t kBytes>
  static void Pair(benchmark::State& state) {
    [[maybe_unused]] typename Peer::Thread thread;
    for (auto _ : state) {
      Buf* b = Peer::AllocSized(kBytes);
      Use(b);
      Peer::FreeChain(b);
      benchmark::ClobberMemory();
    }
    Units(state, 1);
  }

  template <auto kSizeOfNext>
  static void Mixed(benchmark::State& state) {
    [[maybe_unused]] typename Peer::Thread thread;
    static const Trace trace(kSizeOfNext);
    std::vector<Buf*> live(Trace::kSlots);
    for (Buf*& b : live) b = Peer::AllocSized(64);
    for (auto _ : state) {
      for (const TraceStep step : trace.steps()) {
        Peer::FreeChain(live[step.slot]);
        live[step.slot] = Peer::AllocSized(step.bytes);
      }
      benchmark::ClobberMemory();
    }
    for (Buf* b : live) Peer::FreeChain(b);
    Units(state, static_cast<int>(Trace::kSteps));
  }
};

// What a peer prepares when it is asked for a size the first time is no part of any work.
template <typename Peer>
void WarmUpSizes() {
  if constexpr (requires { Peer::AllocSized(size_t{1}); }) {
    [[maybe_unused]] typename Peer::Thread thread;
    for (size_t n : {64, 2000, 4096, 9216, 16384}) Peer::FreeChain(Peer::AllocSized(n));
  }
}

template <typename Peer>
void RegisterSizes() {
  if constexpr (requires { Peer::AllocSized(size_t{1}); }) {
    Add<Peer>("4KiB", Sizes<Peer>::template Pair<4096>);
    Add<Peer>("9KiB", Sizes<Peer>::template Pair<9216>);
    Add<Peer>("16KiB", Sizes<Peer>::template Pair<16384>);
    Add<Peer>("imix", Sizes<Peer>::template Mixed<ImixSize>);
    Add<Peer>("web", Sizes<Peer>::template Mixed<WebSize>);
  }
}

}  // namespace weir_bench

#endif  // WEIR_BENCH_SIZES_H_
