// What every work of a benchmark says about itself.
#ifndef WEIR_BENCH_WORK_H_
#define WEIR_BENCH_WORK_H_

#include <benchmark/benchmark.h>

#include <string>

#include "bench/probe.h"

namespace weir_bench {

// The compiler must have the pointer, and must assume that somebody wrote through it.
template <typename T>
void Use(T*& p) {
  asm volatile("" : "+r"(p) : : "memory");
}

// What the report divides by: units of work in an iteration.
inline void Units(benchmark::State& state, int n) { state.counters["units"] = n; }
// Other threads or processes take part: the clock counts, not the processor time of this thread.
inline void ByTheClock(benchmark::State& state) { state.counters["clock"] = 1; }

// Adds the work to what the program runs, under the name that bench/compare.py knows.
template <typename Peer>
benchmark::internal::Benchmark* Add(const char* work, void (*run)(benchmark::State&)) {
  return benchmark::RegisterBenchmark((std::string(work) + "/" + Peer::kName).c_str(),
                                      [run](benchmark::State& state) {
                                        Probed probed(state);
                                        run(state);
                                      })
      ->UseRealTime();
}

}  // namespace weir_bench

#endif  // WEIR_BENCH_WORK_H_
