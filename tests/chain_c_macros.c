/* The macro forms of old sources, in C11: each function returns 0, or the line that went wrong. */
#include "tests/chain_c_macros.h"

#include <errno.h>
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

static int count_match(void* calls, const struct mbuf* m) {
  ++*(int*)calls;
  return m->m_len > 10;
}

int c_queues(void) {
  struct mbufq q;
  struct mbuf_list list = MBUF_LIST_INITIALIZER();
  struct mbuf_queue shared = MBUF_QUEUE_INITIALIZER(1, 0);
  MBUFQ_HEAD(old_queue) old;
  struct mbuf* m;
  int calls = 0;
  mbufq_init(&q, 1);
  CHECK(mbufq_enqueue(&q, m_gethdr(M_WAIT, MT_DATA)) == 0 && mbufq_full(&q));
  mbufq_prepend(&q, m_gethdr(M_WAIT, MT_DATA));
  CHECK(mbufq_len(&q) == 2 && !mbufq_empty(&q) && mbufq_first(&q) != mbufq_last(&q));
  m = mbufq_dequeue(&q);
  m->m_len = m->m_pkthdr.len = 20;
  ml_enqueue(&list, m);
  m_purge(mbufq_flush(&q));
  mbufq_drain(&q);
  MBUF_LIST_FOREACH(&list, m) CHECK(MBUF_LIST_NEXT(m) == NULL);
  CHECK(ml_hdatalen(&list) == 20 && MBUF_LIST_FIRST(&list) == list.ml_tail);
  m = ml_filter(&list, count_match, &calls);
  CHECK(calls == 1 && m != NULL && ml_empty(&list));
  CHECK(mq_enqueue(&shared, m) == 0 && mq_full(&shared) && mq_len(&shared) == 1);
  CHECK(mq_enqueue(&shared, m_gethdr(M_WAIT, MT_DATA)) == 1 && mq_drops(&shared) == 1);
  mq_set_maxlen(&shared, 2);
  MBUFQ_INIT(&old);
  m = mq_dequeue(&shared);
  MBUFQ_ENQUEUE(&old, m);
  CHECK(MBUFQ_FIRST(&old) == MBUFQ_LAST(&old));
  MBUFQ_DRAIN(&old);
  mq_delist(&shared, &list);
  mq_init(&shared, 1, 0);
  CHECK(mq_enlist(&shared, &list) == 0 && mq_purge(&shared) == 0 && mq_empty(&shared));
  return 0;
}

int c_uio_and_mchain(void) {
  char from[3000], to[3000];
  struct iovec iov[2] = {{from, 1000}, {from + 1000, 2000}};
  struct uio uio = {.uio_iov = iov, .uio_iovcnt = 2, .uio_resid = 3000, .uio_rw = UIO_WRITE};
  struct mchain mc = MCHAIN_INITIALIZER(&mc), tail;
  struct mbuf* m;
  memset(from, 7, sizeof from);
  m = m_uiotombuf(&uio, M_WAITOK, 1500, 16, M_PKTHDR);
  CHECK(m != NULL && m->m_pkthdr.len == 1500 && M_LEADINGSPACE(m) == 16);
  CHECK(mc_append(&mc, m) == 0 && mc.mc_len == 1500 && mc.mc_mlen == MSIZE + MCLBYTES);
  CHECK(mc_uiotomc(&tail, &uio, 0, 0, M_WAITOK, 0) == 0 && tail.mc_len == 1500);
  mc_concat(&mc, &tail);
  CHECK(mc_split(&mc, &tail, 700, M_WAITOK) == 0 && mc.mc_len == 700 && tail.mc_len == 2300);
  mc_concat(&mc, &tail);
  iov[0].iov_base = to;
  iov[0].iov_len = 3000;
  uio.uio_iov = iov;
  uio.uio_iovcnt = 1;
  uio.uio_resid = 3000;
  uio.uio_segflg = UIO_SYSSPACE;
  CHECK(m_mbuftouio(&uio, mc_first(&mc), 0) == 0 && memcmp(from, to, 3000) == 0);
  m = mc_last(&mc);
  CHECK(mc_remove(&mc, m) == 0 && mc_prepend(&mc, m) == 0 && mc_first(&mc) == m);
  mc_freem(&mc);
  CHECK(mc_empty(&mc) && mc_get(&mc, 10, M_WAITOK, MT_DATA, 0) == 0);
  mc_freem(&mc);
  return 0;
}

int c_chains(void) {
  struct mbuf *m, *n;
  struct m_tag tag;
  char bytes[10] = "123456789";
  int off;
  m = m_getm(NULL, 5000, M_WAITOK, MT_DATA);
  CHECK(m != NULL && m_getm2(m, 100, M_WAITOK, MT_DATA, M_EOR) == m);
  m_freem(m);
  m = m_get3(100, M_WAITOK, MT_DATA, M_PKTHDR);
  m->m_next = m_get_n(M_WAITOK, MT_DATA, 2, 500);
  memset(m->m_next->m_data, 1, 500);
  m_calchdrlen(m);
  m = m_copyup(m, 20, 16);
  CHECK(m != NULL && m_ensure_contig(&m, 40) && m->m_len >= 40);
  CHECK(m_pulldown(m, 30, 100, &off) != NULL);
  CHECK(m_makespace(m, 20, 8, &off) != NULL && m_inject(m, 50, 4, M_DONTWAIT) != NULL);
  CHECK(m_striphdr(m, 20, 12) == 0 && m->m_pkthdr.len == 500);
  m = m_collapse(m, M_DONTWAIT, 2);
  m = m_defrag(m, M_DONTWAIT);
  CHECK(m != NULL && m->m_next == NULL);
  n = m_copym2(m, 0, M_COPYALL, M_DONTWAIT);
  CHECK(n != NULL && !M_READONLY(n) && !M_UNWRITABLE(n, 500));
  m_freem(n);
  n = m_dup_pkt(m, 2, M_DONTWAIT);
  CHECK(n != NULL && m_makewritable(&n, 0, M_COPYALL, M_DONTWAIT) == 0);
  n = m_copyback_cow(n, 3, 9, bytes, M_DONTWAIT);
  n = m_unshare(n, M_DONTWAIT);
  m_tag_setup(&tag, MTAG_ABI_COMPAT, 1, 0);
  CHECK(m_zero(n) == 0 && m_zeroize(n) == 0 && m_resethdr(n) == 0);
  m_tag_init(n);
  m_clrprotoflags(n);
  CHECK(m_copy_pkthdr(n, m) == 0 && m_remove_pkthdr(n) == 0 && m_removehdr(n) == EINVAL);
  m = m_add(m, n);
  MEXTREMOVE(n);
  CHECK(MCLGETL(n, M_DONTWAIT, 3000) == n && mb_dupcl(m_last(m), m) == EINVAL);
  m_freem(m);
  m = MCLGETI(NULL, M_DONTWAIT, NULL, MCLBYTES);
  CHECK(m != NULL && m_extremove(m) == 0);
  m_freem(m);
  m_freem(m_gethdr_n(M_DONTWAIT, MT_DATA, 0, 9000));
  return 0;
}
