// lwIP's pbuf, as Debian builds it: over malloc, counts under one lock. It has no split.
#ifndef WEIR_BENCH_LWIP_PEER_H_
#define WEIR_BENCH_LWIP_PEER_H_

#include <lwip/pbuf.h>
#include <malloc.h>

#include <cstddef>

#include "bench/buffer.h"

namespace weir_bench {

struct LwipPeer {
  static constexpr char kName[] = "lwip";
  using Buf = pbuf;
  struct Thread {};
  static void Start(size_t) {}

  static Buf* AllocSmall() { return Make(sizeof(Buffer) - sizeof(pbuf)); }
  static void FreeSmall(Buf* b) { pbuf_free(b); }
  static Buf* AllocPacket() { return Make(kDataBytes); }
  static void FreePacket(Buf* b) { pbuf_free(b); }

  // A clone begins with an empty pbuf.
  static char* Data(Buf* b) {
    return static_cast<char*>(b->len == 0 && b->next != nullptr ? b->next->payload : b->payload);
  }
  static void Fill(Buf*) {}
  // A header of its own in front of what b holds.
  static Buf* Clone(Buf* b) {
    Buf* n = Make(0);
    pbuf_chain(n, b);
    return n;
  }

  static void Trim() { malloc_trim(0); }

 private:
  static Buf* Make(size_t n) { return pbuf_alloc(PBUF_RAW, static_cast<u16_t>(n), PBUF_RAM); }
};

}  // namespace weir_bench

#endif  // WEIR_BENCH_LWIP_PEER_H_
