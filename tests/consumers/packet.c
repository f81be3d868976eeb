/* A program of somebody who has only what is installed. It says "right" if everything is. */
#include <stdio.h>
#include <string.h>
#include <weir/chain/mbuf.h>
#include <weir/chain/weir.h>
#include <weir/stats/version.h>

static int check(int right, const char* what) {
  if (!right) fprintf(stderr, "wrong: %s\n", what);
  return right ? 0 : 1;
}

int main(void) {
  static const char text[] = "0123456789abcdef";
  char bytes[32];
  struct weir_snapshot figures;
  struct mbuf* tail;
  int wrong = 0;
  struct mbuf* m = m_getcl(M_DONTWAIT, MT_DATA, M_PKTHDR);

  wrong += check(m != NULL && m_append(m, 16, text) == 1, "a packet of 16 bytes");
  M_PREPEND(m, 14, M_DONTWAIT);
  wrong += check(m != NULL && m->m_pkthdr.len == 30, "14 bytes more in front");
  memset(mtod(m, char*), '-', 14);
  tail = m_split(m, 20, M_DONTWAIT);
  wrong += check(tail != NULL && tail->m_pkthdr.len == 10 && m->m_pkthdr.len == 20, "a split");
  wrong += check(m_copydata(m, 12, 8, bytes) == 0 && memcmp(bytes, "--012345", 8) == 0, "the head");
  wrong +=
      check(m_copydata(tail, 0, 10, bytes) == 0 && memcmp(bytes, "6789abcdef", 10) == 0, "tail");
  wrong += check(mbstat.m_mtypes[MT_DATA] >= 2, "mbufs in use");

  m_freem(m);
  m_freem(tail);
  weir_snapshot(&figures);
  printf("weir %s: %lld mbufs in use, %llu allocated\n", figures.version,
         (long long)figures.zones[WEIR_ZONE_MBUF].in_use,
         (unsigned long long)figures.zones[WEIR_ZONE_MBUF].allocs);
  wrong += check(strcmp(figures.version, WEIR_VERSION) == 0, "the version of the library");
  wrong += check(figures.zones[WEIR_ZONE_MBUF].allocs >= 2, "the count of allocations");
  wrong += check(figures.zones[WEIR_ZONE_MBUF].in_use == 0, "everything is back");
  if (wrong == 0) puts("right");
  return wrong != 0;
}
