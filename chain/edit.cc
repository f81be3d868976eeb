// Joining two chains, and trimming one at either end.
#define WEIR_NO_INLINE  // an mbuf is freed here seldom

#include <algorithm>

#include "weir/chain/cow.h"
#include "weir/chain/pkthdr.h"
#include "weir/chain/walk.h"

namespace weir {
namespace {

// m's last mbuf, or NULL if m is NULL or n is part of it.
inline mbuf* LastBefore(mbuf* m, const mbuf* n) {
  if (m == nullptr) return nullptr;
  bool part = m == n;
  for (; m->m_next != nullptr; part |= m == n) m = m->m_next;
  return part ? nullptr : m;
}

inline void Link(mbuf* last, mbuf* n) {
  // The rest of the header stays: without M_PKTHDR nobody looks at it.
  if (n->m_flags & M_PKTHDR) {
    if (n->m_pkthdr.tags != nullptr) m_tag_delete_chain(n, nullptr);
    n->m_flags &= ~kHeaderFlags;
  }
  n->m_nextpkt = nullptr;
  last->m_next = n;
}

// Whether nothing of n can move into `last`, and n's header goes without a call; then n is linked.
// The usual case of a join: whoever does only this saves no registers.
[[gnu::always_inline]] inline bool JoinFast(mbuf* last, mbuf* n) {
  if (n->m_len <= M_TRAILINGROOM(last)) return false;
  if ((n->m_flags & M_PKTHDR) && n->m_pkthdr.tags != nullptr) return false;
  Link(last, n);
  return true;
}
// Any other; 0, so that it can be what m_cat returns.
[[gnu::noinline]] int Join(mbuf* last, mbuf* n) {
  while (n != nullptr && Coalesce(last, n)) n = m_free(n);
  if (n != nullptr) Link(last, n);
  return 0;
}
[[gnu::noinline]] int JoinPacket(mbuf* m, mbuf* last, mbuf* n, int64_t len) {
  m->m_pkthdr.len = static_cast<int32_t>(len);
  return Join(last, n);
}
// m_catpkt of an n without a header.
[[gnu::noinline]] int JoinChain(mbuf* m, mbuf* n) {
  const int64_t len = m->m_pkthdr.len + Total(n);
  if (len > INT32_MAX) return EMSGSIZE;
  mbuf* last = LastBefore(m, n);
  return last == nullptr ? EINVAL : JoinPacket(m, last, n, len);
}

void TrimHead(mbuf* m, int64_t len) {
  mbuf* first = m;
  int64_t trimmed = 0;
  for (; m != nullptr && trimmed < len; m = m->m_next) {
    int count = static_cast<int>(std::min<int64_t>(len - trimmed, m->m_len));
    m->m_data += count;
    m->m_len -= count;
    trimmed += count;
  }
  if (!(first->m_flags & M_PKTHDR)) return;
  first->m_pkthdr.len = static_cast<int32_t>(first->m_pkthdr.len - trimmed);
}

void TrimTail(mbuf* m, int64_t len) {
  int64_t keep = std::max<int64_t>(Total(m) - len, 0);
  if (m->m_flags & M_PKTHDR) {
    m->m_pkthdr.len = static_cast<int32_t>(std::min<int64_t>(keep, INT32_MAX));
  }
  for (; m->m_len < keep; m = m->m_next) keep -= m->m_len;
  m->m_len = static_cast<int32_t>(keep);
  // The record that ended in what is freed now ends here.
  for (const mbuf* n = m->m_next; n != nullptr; n = n->m_next) m->m_flags |= n->m_flags & M_EOR;
  m_freem(m->m_next);
  m->m_next = nullptr;
}

}  // namespace
}  // namespace weir

extern "C" {

int m_cat(struct mbuf* m, struct mbuf* n) {
  struct mbuf* last = weir::LastBefore(m, n);
  if (last == nullptr) return EINVAL;
  if (n == nullptr || weir::JoinFast(last, n)) return 0;
  return weir::Join(last, n);
}

int m_catpkt(struct mbuf* m, struct mbuf* n) {
  if (m == nullptr || !(m->m_flags & M_PKTHDR)) return EINVAL;
  if (n == nullptr) return 0;
  if (!(n->m_flags & M_PKTHDR)) return weir::JoinChain(m, n);
  const int64_t len = int64_t{m->m_pkthdr.len} + n->m_pkthdr.len;
  if (len > INT32_MAX) return EMSGSIZE;
  struct mbuf* last = weir::LastBefore(m, n);
  if (last == nullptr) return EINVAL;
  if (!weir::JoinFast(last, n)) return weir::JoinPacket(m, last, n, len);
  m->m_pkthdr.len = static_cast<int32_t>(len);
  return 0;
}

int m_adj(struct mbuf* m, int len) {
  if (m == nullptr || len == 0) return 0;
  if (len > 0) {
    weir::TrimHead(m, len);
  } else {
    weir::TrimTail(m, -int64_t{len});  // in 64 bits: INT_MIN has no int of the other sign
  }
  return 0;
}

}  // extern "C"
