// The main function of the programs that show how cost grows with threads.
#ifndef WEIR_BENCH_SCALE_MAIN_H_
#define WEIR_BENCH_SCALE_MAIN_H_

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "bench/scale_units.h"

namespace weir_bench {

// Prints a line of JSON for each work and each number of threads. before() is called before each,
// and extra() prints more members of its line.
template <typename Peer, typename Before, typename Extra>
int ScaleMain(int argc, char** argv, Before before, Extra extra) {
  const double seconds = argc > 1 ? atof(argv[1]) : 0.2;
  if (argc > 2 || !(seconds > 0 && seconds <= 60)) {
    fprintf(stderr, "usage: %s [SECONDS]\nfor each work; above 0, at most 60 (default 0.2)\n",
            argv[0]);
    return 2;
  }
  Peer::Start(1 << 15);
  for (const ScaleWork& work : kScaleWorks<Peer>) {
    for (int threads = 1; threads <= kMostThreads; threads *= 2) {
      if (work.pairs && threads % 2 != 0) continue;
      before();
      const Scaled all = work.run(threads, std::chrono::duration<double>(seconds));
      if (all.units == 0) continue;  // too short a time
      const double units = static_cast<double>(all.units);
      printf(
          "{\"peer\": \"%s\", \"work\": \"%s\", \"threads\": %d, \"units\": %.0f, "
          "\"cpu_ns\": %.3f, \"wall_ns\": %.3f",
          Peer::kName, work.name, threads, units, all.cpu_ns / units, all.wall_ns / units);
      extra();
      printf("}\n");
      fflush(stdout);
    }
  }
  return 0;
}

}  // namespace weir_bench

#endif  // WEIR_BENCH_SCALE_MAIN_H_
