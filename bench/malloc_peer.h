// A minimal mbuf over malloc: which malloc is a matter of what the program is linked with.
#ifndef WEIR_BENCH_MALLOC_PEER_H_
#define WEIR_BENCH_MALLOC_PEER_H_

#include <cstdlib>

#include "bench/buffer.h"

#ifndef WEIR_BENCH_MALLOC
#define WEIR_BENCH_MALLOC "glibc"
#endif

namespace weir_bench {

struct MallocPeer {
  static constexpr char kName[] = WEIR_BENCH_MALLOC;
  using Buf = Buffer;
  struct Thread {};

  static Buf* AllocSmall() {
    auto* b = static_cast<Buf*>(std::malloc(sizeof(Buf)));
    WriteHeader(b, 0, reinterpret_cast<char*>(&b->packet));
    return b;
  }
  static void FreeSmall(Buf* b) { std::free(b); }

  static Buf* AllocPacket() {
    auto* b = static_cast<Buf*>(std::malloc(sizeof(Buf)));
    WritePacketHeader(b, static_cast<char*>(std::malloc(kBlockBytes)));
    return b;
  }
  static void FreePacket(Buf* b) {
    if (DropBlock(b)) std::free(b->ext.buf);
    std::free(b);
  }

  static void Fill(Buf* b, int len) { b->len = len; }
  static Buf* Clone(Buf* b) {
    auto* n = static_cast<Buf*>(std::malloc(sizeof(Buf)));
    ShareBlock(b, n);
    return n;
  }
};

}  // namespace weir_bench

#endif  // WEIR_BENCH_MALLOC_PEER_H_
