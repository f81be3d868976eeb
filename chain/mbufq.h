// Queues of packets, linked by m_nextpkt, which own what is in them. Three kinds, with the names
// of those who know them:
//   FreeBSD  struct mbufq       bounded, for one thread          mbufq_*
//   OpenBSD  struct mbuf_list   for one thread                   ml_*
//   OpenBSD  struct mbuf_queue  bounded, for any threads at once mq_*
//   NetBSD   MBUFQ_HEAD(name)   a list by macros                 MBUFQ_*
#ifndef WEIR_CHAIN_MBUFQ_H_
#define WEIR_CHAIN_MBUFQ_H_

#include <errno.h>
#include <pthread.h>
#include <stddef.h>

#include "weir/chain/mbuf.h"

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

// ---- mbuf_list ----

struct mbuf_list {
  struct mbuf* ml_head;
  struct mbuf* ml_tail;
  unsigned ml_len;  // packets
};
#define MBUF_LIST_INITIALIZER() \
  { NULL, NULL, 0 }
#define MBUF_LIST_FIRST(ml) ((ml)->ml_head)
#define MBUF_LIST_NEXT(m) ((m)->m_nextpkt)
#define MBUF_LIST_FOREACH(ml, m) for ((m) = (ml)->ml_head; (m) != NULL; (m) = (m)->m_nextpkt)

static inline void ml_init(struct mbuf_list* ml) {
  ml->ml_head = ml->ml_tail = NULL;
  ml->ml_len = 0;
}
static inline unsigned ml_len(const struct mbuf_list* ml) { return ml->ml_len; }
static inline int ml_empty(const struct mbuf_list* ml) { return ml->ml_len == 0; }

// At the end. Takes m, which is one packet; NULL is fine.
static inline void ml_enqueue(struct mbuf_list* ml, struct mbuf* m) {
  if (m == NULL) return;
  m->m_nextpkt = NULL;
  if (ml->ml_tail == NULL) {
    ml->ml_head = m;
  } else {
    ml->ml_tail->m_nextpkt = m;
  }
  ml->ml_tail = m;
  ++ml->ml_len;
}

// In front. Not in OpenBSD. Takes m, which is one packet; NULL is fine.
static inline void ml_prepend(struct mbuf_list* ml, struct mbuf* m) {
  if (m == NULL) return;
  m->m_nextpkt = ml->ml_head;
  ml->ml_head = m;
  if (ml->ml_tail == NULL) ml->ml_tail = m;
  ++ml->ml_len;
}

// The first packet, to the caller; NULL if there is none.
static inline struct mbuf* ml_dequeue(struct mbuf_list* ml) {
  struct mbuf* m = ml->ml_head;
  if (m == NULL) return NULL;
  ml->ml_head = m->m_nextpkt;
  if (ml->ml_head == NULL) ml->ml_tail = NULL;
  m->m_nextpkt = NULL;
  --ml->ml_len;
  return m;
}

// All packets, linked by m_nextpkt, to the caller.
static inline struct mbuf* ml_dechain(struct mbuf_list* ml) {
  struct mbuf* m = ml->ml_head;
  ml_init(ml);
  return m;
}

// Moves all of `from`, which is another list, to the end of `to`.
static inline void ml_enlist(struct mbuf_list* to, struct mbuf_list* from) {
  if (from->ml_head == NULL) return;
  if (to->ml_tail == NULL) {
    to->ml_head = from->ml_head;
  } else {
    to->ml_tail->m_nextpkt = from->ml_head;
  }
  to->ml_tail = from->ml_tail;
  to->ml_len += from->ml_len;
  ml_init(from);
}

// The packets for which match(arg, m) is not 0, in order and linked by m_nextpkt, to the caller.
struct mbuf* ml_filter(struct mbuf_list* ml, int (*match)(void* arg, const struct mbuf* m),
                       void* arg);
// Frees all packets. Returns how many.
unsigned ml_purge(struct mbuf_list* ml);
// The sum of m_pkthdr.len.
size_t ml_hdatalen(const struct mbuf_list* ml);

// ---- mbufq ----

struct mbufq {
  struct mbuf_list mq_head;
  int mq_maxlen;  // 0 or less: no limit
};

static inline void mbufq_init(struct mbufq* mq, int maxlen) {
  ml_init(&mq->mq_head);
  mq->mq_maxlen = maxlen;
}
static inline struct mbuf* mbufq_first(const struct mbufq* mq) { return mq->mq_head.ml_head; }
static inline struct mbuf* mbufq_last(const struct mbufq* mq) { return mq->mq_head.ml_tail; }
static inline int mbufq_len(const struct mbufq* mq) { return (int)mq->mq_head.ml_len; }
static inline int mbufq_empty(const struct mbufq* mq) { return mq->mq_head.ml_len == 0; }
static inline int mbufq_full(const struct mbufq* mq) {
  return mq->mq_maxlen > 0 && mbufq_len(mq) >= mq->mq_maxlen;
}

// At the end. Takes m, which is one packet; but ENOBUFS when full, and EINVAL for NULL, leave it
// with the caller. 0 otherwise.
static inline int mbufq_enqueue(struct mbufq* mq, struct mbuf* m) {
  if (m == NULL) return EINVAL;
  if (mbufq_full(mq)) return ENOBUFS;
  ml_enqueue(&mq->mq_head, m);
  return 0;
}
// In front, full or not: for what was dequeued a moment ago. Takes m.
static inline void mbufq_prepend(struct mbufq* mq, struct mbuf* m) { ml_prepend(&mq->mq_head, m); }
static inline struct mbuf* mbufq_dequeue(struct mbufq* mq) { return ml_dequeue(&mq->mq_head); }
// All packets, linked by m_nextpkt, to the caller.
static inline struct mbuf* mbufq_flush(struct mbufq* mq) { return ml_dechain(&mq->mq_head); }
// Frees all packets.
static inline void mbufq_drain(struct mbufq* mq) { (void)ml_purge(&mq->mq_head); }
// Moves all of `from`, another queue, to the end of `to`, whatever its limit.
static inline void mbufq_concat(struct mbufq* to, struct mbufq* from) {
  ml_enlist(&to->mq_head, &from->mq_head);
}

// ---- mbuf_queue: each call takes its lock for a moment ----

struct mbuf_queue {
  pthread_mutex_t mq_mtx;
  struct mbuf_list mq_list;
  unsigned mq_maxlen;
  unsigned mq_drops;  // packets that found it full
};
#define MBUF_QUEUE_INITIALIZER(maxlen, ipl) \
  { PTHREAD_MUTEX_INITIALIZER, MBUF_LIST_INITIALIZER(), (maxlen), 0 }

// Before it is shared. ipl is accepted for compatibility.
void mq_init(struct mbuf_queue* mq, unsigned maxlen, int ipl);
// At the end. Takes m. 1 if the queue was full: m is freed then, mq_drops++; else 0.
int mq_enqueue(struct mbuf_queue* mq, struct mbuf* m);
struct mbuf* mq_dequeue(struct mbuf_queue* mq);
// Moves all of ml to the end, if the queue is not full before; else frees it and returns how many.
int mq_enlist(struct mbuf_queue* mq, struct mbuf_list* ml);
// Moves all packets to *ml; what that had is forgotten.
void mq_delist(struct mbuf_queue* mq, struct mbuf_list* ml);
struct mbuf* mq_dechain(struct mbuf_queue* mq);
// match runs with the queue locked.
struct mbuf* mq_filter(struct mbuf_queue* mq, int (*match)(void* arg, const struct mbuf* m),
                       void* arg);
unsigned mq_purge(struct mbuf_queue* mq);
// Hints while others use the queue.
unsigned mq_len(struct mbuf_queue* mq);
int mq_empty(struct mbuf_queue* mq);
int mq_full(struct mbuf_queue* mq);
unsigned mq_drops(struct mbuf_queue* mq);
size_t mq_hdatalen(struct mbuf_queue* mq);
// Packets beyond a lower limit stay.
void mq_set_maxlen(struct mbuf_queue* mq, unsigned maxlen);

#ifdef __cplusplus
}  // extern "C"
#endif

// ---- MBUFQ_* ----

#define MBUFQ_HEAD(name)       \
  struct name {                \
    struct mbuf_list mq_list_; \
  }
#define MBUFQ_INIT(q) ml_init(&(q)->mq_list_)
#define MBUFQ_ENQUEUE(q, m) ml_enqueue(&(q)->mq_list_, (m))
#define MBUFQ_PREPEND(q, m) ml_prepend(&(q)->mq_list_, (m))
#define MBUFQ_DEQUEUE(q, m) ((m) = ml_dequeue(&(q)->mq_list_))
#define MBUFQ_DRAIN(q) ((void)ml_purge(&(q)->mq_list_))
#define MBUFQ_FIRST(q) ((q)->mq_list_.ml_head)
#define MBUFQ_LAST(q) ((q)->mq_list_.ml_tail)
#define MBUFQ_NEXT(m) ((m)->m_nextpkt)

#pragma GCC visibility pop

#endif  // WEIR_CHAIN_MBUFQ_H_
