// weir as a C++ program uses it; with WEIR_NO_INLINE as a C program does, every m_* a real call.
#ifndef WEIR_BENCH_WEIR_PEER_H_
#define WEIR_BENCH_WEIR_PEER_H_

#include "weir/chain/mbuf.h"

namespace weir_bench {

struct WeirPeer {
#ifdef WEIR_NO_INLINE
  static constexpr char kName[] = "weir-c";
#else
  static constexpr char kName[] = "weir";
#endif
  using Buf = mbuf;
  struct Thread {};

  static Buf* AllocSmall() { return m_get(M_DONTWAIT, MT_DATA); }
  static void FreeSmall(Buf* b) { m_free(b); }

  static Buf* AllocPacket() { return m_getcl(M_DONTWAIT, MT_DATA, M_PKTHDR); }
  static void FreePacket(Buf* b) { m_freem(b); }

  static Buf* Clone(Buf* b) { return m_copypacket(b, M_DONTWAIT); }
  // A packet must hold something, or its clone has nothing to share.
  static void Fill(Buf* b, int len) { b->m_len = b->m_pkthdr.len = len; }
};

}  // namespace weir_bench

#endif  // WEIR_BENCH_WEIR_PEER_H_
