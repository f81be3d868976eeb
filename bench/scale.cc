// A peer's program that is carried to other machines; see scale_main.h.
#include WEIR_BENCH_HEADER

#include "bench/scale_main.h"

int main(int argc, char** argv) {
  return weir_bench::ScaleMain<weir_bench::WEIR_BENCH_PEER>(
      argc, argv, [] {}, [] {});
}
