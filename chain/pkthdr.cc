// The packet header: copying it, moving it, taking it away.
#include "weir/chain/pkthdr.h"

#include <cerrno>

namespace weir {

bool CanHoldHeader(const mbuf* m) {
  if ((m->m_flags & (M_EXT | M_PKTHDR)) || m->m_len == 0) return true;
  return m->m_data >= m->m_pktdat;  // else the header would overwrite data
}

void SetHeader(mbuf* m, const pkthdr& header, uint32_t flags) {
  if ((m->m_flags & M_PKTHDR) && m->m_pkthdr.tags != nullptr) m_tag_delete_chain(m, nullptr);
  CopyHeader(&m->m_pkthdr, header, LengthIn(header));
  const uint32_t own = m->m_flags & (M_EXT | M_RDONLY | M_EOR);
  m->m_flags = own | (flags & kHeaderFlags) | M_PKTHDR;
  // Not m_flags again: it would be loaded as one word with m_len, and half of that was just stored,
  // so that the load would wait until all stores before are done, as of the data of a packet.
  if (!(own & M_EXT) && m->m_len == 0) m->m_data = m->m_pktdat;
}

void MoveHeader(mbuf* to, mbuf* from) {
  to->m_nextpkt = from->m_nextpkt;
  from->m_nextpkt = nullptr;
  if (!(from->m_flags & M_PKTHDR)) return;
  SetHeader(to, from->m_pkthdr, from->m_flags);
  from->m_pkthdr.tags = nullptr;
  from->m_flags &= ~kHeaderFlags;
}

}  // namespace weir

extern "C" {

int m_dup_pkthdr(struct mbuf* to, const struct mbuf* from, int how) {
  if (to == nullptr || from == nullptr || !(from->m_flags & M_PKTHDR) || !weir::CanHoldHeader(to)) {
    errno = EINVAL;
    return 0;
  }
  if (to == from) return 1;
  struct m_tag* tags;
  if (!weir::CopyTags(from, how, &tags)) return 0;
  weir::SetHeader(to, from->m_pkthdr, from->m_flags);
  to->m_pkthdr.tags = tags;
  to->m_flags |= from->m_flags & M_EOR;
  return 1;
}

int m_move_pkthdr(struct mbuf* to, struct mbuf* from) {
  if (to == nullptr || from == nullptr || !(from->m_flags & M_PKTHDR) || !weir::CanHoldHeader(to)) {
    return EINVAL;
  }
  if (to == from) return 0;
  weir::SetHeader(to, from->m_pkthdr, from->m_flags);
  to->m_flags |= from->m_flags & M_EOR;
  from->m_pkthdr.tags = nullptr;
  from->m_flags &= ~weir::kHeaderFlags;
  return 0;
}

int m_demote_pkthdr(struct mbuf* m) {
  if (m == nullptr || !(m->m_flags & M_PKTHDR)) return EINVAL;
  weir::DropHeader(m);
  return 0;
}

int m_resethdr(struct mbuf* m) {
  if (m == nullptr || !(m->m_flags & M_PKTHDR)) return EINVAL;
  m_tag_delete_chain(m, nullptr);
  int32_t len = m->m_pkthdr.len;
  m->m_pkthdr = {};
  m->m_pkthdr.len = len;
  m->m_flags = (m->m_flags & ~weir::kHeaderFlags) | M_PKTHDR;
  return 0;
}

int m_demote(struct mbuf* m, int all, int flags) {
  if (m == nullptr) return EINVAL;
  uint32_t keep = (static_cast<uint32_t>(flags) & ~M_PKTHDR) | M_EXT | M_EOR | M_RDONLY;
  for (m = all ? m : m->m_next; m != nullptr; m = m->m_next) {
    uint32_t before = m->m_flags;
    if (before & M_PKTHDR) weir::DropHeader(m);
    m->m_flags = before & keep;
  }
  return 0;
}

}  // extern "C"
