// weir as a C++ program uses it; with WEIR_NO_INLINE as a C program does, every m_* a real call.
#ifndef WEIR_BENCH_WEIR_PEER_H_
#define WEIR_BENCH_WEIR_PEER_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "bench/buffer.h"
#include "weir/chain/holders.h"
#include "weir/chain/mbuf.h"
#include "weir/chain/weir.h"

namespace weir_bench {

struct WeirPeer {
#ifdef WEIR_NO_INLINE
  static constexpr char kName[] = "weir-c";
#else
  static constexpr char kName[] = "weir";
#endif
  using Buf = mbuf;
  struct Thread {};

  // So many packets, and room for more, may be in use at once.
  static void Start(size_t packets) {
    struct weir_snapshot s;
    weir_snapshot(&s);
    for (int zone : {WEIR_ZONE_MBUF, WEIR_ZONE_CLUSTER}) {
      weir_set_limit(zone, std::max(s.zones[zone].limit, 2 * static_cast<int64_t>(packets)));
    }
  }

  WEIR_BENCH_INLINED static Buf* AllocSmall() { return m_get(M_DONTWAIT, MT_DATA); }
  WEIR_BENCH_INLINED static void FreeSmall(Buf* b) { m_free(b); }
  WEIR_BENCH_INLINED static Buf* AllocPacket() { return m_getcl(M_DONTWAIT, MT_DATA, M_PKTHDR); }
  WEIR_BENCH_INLINED static void FreePacket(Buf* b) { m_freem(b); }
  static Buf* AllocSized(size_t n) {
    Buf* b = m_get2(static_cast<int>(n), M_DONTWAIT, MT_DATA, M_PKTHDR);
    b->m_len = b->m_pkthdr.len = static_cast<int>(n);
    return b;
  }
  static void FreeChain(Buf* b) { m_freem(b); }

  static char* Data(Buf* b) { return mtod(b, char*); }
  static void Fill(Buf* b) { b->m_len = b->m_pkthdr.len = static_cast<int>(kDataBytes); }
  WEIR_BENCH_INLINED static Buf* Clone(Buf* b) { return m_copypacket(b, M_DONTWAIT); }
  static void Join(Buf* a, Buf* b) { m_catpkt(a, b); }
  static Buf* Split(Buf*& a, size_t at) { return m_split(a, static_cast<int>(at), M_DONTWAIT); }
  static Buf* Linearise(Buf* a) { return m_defrag(a, M_DONTWAIT); }

  static void Trim() { weir_trim(); }
  // All that may go on behind a program's back: every cache is recalled, empty slabs go back to
  // the operating system, and the counters are read.
  static void Disturb() {
    weir_trim();
    struct weir_snapshot s;
    weir_snapshot(&s);
  }
  // One allocation in so many, 0: none; -1: as it was.
  static void Record(int one_in) {
    static const int64_t before = weir_holders_sampled();
    weir_holders_sample(one_in < 0 ? before : one_in);
  }
  // From now on no more can be allocated than is in use and cached; or as before.
  static void Limit(bool on) {
    static int64_t before;
    weir_trim();
    struct weir_snapshot s;
    weir_snapshot(&s);
    const struct weir_zone_snapshot& zone = s.zones[WEIR_ZONE_CLUSTER];
    if (on) before = zone.limit;
    weir_set_limit(WEIR_ZONE_CLUSTER, on ? zone.total + 1024 : before);
  }
};

}  // namespace weir_bench

#endif  // WEIR_BENCH_WEIR_PEER_H_
