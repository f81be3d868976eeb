#include "bench/ping_pong.h"

#include <algorithm>
#include <limits>
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

// How far apart the processors are.
void PingPong(benchmark::State& state) {
  weir_bench::Ball ball;
  double least = std::numeric_limits<double>::infinity();
  for (auto _ : state) least = std::min(least, ball.OneWay(100));
  state.counters["least"] = least;
}

}  // namespace

BENCHMARK(Calm)->Name("calm/processor")->Iterations(200);
BENCHMARK(PingPong)->Name("ping-pong/cores")->UseRealTime();

BENCHMARK_MAIN();
