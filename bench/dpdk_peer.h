// DPDK's rte_mbuf, from pools with a cache for each thread.
#ifndef WEIR_BENCH_DPDK_PEER_H_
#define WEIR_BENCH_DPDK_PEER_H_

#include <cstddef>
#include <cstdint>

#include "bench/buffer.h"
#include "bench/dpdk.h"

namespace weir_bench {

struct DpdkPeer {
  static constexpr char kName[] = "dpdk";
  using Buf = rte_mbuf;
  using Thread = DpdkThread;

  static void Start(size_t packets) {
    StartDpdk(static_cast<unsigned>(256 + packets * 3 / 1024));
    small_ = MakeDpdkPool("small", 16384, kCache, 0);
    packet_ = MakeDpdkPool("packet", packets, kCache, kBlockBytes);
  }

  WEIR_BENCH_INLINED static Buf* AllocSmall() { return rte_pktmbuf_alloc(small_); }
  WEIR_BENCH_INLINED static void FreeSmall(Buf* b) { rte_pktmbuf_free(b); }
  WEIR_BENCH_INLINED static Buf* AllocPacket() { return rte_pktmbuf_alloc(packet_); }
  WEIR_BENCH_INLINED static void FreePacket(Buf* b) { rte_pktmbuf_free(b); }
  static Buf* AllocSized(size_t n) {
    static rte_mempool* const page = MakeDpdkPool("page", kJumbos, kCache, 4096);
    static rte_mempool* const jumbo9 = MakeDpdkPool("jumbo9", kJumbos, kCache, 9216);
    static rte_mempool* const jumbo16 = MakeDpdkPool("jumbo16", kJumbos, kCache, 16384);
    Buf* b = rte_pktmbuf_alloc(n <= kBlockBytes ? packet_
                               : n <= 4096      ? page
                               : n <= 9216      ? jumbo9
                                                : jumbo16);
    rte_pktmbuf_append(b, static_cast<uint16_t>(n));
    return b;
  }
  static void FreeChain(Buf* b) { rte_pktmbuf_free(b); }

  static char* Data(Buf* b) { return rte_pktmbuf_mtod(b, char*); }
  static void Fill(Buf* b) { b->data_len = b->pkt_len = kDataBytes; }
  WEIR_BENCH_INLINED static Buf* Clone(Buf* b) { return rte_pktmbuf_clone(b, small_); }
  static void Join(Buf* a, Buf* b) { rte_pktmbuf_chain(a, b); }
  static Buf* Split(Buf*& a, size_t at) {
    Buf* b = a;
    auto off = static_cast<uint16_t>(at);
    uint16_t segments = 1;
    for (; off >= b->data_len; b = b->next, ++segments) off -= b->data_len;
    Buf* rest = rte_pktmbuf_alloc(small_);
    rte_pktmbuf_attach(rest, b);
    rte_pktmbuf_adj(rest, off);
    rest->next = b->next;
    rest->nb_segs = a->nb_segs - segments + 1;
    rest->pkt_len = a->pkt_len - static_cast<uint32_t>(at);
    b->next = nullptr;
    b->data_len = off;
    a->nb_segs = segments;
    a->pkt_len = static_cast<uint32_t>(at);
    return rest;
  }
  static Buf* Linearise(Buf* a) {
    Buf* n = AllocSized(a->pkt_len);
    rte_pktmbuf_read(a, 0, a->pkt_len, Data(n));
    rte_pktmbuf_free(a);
    return n;
  }

  // It always has one.
  static void Limit(bool) {}

 private:
  static constexpr unsigned kCache = 256;
  static constexpr size_t kJumbos = 4096;
  static inline rte_mempool* small_;
  static inline rte_mempool* packet_;
};

}  // namespace weir_bench

#endif  // WEIR_BENCH_DPDK_PEER_H_
