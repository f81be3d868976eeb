// "limit": about as fast as the machine can do the job.
#ifndef WEIR_BENCH_LIMIT_PEER_H_
#define WEIR_BENCH_LIMIT_PEER_H_

#include "bench/buffer.h"
#include "bench/pile.h"

namespace weir_bench {

struct LimitPeer {
  static constexpr char kName[] = "limit";
  using Buf = Buffer;
  struct Thread {};
  using Headers = Pile<sizeof(Buffer)>;
  using Blocks = Pile<kBlockBytes>;

  static Buf* AllocSmall() {
    auto* b = static_cast<Buf*>(Headers::Take());
    WriteHeader(b, 0, reinterpret_cast<char*>(&b->packet));
    return b;
  }
  static void FreeSmall(Buf* b) { Headers::Put(b); }

  static Buf* AllocPacket() {
    auto* b = static_cast<Buf*>(Headers::Take());
    WritePacketHeader(b, static_cast<char*>(Blocks::Take()));
    return b;
  }
  static void FreePacket(Buf* b) {
    if (DropBlock(b)) Blocks::Put(b->ext.buf);
    Headers::Put(b);
  }

  static void Fill(Buf* b, int len) { b->len = len; }
  static Buf* Clone(Buf* b) {
    auto* n = static_cast<Buf*>(Headers::Take());
    ShareBlock(b, n);
    return n;
  }
};

}  // namespace weir_bench

#endif  // WEIR_BENCH_LIMIT_PEER_H_
