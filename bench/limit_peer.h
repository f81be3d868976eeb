// "limit": bare thread-local arrays of pointers, with the header writes of the others; about as
// fast as the machine can do the job.
#ifndef WEIR_BENCH_LIMIT_PEER_H_
#define WEIR_BENCH_LIMIT_PEER_H_

#include <cstddef>

#include "bench/buffer_peer.h"
#include "bench/pile.h"

namespace weir_bench {

struct Piles {
  using Headers = Pile<sizeof(Buffer)>;
  using Blocks = Pile<kBlockBytes>;
  using Pages = Pile<4096>;
  using Jumbo9 = Pile<9216>;
  using Jumbo16 = Pile<16384>;

  static void* TakeHeader() { return Headers::Take(); }
  static void PutHeader(void* p) { Headers::Put(p); }
  static void* TakeBlock() { return Blocks::Take(); }
  static void PutBlock(void* p) { Blocks::Put(p); }

  static void* TakeSized(size_t& n) {
    if (n <= kDataBytes) return n = kDataBytes, Blocks::Take();
    if (n <= 4096) return n = 4096, Pages::Take();
    if (n <= 9216) return n = 9216, Jumbo9::Take();
    return n = 16384, Jumbo16::Take();
  }
  static void PutSized(void* p, size_t n) {
    if (n == kDataBytes) return Blocks::Put(p);
    if (n == 4096) return Pages::Put(p);
    if (n == 9216) return Jumbo9::Put(p);
    Jumbo16::Put(p);
  }
};

struct LimitPeer : BufferPeer<Piles> {
  static constexpr char kName[] = "limit";
};

}  // namespace weir_bench

#endif  // WEIR_BENCH_LIMIT_PEER_H_
