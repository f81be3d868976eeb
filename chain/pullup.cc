// Making the front of a chain contiguous, in the first mbuf's own buffer if that can be.
#include <algorithm>
#include <cstring>

#include "weir/chain/counts.h"
#include "weir/chain/cow.h"
#include "weir/chain/from.h"
#include "weir/chain/pkthdr.h"
#include "weir/chain/walk.h"

namespace weir {
namespace {

mbuf* PullupFailed(mbuf* m, int error) {
  CountPullupFailure();
  return FailAndFree(m, error);
}

// Whether m's buffer may be written and holds `len` bytes; moves the data down if it must.
bool MakeRoom(mbuf* m, int len) {
  if (!m_writable(m) || M_SIZE(m) < len) return false;
  if (M_START(m) + M_SIZE(m) - m->m_data >= len) return true;
  const char* from = m->m_data;
  PlaceData(m, INT32_MAX, len);
  if (m->m_len > 0) memmove(m->m_data, from, static_cast<size_t>(m->m_len));
  return true;
}

// A new first mbuf, empty, with room for `len` bytes and for a link header in front of them.
mbuf* NewFirst(mbuf* m, int len) {
  mbuf* first = GetSizeLike(m, len, M_DONTWAIT, m->m_flags & M_PKTHDR);
  if (first == nullptr) return nullptr;
  MoveHeader(first, m);
  PlaceData(first, std::max(max_linkhdr, 0), len);
  first->m_next = m;
  return first;
}

// Moves data from the mbufs behind `first` until it has `len` bytes, and up to max_protohdr if
// there is room: the next layer would ask for them soon. But it does not move a record's end for
// the sake of these.
void Absorb(mbuf* first, int len) {
  int64_t room = M_START(first) + M_SIZE(first) - first->m_data;
  int want = static_cast<int>(std::max<int64_t>(len, std::min<int64_t>(max_protohdr, room)));
  while (first->m_len < want && first->m_next != nullptr) {
    if (first->m_len >= len && (first->m_flags & M_EOR)) break;
    mbuf* n = first->m_next;
    int count = std::min(want - first->m_len, n->m_len);
    if (count > 0) {
      memcpy(first->m_data + first->m_len, n->m_data, static_cast<size_t>(count));
      first->m_len += count;
      n->m_data += count;
      n->m_len -= count;
    }
    if (n->m_len > 0) break;
    first->m_flags |= n->m_flags & M_EOR;
    first->m_next = m_free(n);
  }
}

}  // namespace
}  // namespace weir

extern "C" struct mbuf* m_pullup(struct mbuf* m, int len) {
  if (m != nullptr && len >= 0 && len <= m->m_len) return m;
  if (!weir::Inside(m, 0, len)) return weir::PullupFailed(m, EINVAL);
  struct mbuf* first = weir::MakeRoom(m, len) ? m : weir::NewFirst(m, len);
  if (first == nullptr) return weir::PullupFailed(m, errno);
  weir::Absorb(first, len);
  return first;
}
