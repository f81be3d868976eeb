// A list of mbufs that knows its last one, how many bytes of data it holds and how many bytes of
// memory: FreeBSD 15's mchain, with its names (mc_*). A stream's buffer, as a socket has one. An
// mchain owns its mbufs; lengths of its mbufs change only through it. One thread at a time.
#ifndef WEIR_CHAIN_MCHAIN_H_
#define WEIR_CHAIN_MCHAIN_H_

#include <errno.h>
#include <stddef.h>

#include "weir/chain/mbuf.h"
#include "weir/chain/uio.h"

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

struct mchain {
  struct mbuf* mc_head;  // linked by m_next
  struct mbuf* mc_tail;
  size_t mc_len;   // bytes of data
  size_t mc_mlen;  // bytes of mbufs and their buffers
};

// For FreeBSD's `struct mchain mc = MCHAIN_INITIALIZER(&mc);`.
#define MCHAIN_INITIALIZER(mc) \
  { NULL, NULL, 0, 0 }

static inline void mc_init(struct mchain* mc) {
  mc->mc_head = mc->mc_tail = NULL;
  mc->mc_len = mc->mc_mlen = 0;
}

static inline struct mbuf* mc_first(const struct mchain* mc) { return mc->mc_head; }
static inline struct mbuf* mc_last(const struct mchain* mc) { return mc->mc_tail; }
static inline int mc_empty(const struct mchain* mc) { return mc->mc_head == NULL; }

static inline size_t mc_memory_(const struct mbuf* m) {
  return MSIZE + ((m->m_flags & M_EXT) ? m->m_ext.ext_size : 0);
}
// For who links an mbuf in or out by hand: they count it.
static inline void mc_inc(struct mchain* mc, const struct mbuf* m) {
  mc->mc_len += (size_t)m->m_len;
  mc->mc_mlen += mc_memory_(m);
}
static inline void mc_dec(struct mchain* mc, const struct mbuf* m) {
  mc->mc_len -= (size_t)m->m_len;
  mc->mc_mlen -= mc_memory_(m);
}

// *mc becomes the chain m, which may be NULL. What *mc had is forgotten. Takes m.
static inline void mc_init_m(struct mchain* mc, struct mbuf* m) {
  mc_init(mc);
  mc->mc_head = m;
  for (; m != NULL; m = m->m_next) {
    mc_inc(mc, m);
    mc->mc_tail = m;
  }
}

// Frees all of it.
static inline void mc_freem(struct mchain* mc) {
  m_freem(mc->mc_head);
  mc_init(mc);
}

// Adds one mbuf at either end. Takes m; 0, or EINVAL (NULL, or it has an m_next) and m is still
// the caller's.
static inline int mc_prepend(struct mchain* mc, struct mbuf* m) {
  if (m == NULL || m->m_next != NULL) return EINVAL;
  m->m_next = mc->mc_head;
  mc->mc_head = m;
  if (mc->mc_tail == NULL) mc->mc_tail = m;
  mc_inc(mc, m);
  return 0;
}
static inline int mc_append(struct mchain* mc, struct mbuf* m) {
  if (m == NULL || m->m_next != NULL) return EINVAL;
  if (mc->mc_tail == NULL) {
    mc->mc_head = m;
  } else {
    mc->mc_tail->m_next = m;
  }
  mc->mc_tail = m;
  mc_inc(mc, m);
  return 0;
}

// Moves all of `tail`, which is another mchain, behind `head`.
static inline void mc_concat(struct mchain* head, struct mchain* tail) {
  if (tail->mc_head == NULL) return;
  if (head->mc_tail == NULL) {
    head->mc_head = tail->mc_head;
  } else {
    head->mc_tail->m_next = tail->mc_head;
  }
  head->mc_tail = tail->mc_tail;
  head->mc_len += tail->mc_len;
  head->mc_mlen += tail->mc_mlen;
  mc_init(tail);
}

// Takes m out, to the caller. 0, or EINVAL if it is not there. As long as the list is.
int mc_remove(struct mchain* mc, struct mbuf* m);

// *mc becomes what m_getm2(NULL, len, how, type, flags) returns. What it had is forgotten. 0, or
// errno's value and *mc is empty.
int mc_get(struct mchain* mc, unsigned len, int how, int type, int flags);

// Moves what is behind `len` bytes of head to *tail; what that had is forgotten. The cluster at the
// cut is shared. A packet header stays where it is, and its length is not kept. 0; EINVAL if head
// is shorter, or ENOBUFS: head is as it was and *tail empty.
int mc_split(struct mchain* head, struct mchain* tail, unsigned len, int how);

// *mc becomes what m_uiotombuf(uio, how, len, lspace, flags) returns. What it had is forgotten. 0,
// or errno's value and *mc is empty.
int mc_uiotomc(struct mchain* mc, struct uio* uio, unsigned len, unsigned lspace, int how,
               int flags);

#ifdef __cplusplus
}  // extern "C"
#endif

#pragma GCC visibility pop

#endif  // WEIR_CHAIN_MCHAIN_H_
