// Making a range of a chain contiguous: in the buffer that it begins in if that can be, else in a
// new one.
#include <algorithm>
#include <cstring>

#include "weir/chain/counts.h"
#include "weir/chain/cow.h"
#include "weir/chain/from.h"
#include "weir/chain/pkthdr.h"
#include "weir/chain/walk.h"

namespace weir {
namespace {

// Whether m's buffer may be written and holds `len` bytes; moves the data down if it must.
bool MakeRoom(mbuf* m, int len) {
  if (!m_writable(m) || M_SIZE(m) < len) return false;
  if (M_START(m) + M_SIZE(m) - m->m_data >= len) return true;
  const char* from = m->m_data;
  PlaceData(m, INT32_MAX, len);
  if (m->m_len > 0) memmove(m->m_data, from, static_cast<size_t>(m->m_len));
  return true;
}

// A new first mbuf, empty, with a buffer of `size` bytes.
mbuf* NewFirst(mbuf* m, int size) {
  mbuf* first = GetSizeLike(m, size, M_DONTWAIT, m->m_flags & M_PKTHDR);
  if (first == nullptr) return nullptr;
  MoveHeader(first, m);
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

// Makes the first `len` bytes of *m contiguous. 0, or an error and *m is as it was.
int MakeContiguous(mbuf** m, int len) {
  if (*m != nullptr && len >= 0 && len <= (*m)->m_len) return 0;
  if (!Inside(*m, 0, len)) return EINVAL;
  if (!MakeRoom(*m, len)) {
    mbuf* first = NewFirst(*m, len);
    if (first == nullptr) return errno;
    PlaceData(first, std::max(max_linkhdr, 0), len);  // with room for a link header
    *m = first;
  }
  Absorb(*m, len);
  return 0;
}

// The first byte of a range that shall be contiguous: byte `at` of *link.
struct Start {
  mbuf** link;
  int at;
};

// The same for `len` bytes from *start on, without touching what is in front of them. The mbuf
// `head` stays the first one. Sets *start to where they are then; `at_data` asks for byte 0.
int PullDown(const mbuf* head, Start* start, int len, bool at_data) {
  mbuf* m = *start->link;
  bool here = start->at == 0 || !at_data;
  if (here && m->m_len - start->at >= len) return 0;
  // Nothing is shifted that is in front and someone may point to.
  bool room =
      start->at == 0 ? MakeRoom(m, len) : m_trailingspace(m) >= len - (m->m_len - start->at);
  if (here && room) {
    Absorb(m, start->at + len);
    return 0;
  }
  if (start->at > 0 || m == head) {
    if (int error = CutRest(m, start->at, M_DONTWAIT); error != 0) return error;
    *start = {&m->m_next, 0};
  }
  return MakeContiguous(start->link, len);
}

mbuf* PullupFailed(mbuf* m, int error) {
  CountPullupFailure();
  return FailAndFree(m, error);
}

}  // namespace
}  // namespace weir

extern "C" {

struct mbuf* m_pullup(struct mbuf* m, int len) {
  int error = weir::MakeContiguous(&m, len);
  return error == 0 ? m : weir::PullupFailed(m, error);
}

int m_ensure_contig(struct mbuf** m, int len) {
  int error = m == nullptr ? EINVAL : weir::MakeContiguous(m, len);
  if (error != 0) errno = error;
  return error == 0;
}

struct mbuf* m_copyup(struct mbuf* m, int len, int dstoff) {
  if (!weir::Inside(m, 0, len) || dstoff < 0) return weir::FailAndFree(m, EINVAL);
  int64_t size = int64_t{len} + dstoff;
  if (size > MJUM16BYTES) return weir::FailAndFree(m, EMSGSIZE);
  struct mbuf* first = weir::NewFirst(m, static_cast<int>(size));
  if (first == nullptr) return weir::FailAndFree(m, errno);
  first->m_data += dstoff;
  weir::Absorb(first, len);
  return first;
}

struct mbuf* m_pulldown(struct mbuf* m, int off, int len, int* offp) {
  if (off < 0 || !weir::Inside(m, off, len)) return weir::FailAndFree(m, EINVAL);
  weir::Start start = {&m, off};
  while (start.at > (*start.link)->m_len ||
         (start.at == (*start.link)->m_len && (*start.link)->m_next != nullptr)) {
    start.at -= (*start.link)->m_len;
    start.link = &(*start.link)->m_next;
  }
  int error = weir::PullDown(m, &start, len, offp == nullptr);
  if (error != 0) return weir::FailAndFree(m, error);
  if (offp != nullptr) *offp = start.at;
  return *start.link;
}

}  // extern "C"
