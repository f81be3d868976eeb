/* The macro forms of old sources, in C11: each function returns 0, or the line that went wrong. */
#include "tests/chain_c_macros.h"

#include <stdlib.h>
#include <string.h>

#include "weir/chain/mbuf.h"

#define CHECK(c) \
  do {           \
    if (!(c)) return __LINE__; \
  } while (0)

static int seed_frees;
static void seed_free(char* buf, unsigned size, void* arg) {
  seed_frees += size == 100 && arg == buf;
}

int c_get_and_free(void) {
  struct mbuf *m, *n;
  MGET(m, M_DONTWAIT, MT_DATA);
  CHECK(m != NULL && m->m_len == 0 && m->m_data == m->m_dat);
  MGETHDR(m->m_next, M_WAIT, MT_HEADER);
  CHECK(m->m_next->m_flags & M_PKTHDR);
  MCLGET(m, M_DONTWAIT);
  CHECK(m->m_flags & M_EXT);
  CHECK(M_TRAILINGSPACE(m) == MCLBYTES && M_LEADINGSPACE(m) == 0);
  m->m_data += 7;
  MRESETDATA(m);
  CHECK(m->m_data == m->m_ext.ext_buf);
  MCHTYPE(m, MT_SONAME);
  CHECK(m->m_type == MT_SONAME);
  MFREE(m, n);
  CHECK(n->m_type == MT_HEADER);
  MFREE(n, m);
  CHECK(m == NULL);
  return 0;
}

int c_prepend_and_header(void) {
  struct mbuf *m, *n;
  MGETHDR(m, M_DONTWAIT, MT_DATA);
  m->m_pkthdr.len = m->m_len = 10;
  MH_ALIGN(m, 10);
  memcpy(mtod(m, char*), "0123456789", 10);
  CHECK(dtom(mtod(m, char*)) == m);
  M_PREPEND(m, 14, M_DONTWAIT);
  CHECK(m != NULL && m->m_pkthdr.len == 24);
  CHECK(memcmp(mtodo(m, 14), "0123456789", 10) == 0);
  MGET(n, M_DONTWAIT, MT_DATA);
  M_COPY_PKTHDR(n, m);
  CHECK(n->m_flags & M_PKTHDR && n->m_pkthdr.len == 24 && n->m_data == n->m_pktdat);
  m_freem(n);
  MGET(n, M_DONTWAIT, MT_DATA);
  M_MOVE_PKTHDR(n, m);
  CHECK(n->m_pkthdr.len == 24 && !(m->m_flags & M_PKTHDR));
  n->m_next = m;
  CHECK(m_sanity(n, 0));
  m = m_copy(n, 0, M_COPYALL);
  CHECK(m_length(m, NULL) == 24);
  m_freem(m);
  m_freem(n);
  return 0;
}

int c_external(void) {
  static char buf[100];
  struct mbuf *m, *n;
  seed_frees = 0;
  MGET(m, M_DONTWAIT, MT_DATA);
  MEXTADD(m, buf, sizeof buf, EXT_MOD_TYPE, seed_free, buf);
  CHECK(m->m_flags & M_EXT && m->m_ext.ext_size == 100);
  MGET(n, M_DONTWAIT, MT_DATA);
  m->m_len = 100;
  n->m_len = 7;
  n->m_data = m->m_data + 3;
  n->m_ext = m->m_ext;
  MCLADDREFERENCE(m, n);
  CHECK(n->m_ext.ext_buf == buf && !M_WRITABLE(m) && !M_WRITABLE(n));
  CHECK(n->m_data == buf + 3 && n->m_len == 7);
  m_freem(m);
  CHECK(seed_frees == 0 && M_WRITABLE(n));
  m_freem(n);
  CHECK(seed_frees == 1);
  MGET(m, M_DONTWAIT, MT_DATA);
  MEXTMALLOC(m, 5000, M_WAIT);
  CHECK(m->m_flags & M_EXT && M_TRAILINGSPACE(m) == 5000);
  memset(m->m_data, 1, 5000);
  m_freem(m);
  MGET(m, M_DONTWAIT, MT_DATA);
  MEXTADD(m, malloc(100), 100, EXT_MOD_TYPE, NULL, NULL);
  m_freem(m);
  return 0;
}

int c_fields(void) {
  struct mbuf* m = m_gethdr(M_WAIT, MT_DATA);
  m->m_act = m;
  CHECK(m->m_nextpkt == m);
  m->m_nextpkt = NULL;
  m->m_pkthdr.rcvif = NULL;
  m->m_pkthdr.PH_loc.ptr = m;
  CHECK(m->m_pkthdr.PH_loc.unintptr[0] == (uintptr_t)m);
  CHECK(M_START(m) == m->m_pktdat && M_SIZE(m) == MHLEN);
  CHECK(MINCLSIZE == MHLEN + 1 && MLEN - MHLEN == sizeof(struct pkthdr));
  CHECK(max_hdr == max_linkhdr + max_protohdr && max_datalen == MHLEN - max_hdr);
  m_freem(m);
  return 0;
}
