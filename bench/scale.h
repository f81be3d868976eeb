// How works grow with the number of threads, without Google Benchmark, so that the program can be
// linked statically and carried to a machine with more cores.
#ifndef WEIR_BENCH_SCALE_H_
#define WEIR_BENCH_SCALE_H_

#include <time.h>

#include <atomic>
#include <barrier>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

#include "bench/spin.h"

namespace weir_bench {

// What threads did together in a while.
struct Scaled {
  uint64_t units = 0;
  double wall_ns = 0;
  double cpu_ns = 0;  // of all threads
};

inline double ThreadCpuNs() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return 1e9 * static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec);
}

// Runs Unit(thread) over and over on that many threads for that long, after a tenth of it to warm
// up. A Unit's operator() returns how many units of work it did; end() is called on its thread once
// all have stopped.
template <typename Peer, typename Unit>
Scaled RunThreads(int threads, std::chrono::duration<double> time) {
  enum Phase { kWarmUp, kMeasure, kStop };
  std::atomic<int> phase{kWarmUp};
  std::barrier ready(threads + 1), stopped(threads);
  std::vector<Scaled> done(static_cast<size_t>(threads));
  std::vector<std::thread> all;
  for (int i = 0; i < threads; ++i) {
    all.emplace_back([&, i] {
      [[maybe_unused]] typename Peer::Thread thread;
      Unit unit(i);
      ready.arrive_and_wait();
      while (phase.load(std::memory_order_relaxed) == kWarmUp) unit();
      Scaled& mine = done[static_cast<size_t>(i)];
      const double from = ThreadCpuNs();
      uint64_t units = 0;
      while (phase.load(std::memory_order_relaxed) != kStop) units += unit();
      mine.units = units;
      mine.cpu_ns = ThreadCpuNs() - from;
      stopped.arrive_and_wait();
      unit.end();
    });
  }
  ready.arrive_and_wait();
  std::this_thread::sleep_for(time / 10);
  const auto from = std::chrono::steady_clock::now();
  phase.store(kMeasure, std::memory_order_relaxed);
  std::this_thread::sleep_for(time);
  phase.store(kStop, std::memory_order_relaxed);
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - from;
  for (std::thread& t : all) t.join();
  Scaled sum{.wall_ns = took.count()};
  for (const Scaled& one : done) {
    sum.units += one.units;
    sum.cpu_ns += one.cpu_ns;
  }
  return sum;
}

}  // namespace weir_bench

#endif  // WEIR_BENCH_SCALE_H_
