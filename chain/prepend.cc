// Room in front of a chain.
#include <cstdint>

#include "weir/chain/from.h"
#include "weir/chain/pkthdr.h"
#include "weir/chain/walk.h"

namespace weir {
namespace {

// Opens `len` bytes in front of m's data within its own buffer, if it may be written and there is
// room. An empty mbuf has all of its buffer to offer.
bool PrependInPlace(mbuf* m, int len) {
  if (m_leadingspace(m) < len) {
    if (m->m_len != 0 || !m_writable(m) || M_SIZE(m) < len) return false;
    m_align(m, len);
    m->m_len = len;
    return true;
  }
  m->m_data -= len;
  m->m_len += len;
  return true;
}

}  // namespace
}  // namespace weir

extern "C" {

struct mbuf* m_prepend(struct mbuf* m, int len, int how) {
  if (m == nullptr || len < 0) return weir::FailAndFree(m, EINVAL);
  const uint32_t header = m->m_flags & M_PKTHDR;
  struct mbuf* first = weir::GetSizeLike(m, len, how, header);  // EMSGSIZE above MJUM16BYTES
  if (first == nullptr) return weir::FailAndFree(m, errno);
  weir::MoveHeader(first, m);
  m_align(first, len);  // at the end of the buffer: the next prepend finds the room in front
  first->m_len = len;
  first->m_next = m;
  return first;
}

struct mbuf* m_prependlen(struct mbuf* m, int len, int how) {
  if (m == nullptr || len < 0) return weir::FailAndFree(m, EINVAL);
  bool packet = (m->m_flags & M_PKTHDR) != 0;
  if (packet && int64_t{m->m_pkthdr.len} + len > INT32_MAX) return weir::FailAndFree(m, EMSGSIZE);
  if (!weir::PrependInPlace(m, len)) {
    m = m_prepend(m, len, how);
    if (m == nullptr) return nullptr;
  }
  if (packet) m->m_pkthdr.len += len;
  return m;
}

}  // extern "C"
