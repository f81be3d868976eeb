// A peer's program: WEIR_BENCH_HEADER has the struct WEIR_BENCH_PEER.
#include WEIR_BENCH_HEADER

#include "bench/bench_main.h"

int main(int argc, char** argv) {
  return weir_bench::BenchMain<weir_bench::WEIR_BENCH_PEER>(argc, argv);
}
