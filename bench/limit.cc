#include <benchmark/benchmark.h>

#include "bench/limit_peer.h"
#include "bench/ping_pong.h"
#include "bench/works.h"

BENCHMARK(weir_bench::PingPong)->Name("ping-pong/limit")->UseRealTime();

int main(int argc, char** argv) { return weir_bench::BenchMain<weir_bench::LimitPeer>(argc, argv); }
