// Whether a neighbour is on the processor: how long a fixed piece of work takes that fills all of
// it, so that whoever shares the core, or interrupts, shows.
#ifndef WEIR_BENCH_PROBE_H_
#define WEIR_BENCH_PROBE_H_

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace weir_bench {

// Nanoseconds of about 30 microseconds' work: additions, loads and stores that do not wait for one
// another, as many as a processor can begin at once. The same instructions at the same place in 64
// bytes in each program, so that the figures of all can be compared.
inline double Probe() {
  alignas(64) uint64_t memory[8] = {};
  uint64_t turns = 40000;
  const auto begun = std::chrono::steady_clock::now();
  asm volatile(
      ".p2align 6\n"
      "1:\n"
      "add $1, %%rax\n"
      "mov %%rax, (%[memory])\n"
      "add $1, %%rcx\n"
      "mov 16(%[memory]), %%rdx\n"
      "add $1, %%r8\n"
      "mov %%r8, 24(%[memory])\n"
      "add $1, %%r9\n"
      "mov 40(%[memory]), %%rdx\n"
      "add $1, %%r10\n"
      "add $1, %%r11\n"
      "dec %[turns]\n"
      "jnz 1b\n"
      : [turns] "+r"(turns)
      : [memory] "r"(memory)
      : "rax", "rcx", "rdx", "r8", "r9", "r10", "r11", "memory", "cc");
  const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - begun;
  return time.count();
}

// Says of a measurement, as the counter "probe", how long Probe took before and after it, whichever
// was longer; of several threads, on the average.
class Probed {
 public:
  explicit Probed(benchmark::State& state) : state_(state), before_(Probe()) {}
  ~Probed() {
    state_.counters["probe"] =
        benchmark::Counter(std::max(before_, Probe()), benchmark::Counter::kAvgThreads);
  }
  Probed(const Probed&) = delete;
  Probed& operator=(const Probed&) = delete;

 private:
  benchmark::State& state_;
  const double before_;
};

}  // namespace weir_bench

#endif  // WEIR_BENCH_PROBE_H_
