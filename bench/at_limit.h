// What an allocation costs that fails, because everything is in use: of peers that have a limit.
#ifndef WEIR_BENCH_AT_LIMIT_H_
#define WEIR_BENCH_AT_LIMIT_H_

#include <benchmark/benchmark.h>

#include <vector>

#include "bench/work.h"

namespace weir_bench {

template <typename Peer>
void AtLimit(benchmark::State& state) {
  [[maybe_unused]] typename Peer::Thread thread;
  Peer::Limit(true);
  std::vector<typename Peer::Buf*> all;
  while (auto* b = Peer::AllocPacket()) all.push_back(b);
  for (auto _ : state) {
    if (Peer::AllocPacket() != nullptr) abort();
  }
  for (auto* b : all) Peer::FreePacket(b);
  Peer::Limit(false);
  Units(state, 1);
}

template <typename Peer>
void RegisterAtLimit() {
  if constexpr (requires { Peer::Limit(true); }) Add<Peer>("at-limit", AtLimit<Peer>);
}

}  // namespace weir_bench

#endif  // WEIR_BENCH_AT_LIMIT_H_
