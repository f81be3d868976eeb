#include "weir/chain/mbufq.h"

#include "weir/chain/record.h"
#include "weir/stats/break.h"

namespace weir {
namespace {

class Locked {
 public:
  explicit Locked(mbuf_queue* mq) : mq_(mq) {
    if (!Broken(kBreakQueueLock)) pthread_mutex_lock(&mq->mq_mtx);
  }
  ~Locked() {
    if (!Broken(kBreakQueueLock)) pthread_mutex_unlock(&mq_->mq_mtx);
  }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;

 private:
  mbuf_queue* mq_;
};

bool Full(const mbuf_queue* mq) { return mq->mq_list.ml_len >= mq->mq_maxlen; }

}  // namespace
}  // namespace weir

extern "C" {

struct mbuf* ml_filter(struct mbuf_list* ml, int (*match)(void* arg, const struct mbuf* m),
                       void* arg) {
  struct mbuf_list matched = MBUF_LIST_INITIALIZER();
  struct mbuf_list others = MBUF_LIST_INITIALIZER();
  while (struct mbuf* m = ml_dequeue(ml)) ml_enqueue(match(arg, m) ? &matched : &others, m);
  *ml = others;
  return ml_dechain(&matched);
}

unsigned ml_purge(struct mbuf_list* ml) {
  unsigned count = ml->ml_len;
  m_freemp(ml_dechain(ml));
  return count;
}

size_t ml_hdatalen(const struct mbuf_list* ml) {
  size_t sum = 0;
  const struct mbuf* m;
  MBUF_LIST_FOREACH(ml, m) {
    if (m->m_flags & M_PKTHDR) sum += static_cast<size_t>(m->m_pkthdr.len);
  }
  return sum;
}

void mq_init(struct mbuf_queue* mq, unsigned maxlen, int /*ipl*/) {
  *mq = MBUF_QUEUE_INITIALIZER(maxlen, 0);
}

int mq_enqueue(struct mbuf_queue* mq, struct mbuf* m) {
  struct mbuf_list one = MBUF_LIST_INITIALIZER();
  if (m != nullptr) weir::Note(m, weir::kEventQueued);
  ml_enqueue(&one, m);
  return mq_enlist(mq, &one);
}

int mq_enlist(struct mbuf_queue* mq, struct mbuf_list* ml) {
  {
    weir::Locked lock(mq);
    if (!weir::Full(mq)) {
      ml_enlist(&mq->mq_list, ml);
      return 0;
    }
    mq->mq_drops += ml->ml_len;
  }
  return static_cast<int>(ml_purge(ml));
}

struct mbuf* mq_dequeue(struct mbuf_queue* mq) {
  struct mbuf* m;
  {
    weir::Locked lock(mq);
    m = ml_dequeue(&mq->mq_list);
  }
  if (m != nullptr) weir::Note(m, weir::kEventDequeued);
  return m;
}

void mq_delist(struct mbuf_queue* mq, struct mbuf_list* ml) {
  weir::Locked lock(mq);
  *ml = mq->mq_list;
  ml_init(&mq->mq_list);
}

struct mbuf* mq_dechain(struct mbuf_queue* mq) {
  weir::Locked lock(mq);
  return ml_dechain(&mq->mq_list);
}

struct mbuf* mq_filter(struct mbuf_queue* mq, int (*match)(void* arg, const struct mbuf* m),
                       void* arg) {
  weir::Locked lock(mq);
  return ml_filter(&mq->mq_list, match, arg);
}

unsigned mq_purge(struct mbuf_queue* mq) {
  struct mbuf_list all;
  mq_delist(mq, &all);
  return ml_purge(&all);
}

unsigned mq_len(struct mbuf_queue* mq) {
  weir::Locked lock(mq);
  return mq->mq_list.ml_len;
}

int mq_empty(struct mbuf_queue* mq) { return mq_len(mq) == 0; }

int mq_full(struct mbuf_queue* mq) {
  weir::Locked lock(mq);
  return weir::Full(mq);
}

unsigned mq_drops(struct mbuf_queue* mq) {
  weir::Locked lock(mq);
  return mq->mq_drops;
}

size_t mq_hdatalen(struct mbuf_queue* mq) {
  weir::Locked lock(mq);
  return ml_hdatalen(&mq->mq_list);
}

void mq_set_maxlen(struct mbuf_queue* mq, unsigned maxlen) {
  weir::Locked lock(mq);
  mq->mq_maxlen = maxlen;
}

}  // extern "C"
