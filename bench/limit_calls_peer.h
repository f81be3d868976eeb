// The limit in a shared object, every function a real call, as seen by its callers.
#ifndef WEIR_BENCH_LIMIT_CALLS_PEER_H_
#define WEIR_BENCH_LIMIT_CALLS_PEER_H_

#include <cstddef>

#include "bench/buffer.h"

namespace weir_bench {

struct LimitCallsPeer {
  static constexpr char kName[] = "limit-c";
  using Buf = Buffer;
  struct Thread {};
  static void Start(size_t) {}

  static Buf* AllocSmall();
  static void FreeSmall(Buf* b);
  static Buf* AllocPacket();
  static void FreePacket(Buf* b);
  static Buf* AllocSized(size_t n);
  static void FreeChain(Buf* b);
  static char* Data(Buf* b) { return b->data; }
  static void Fill(Buf* b);
  static Buf* Clone(Buf* b);
  static void Join(Buf* a, Buf* b);
  static Buf* Split(Buf*& a, size_t at);
  static Buf* Linearise(Buf* a);
};

}  // namespace weir_bench

#endif  // WEIR_BENCH_LIMIT_CALLS_PEER_H_
