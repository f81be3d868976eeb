#include "weir/chain/mchain.h"

#include <climits>

#include "weir/chain/cow.h"

namespace weir {
namespace {

int Become(mchain* mc, mbuf* m) {
  mc_init_m(mc, m);
  return m == nullptr ? errno : 0;
}

}  // namespace
}  // namespace weir

extern "C" {

int mc_remove(struct mchain* mc, struct mbuf* m) {
  if (m == nullptr) return EINVAL;
  struct mbuf* before = nullptr;
  struct mbuf** link = &mc->mc_head;
  for (; *link != m; link = &before->m_next) {
    if (*link == nullptr) return EINVAL;
    before = *link;
  }
  *link = m->m_next;
  if (mc->mc_tail == m) mc->mc_tail = before;
  m->m_next = nullptr;
  mc_dec(mc, m);
  return 0;
}

int mc_get(struct mchain* mc, unsigned len, int how, int type, int flags) {
  mc_init(mc);
  if (len > INT_MAX) return EMSGSIZE;
  return weir::Become(mc, m_getm2(nullptr, static_cast<int>(len), how, type, flags));
}

int mc_split(struct mchain* head, struct mchain* tail, unsigned len, int how) {
  mc_init(tail);
  if (len > head->mc_len) return EINVAL;
  if (len == 0) {
    mc_concat(tail, head);
    return 0;
  }
  struct mbuf* m = head->mc_head;
  size_t at = len;
  for (; at > static_cast<size_t>(m->m_len); m = m->m_next) at -= static_cast<size_t>(m->m_len);
  if (at < static_cast<size_t>(m->m_len)) {
    if (int error = weir::CutRest(m, static_cast<int>(at), how); error != 0) return error;
  }
  mc_init_m(tail, m->m_next);
  m->m_next = nullptr;
  mc_init_m(head, head->mc_head);
  return 0;
}

int mc_uiotomc(struct mchain* mc, struct uio* uio, unsigned len, unsigned lspace, int how,
               int flags) {
  mc_init(mc);
  if (len > INT_MAX || lspace > INT_MAX) return EINVAL;
  return weir::Become(
      mc, m_uiotombuf(uio, how, static_cast<int>(len), static_cast<int>(lspace), flags));
}

}  // extern "C"
