// The system's <sys/queue.h>, and loops that allow the element to be removed. Group QUEUE; the
// groups are explained in sys/mbuf.h.
#pragma GCC system_header
#include_next <sys/queue.h>

#ifndef WEIR_COMPAT_SYS_QUEUE_H_
#define WEIR_COMPAT_SYS_QUEUE_H_
#ifndef WEIR_COMPAT_NO_QUEUE

#ifndef LIST_FOREACH_SAFE
#define WEIR_COMPAT_FOREACH_SAFE_(var, first, field, member, next) \
  for ((var) = (first); (var) && ((next) = (var)->field.member, 1); (var) = (next))
#define LIST_FOREACH_SAFE(var, head, field, next) \
  WEIR_COMPAT_FOREACH_SAFE_(var, (head)->lh_first, field, le_next, next)
#define SLIST_FOREACH_SAFE(var, head, field, next) \
  WEIR_COMPAT_FOREACH_SAFE_(var, (head)->slh_first, field, sle_next, next)
#define STAILQ_FOREACH_SAFE(var, head, field, next) \
  WEIR_COMPAT_FOREACH_SAFE_(var, (head)->stqh_first, field, stqe_next, next)
#define SIMPLEQ_FOREACH_SAFE(var, head, field, next) \
  WEIR_COMPAT_FOREACH_SAFE_(var, (head)->sqh_first, field, sqe_next, next)
#define TAILQ_FOREACH_SAFE(var, head, field, next) \
  WEIR_COMPAT_FOREACH_SAFE_(var, (head)->tqh_first, field, tqe_next, next)
#endif

#endif  // WEIR_COMPAT_NO_QUEUE
#endif  // WEIR_COMPAT_SYS_QUEUE_H_
