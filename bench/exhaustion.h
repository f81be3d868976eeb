// Threads fill their caches and sleep in read(2); then one thread allocates all there is. Over any
// allocator.
#ifndef WEIR_BENCH_EXHAUSTION_H_
#define WEIR_BENCH_EXHAUSTION_H_

#include <cstdint>
#include <cstdio>
#include <span>
#include <vector>

#include "bench/claims.h"
#include "bench/sleepers.h"

namespace weir_bench {

// A Zone has
//   int kThreads[]          how many threads to try it with
//   const char* Name()
//   int Each()              how many objects each thread puts into its cache
//   void SetLimit(long n)   none is in use; from now on there are n
//   T* Get()                without waiting: null at the limit
//   void Free(T*)
//   int64_t Cached()        how many objects are in caches of threads
// Get and Free are called on any thread.
template <typename Zone>
void Exhaustion(std::span<Zone> zones) {
  const int rounds = quick ? 3 : 1000;
  printf("%-12s %8s %8s %12s %12s %10s\n", "zone", "threads", "rounds", "in caches", "allocated",
         "of limit");
  for (Zone& zone : zones) {
    for (const int threads : Zone::kThreads) {
      if (quick && threads > 64) continue;
      const long limit = 2L * threads * zone.Each();  // so that nobody runs short while they fill
      zone.SetLimit(limit);
      const auto free_all = [&zone](auto& objects) {
        for (auto* object : objects) zone.Free(object);
        objects.clear();
      };
      Sleepers sleepers(threads, [&] {
        std::vector<decltype(zone.Get())> mine;
        for (int i = 0; i < zone.Each(); ++i) {
          auto* object = zone.Get();
          if (object == nullptr) break;
          mine.push_back(object);
        }
        free_all(mine);
      });
      int64_t allocated = 0, cached = 0;
      std::vector<decltype(zone.Get())> all;
      for (int round = 0; round < rounds; ++round) {
        sleepers.Run();
        cached += zone.Cached();
        while (auto* object = zone.Get()) all.push_back(object);
        allocated += static_cast<int64_t>(all.size());
        free_all(all);
      }
      printf("%-12s %8d %8d %12ld %12ld %9.3f%%\n", zone.Name(), threads, rounds,
             static_cast<long>(cached), static_cast<long>(allocated),
             100.0 * static_cast<double>(allocated) / static_cast<double>(limit * rounds));
      Check(allocated == limit * rounds, "all up to the limit can be allocated");
      fflush(stdout);
    }
  }
}

}  // namespace weir_bench

#endif  // WEIR_BENCH_EXHAUSTION_H_
