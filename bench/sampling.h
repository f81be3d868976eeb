// What it costs to record who allocates: works with no allocation recorded, and with each. Without
// a suffix they have the peer's default.
#ifndef WEIR_BENCH_SAMPLING_H_
#define WEIR_BENCH_SAMPLING_H_

#include <benchmark/benchmark.h>

#include "bench/latency.h"
#include "bench/work.h"
#include "bench/works.h"

namespace weir_bench {

// What Peer::Record takes.
inline constexpr int kRecordNone = 0, kRecordEach = 1, kRecordDefault = -1;

// The threads of a work begin and end together, so a rate holds for all that is measured.
template <typename Peer, int kOneIn, void (*kRun)(benchmark::State&)>
void Recorded(benchmark::State& state) {
  Peer::Record(kOneIn);
  kRun(state);
  Peer::Record(kRecordDefault);
}

template <typename Peer>
void RegisterSampling() {
  using W = Works<Peer>;
  if constexpr (requires { Peer::Record(kRecordDefault); }) {
    Add<Peer>("W1-unrecorded", Recorded<Peer, kRecordNone, W::SmallPair>);
    Add<Peer>("W1b-unrecorded", Recorded<Peer, kRecordNone, W::SmallBurst>);
    Add<Peer>("W2-unrecorded", Recorded<Peer, kRecordNone, W::PacketPair>);
    Add<Peer>("W2b-unrecorded", Recorded<Peer, kRecordNone, W::template PacketBurst<kBurst>>);
    Add<Peer>("W5-unrecorded", Recorded<Peer, kRecordNone, W::PacketPair>)->Threads(2);
    Add<Peer>("latency-unrecorded", Recorded<Peer, kRecordNone, Latency<Peer>>)->Iterations(1);
    Add<Peer>("W1-recorded", Recorded<Peer, kRecordEach, W::SmallPair>);
    Add<Peer>("W1b-recorded", Recorded<Peer, kRecordEach, W::SmallBurst>);
    Add<Peer>("W2-recorded", Recorded<Peer, kRecordEach, W::PacketPair>);
    Add<Peer>("W2b-recorded", Recorded<Peer, kRecordEach, W::template PacketBurst<kBurst>>);
    Add<Peer>("W5-recorded", Recorded<Peer, kRecordEach, W::PacketPair>)->Threads(2);
  }
}

}  // namespace weir_bench

#endif  // WEIR_BENCH_SAMPLING_H_
