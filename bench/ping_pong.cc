#include "bench/ping_pong.h"

BENCHMARK(weir_bench::PingPong)->Name("ping-pong/cores")->UseRealTime();

BENCHMARK_MAIN();
