#include "bench/limit_calls_peer.h"
#include "bench/works.h"

int main(int argc, char** argv) {
  return weir_bench::BenchMain<weir_bench::LimitCallsPeer>(argc, argv);
}
