// Walks along a chain: its length, its end, the place of a byte, each piece of a range.
#include "weir/chain/walk.h"

#include <algorithm>
#include <limits>

namespace weir {

int64_t Total(const mbuf* m) {
  int64_t total = 0;
  for (; m != nullptr; m = m->m_next) total += m->m_len;
  return total;
}

bool Inside(const mbuf* m, int64_t off, int64_t len) {
  if (m == nullptr || off < 0 || len < 0) return false;
  int64_t end = off + len;
  for (; m != nullptr && end > 0; m = m->m_next) end -= m->m_len;
  return end <= 0;
}

bool HasData(const mbuf* m) {
  while (m != nullptr && m->m_len == 0) m = m->m_next;
  return m != nullptr;
}

}  // namespace weir

extern "C" {

unsigned m_length(struct mbuf* m, struct mbuf** last) {
  int64_t total = weir::Total(m);
  if (last != nullptr) *last = m == nullptr ? nullptr : m_last(m);
  // A sum that does not fit must not come out as a small one.
  return static_cast<unsigned>(std::min<int64_t>(total, std::numeric_limits<unsigned>::max()));
}

struct mbuf* m_last(struct mbuf* m) {
  if (m == nullptr) return weir::Fail(EINVAL);
  while (m->m_next != nullptr) m = m->m_next;
  return m;
}

unsigned m_fixhdr(struct mbuf* m) {
  unsigned total = m_length(m, nullptr);
  if (m != nullptr && (m->m_flags & M_PKTHDR)) {
    m->m_pkthdr.len = static_cast<int32_t>(std::min<unsigned>(total, INT32_MAX));
  }
  return total;
}

struct mbuf* m_getptr(struct mbuf* m, int loc, int* off) {
  if (m == nullptr || loc < 0 || off == nullptr) return weir::Fail(EINVAL);
  for (;; m = m->m_next) {
    if (loc < m->m_len || (loc == m->m_len && m->m_next == nullptr)) {
      *off = loc;
      return m;
    }
    loc -= m->m_len;
    if (m->m_next == nullptr) return weir::Fail(EINVAL);
  }
}

int m_apply(struct mbuf* m, int off, int len, int (*fn)(void* arg, void* data, unsigned len),
            void* arg) {
  if (fn == nullptr || !weir::Inside(m, off, len)) return EINVAL;
  for (; len > 0; m = m->m_next) {
    if (off >= m->m_len) {
      off -= m->m_len;
      continue;
    }
    int count = std::min(len, m->m_len - off);
    if (int result = fn(arg, m->m_data + off, static_cast<unsigned>(count)); result != 0) {
      return result;
    }
    len -= count;
    off = 0;
  }
  return 0;
}

}  // extern "C"
