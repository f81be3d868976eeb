// The limit with every function a real call, as seen by its callers.
#ifndef WEIR_BENCH_LIMIT_CALLS_PEER_H_
#define WEIR_BENCH_LIMIT_CALLS_PEER_H_

#include "bench/buffer.h"

namespace weir_bench {

struct LimitCallsPeer {
  static constexpr char kName[] = "limit-c";
  using Buf = Buffer;
  struct Thread {};

  static Buf* AllocSmall();
  static void FreeSmall(Buf* b);
  static Buf* AllocPacket();
  static void FreePacket(Buf* b);
  static void Fill(Buf* b, int len);
  static Buf* Clone(Buf* b);
};

}  // namespace weir_bench

#endif  // WEIR_BENCH_LIMIT_CALLS_PEER_H_
