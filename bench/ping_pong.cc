#include "bench/ping_pong.h"

#include <algorithm>
#include <vector>

#include "bench/probe.h"

namespace {

// Whether somebody else is on the processor, now.
void Calm(benchmark::State& state) {
  std::vector<double> probes;
  for (auto _ : state) probes.push_back(weir_bench::Probe());
  std::sort(probes.begin(), probes.end());
  state.counters["least"] = probes.front();
  state.counters["median"] = probes[probes.size() / 2];
}

}  // namespace

BENCHMARK(Calm)->Name("calm/processor")->Iterations(200);
BENCHMARK(weir_bench::PingPong)->Name("ping-pong/cores")->UseRealTime();

BENCHMARK_MAIN();
