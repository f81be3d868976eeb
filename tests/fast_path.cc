// The fast paths, each many times over, for tests/fast_path_test.sh to count the instructions of.
// Built twice: with the inline functions, and with WEIR_NO_INLINE as a C program calls them.
#include <valgrind/callgrind.h>

#include <cstdio>

#include "weir/chain/holders.h"
#include "weir/chain/mbuf.h"

namespace {

constexpr int kTimes = 10000;

// The compiler must have m, and must assume that somebody used it.
inline void Use(mbuf*& m) { asm volatile("" : "+r"(m) : : "memory"); }

[[gnu::noinline]] void Nothing() {
  for (int i = 0; i < kTimes; ++i) asm volatile("" : : : "memory");
}

[[gnu::noinline]] void GetFree() {
  for (int i = 0; i < kTimes; ++i) {
    mbuf* m = m_get(M_DONTWAIT, MT_DATA);
    Use(m);
    m_free(m);
  }
}

[[gnu::noinline]] void GethdrFree() {
  for (int i = 0; i < kTimes; ++i) {
    mbuf* m = m_gethdr(M_DONTWAIT, MT_DATA);
    Use(m);
    m_free(m);
  }
}

[[gnu::noinline]] void GethdrClgetFree() {
  for (int i = 0; i < kTimes; ++i) {
    mbuf* m = m_gethdr(M_DONTWAIT, MT_DATA);
    m_clget(m, M_DONTWAIT);
    Use(m);
    m_free(m);
  }
}

[[gnu::noinline]] void GetjclFreem() {
  for (int i = 0; i < kTimes; ++i) {
    mbuf* m = m_getjcl(M_DONTWAIT, MT_DATA, M_PKTHDR, MJUMPAGESIZE);
    Use(m);
    m_freem(m);
  }
}

[[gnu::noinline]] void GetclFreem() {
  for (int i = 0; i < kTimes; ++i) {
    mbuf* m = m_getcl(M_DONTWAIT, MT_DATA, M_PKTHDR);
    Use(m);
    m_freem(m);
  }
}

mbuf* packet;

[[gnu::noinline]] void CopypacketFreem() {
  for (int i = 0; i < kTimes; ++i) {
    mbuf* m = m_copypacket(packet, M_DONTWAIT);
    Use(m);
    m_freem(m);
  }
}

struct Work {
  const char* name;
  void (*run)();
};
constexpr Work kWorks[] = {{"nothing", Nothing},
                           {"m_get+m_free", GetFree},
                           {"m_gethdr+m_free", GethdrFree},
                           {"m_gethdr+m_clget+m_free", GethdrClgetFree},
                           {"m_getcl+m_freem", GetclFreem},
                           {"m_getjcl+m_freem", GetjclFreem},
                           {"m_copypacket+m_freem", CopypacketFreem}};

}  // namespace

// Prints, for the dumps that callgrind writes in this order, what each is of and how often it ran.
int main() {
#if !defined(__OPTIMIZE__)
  printf("not optimized\n");
  return 0;
#endif
#ifdef __clang__
  printf("compiler clang\n");
#else
  printf("compiler g++\n");
#endif
  weir_holders_sample(0);  // or chance would decide how often the slow path is counted
  packet = m_getcl(M_WAIT, MT_DATA, M_PKTHDR);
  packet->m_len = packet->m_pkthdr.len = 1500;
  for (const Work& work : kWorks) {
    work.run();  // the caches are full, and no page or symbol is touched for the first time
    CALLGRIND_ZERO_STATS;
    work.run();
    CALLGRIND_DUMP_STATS_AT(work.name);
    printf("%s %d\n", work.name, kTimes);
  }
  m_freem(packet);
}
