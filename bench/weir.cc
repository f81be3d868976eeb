#include "bench/weir_peer.h"
#include "bench/works.h"

int main(int argc, char** argv) { return weir_bench::BenchMain<weir_bench::WeirPeer>(argc, argv); }
