// The main function of a peer's program.
#ifndef WEIR_BENCH_BENCH_MAIN_H_
#define WEIR_BENCH_BENCH_MAIN_H_

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdio>
#include <string_view>

#include "bench/at_limit.h"
#include "bench/chains.h"
#include "bench/check.h"
#include "bench/disturber.h"
#include "bench/latency.h"
#include "bench/resident.h"
#include "bench/sampling.h"
#include "bench/sizes.h"
#include "bench/start_up.h"
#include "bench/works.h"

namespace weir_bench {

// --check, --resident: see check.h, resident.h. Without: a Google Benchmark program.
template <typename Peer>
int BenchMain(int argc, char** argv) {
  constexpr size_t kPackets = 1 << 15;
  const std::string_view what = argc == 2 ? argv[1] : "";
  if (what == kFirstPacket) FirstPacket<Peer>();
  if (what == "--resident") return MeasureResident<Peer>();
  if (what == "--check") {
    Peer::Start(kPackets);
    [[maybe_unused]] typename Peer::Thread thread;
    const char* fault = PeerCheck<Peer>().Run();
    if (fault != nullptr) fprintf(stderr, "%s: %s\n", Peer::kName, fault);
    return fault == nullptr ? 0 : 1;
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  Peer::Start(kPackets);
  WarmUpSizes<Peer>();
  Works<Peer>::Register();
  RegisterChains<Peer>();
  RegisterSizes<Peer>();
  RegisterLatency<Peer>();
  RegisterStartUp<Peer>();
  RegisterAtLimit<Peer>();
  RegisterDisturbed<Peer>();
  RegisterSampling<Peer>();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

}  // namespace weir_bench

#endif  // WEIR_BENCH_BENCH_MAIN_H_
