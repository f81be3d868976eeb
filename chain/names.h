// What FreeBSD, NetBSD and OpenBSD call things that mbuf.h has under another name, and what is made
// of one or two calls. Ownership, failure and m_pkthdr.len are those of the functions called.
#ifndef WEIR_CHAIN_NAMES_H_
#define WEIR_CHAIN_NAMES_H_

#include <errno.h>
#include <stddef.h>

#include "weir/chain/mbuf.h"

#ifdef __cplusplus
extern "C" {
#endif

// ---- FreeBSD ----

static inline struct mbuf* m_get3(int size, int how, int type, int flags) {
  return m_get2(size, how, type, flags);
}
// A packet of its own, or more room for m; see m_getm2.
static inline struct mbuf* m_getm(struct mbuf* m, int len, int how, int type) {
  return m_getm2(m, len, how, type, (int)M_PKTHDR);
}
// Clears the protocols' flags of every mbuf. Borrows m; NULL is fine.
static inline void m_clrprotoflags(struct mbuf* m) {
  for (; m != NULL; m = m->m_next) m->m_flags &= ~M_PROTOFLAGS;
}
static inline int mb_dupcl(struct mbuf* n, struct mbuf* m) { return m_extshare(m, n); }

// ---- NetBSD ----

// Links n behind m as it is, without moving data, and returns the chain: n if m is NULL. Takes
// both.
static inline struct mbuf* m_add(struct mbuf* m, struct mbuf* n) {
  if (m == NULL) return n;
  m_last(m)->m_next = n;
  return m;
}
// 0, or EINVAL or ENOBUFS and `to` is unchanged.
static inline int m_copy_pkthdr(struct mbuf* to, const struct mbuf* from) {
  return m_dup_pkthdr(to, from, M_DONTWAIT) ? 0 : errno;
}
static inline int m_remove_pkthdr(struct mbuf* m) { return m_demote_pkthdr(m); }
#define M_READONLY(m) (!m_writable(m))
#define M_UNWRITABLE(m, len) ((m)->m_len < (len) || M_READONLY(m))

// ---- OpenBSD ----

// A deep copy of [off, off + len), as m_copym but with nothing shared. Also NetBSD's m_dup.
static inline struct mbuf* m_copym2(struct mbuf* m, int off, int len, int how) {
  struct mbuf* n = m_copym(m, off, len, how);
  return n == NULL ? NULL : m_unshare(n, how);
}
static inline int m_removehdr(struct mbuf* m) { return m_demote_pkthdr(m); }
static inline void m_calchdrlen(struct mbuf* m) { (void)m_fixhdr(m); }
static inline void m_purge(struct mbuf* m) { m_freemp(m); }
static inline int m_zero(struct mbuf* m) { return m_zeroize(m); }
#define MCLGETL(m, how, len) m_clgetl((m), (how), (int)(len))
#define MCLGETI(m, how, ifp, len) m_clgetl((m), (how), (int)(len))

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // WEIR_CHAIN_NAMES_H_
