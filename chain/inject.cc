// Opening and closing gaps in the middle of a chain.
#include <algorithm>
#include <cstring>

#include "weir/chain/cow.h"
#include "weir/chain/from.h"
#include "weir/chain/walk.h"

namespace weir {
namespace {

// A place in a chain: behind `at` bytes of m.
struct Place {
  mbuf* m;
  int at;

  int Rest() const { return m->m_len - at; }
};

// The place behind `off` bytes, which the chain has, and behind the empty mbufs there: one of them
// may end the record that ends there.
Place Find(mbuf* m, int off) {
  for (; off > m->m_len; m = m->m_next) off -= m->m_len;
  while (off == m->m_len && m->m_next != nullptr && m->m_next->m_len == 0) {
    m = m->m_next;
    off = 0;
  }
  return {m, off};
}

// 0, or why there cannot be a gap of `len` bytes at `off`.
int Refusal(const mbuf* m, int off, int len) {
  if (off < 0 || len < 0 || !Inside(m, off, 0)) return EINVAL;
  if ((m->m_flags & M_PKTHDR) && int64_t{m->m_pkthdr.len} + len > INT32_MAX) return EMSGSIZE;
  return 0;
}

void AddToHeader(mbuf* m, int len) {
  if (m->m_flags & M_PKTHDR) m->m_pkthdr.len += len;
}

// Takes the leading space of m, which holds data, for a gap in front of it.
bool OpenInFront(mbuf* m, int len) {
  if (m == nullptr || m->m_len == 0 || m_leadingspace(m) < len) return false;
  m->m_data -= len;
  m->m_len += len;
  return true;
}

// Opens a gap inside the buffer of the place, moving what is on its shorter side.
bool OpenInside(const Place& place, int len) {
  mbuf* m = place.m;
  if (!m_writable(m)) return false;
  if (place.Rest() == 0 && (m->m_flags & M_EOR)) return false;  // the mark would move
  bool lead = m_leadingspace(m) >= len;
  bool trail = m_trailingspace(m) >= len;
  if (!lead && !trail) return false;
  if (lead && (!trail || place.at <= place.Rest())) {
    memmove(m->m_data - len, m->m_data, static_cast<size_t>(place.at));
    m->m_data -= len;
  } else {
    char* rest = m->m_data + place.at;
    memmove(rest + len, rest, static_cast<size_t>(place.Rest()));
  }
  m->m_len += len;
  return true;
}

// An mbuf of its own for the gap.
mbuf* Insert(const Place& place, int len, int how) {
  mbuf* gap = GetSizeLike(place.m, len, how, 0);
  if (gap == nullptr) return nullptr;
  if (place.Rest() > 0) {
    if (int error = CutRest(place.m, place.at, how); error != 0) return FailAndFree(gap, error);
  }
  m_align(gap, len);
  gap->m_len = len;
  gap->m_next = place.m->m_next;
  place.m->m_next = gap;
  return gap;
}

// Removes `len` of the bytes behind the place, all of its mbuf.
int Close(const Place& place, int len, int how) {
  mbuf* m = place.m;
  int rest = place.Rest() - len;  // what stays behind them
  if (place.at == 0) {
    m->m_data += len;
  } else if (rest > 0 && m_writable(m)) {
    if (place.at <= rest) {
      memmove(m->m_data + len, m->m_data, static_cast<size_t>(place.at));
      m->m_data += len;
    } else {
      char* gap = m->m_data + place.at;
      memmove(gap, gap + len, static_cast<size_t>(rest));
    }
  } else if (rest > 0) {
    if (int error = CutRest(m, place.at + len, how); error != 0) return error;
  }
  m->m_len -= len;
  return 0;
}

}  // namespace
}  // namespace weir

extern "C" {

struct mbuf* m_inject(struct mbuf* m, int off, int len, int how) {
  if (int error = weir::Refusal(m, off, len); error != 0) return weir::Fail(error);
  weir::Place place = weir::Find(m, off);
  struct mbuf* gap;
  if (place.at == 0 && weir::OpenInFront(place.m, len)) {
    gap = place.m;
  } else if (place.Rest() == 0 && weir::OpenInFront(place.m->m_next, len)) {
    gap = place.m->m_next;
  } else {
    gap = weir::Insert(place, len, how);
    if (gap == nullptr) return nullptr;
  }
  weir::AddToHeader(m, len);
  return gap;
}

struct mbuf* m_makespace(struct mbuf* m, int skip, int hlen, int* off) {
  if (off == nullptr) return weir::Fail(EINVAL);
  if (int error = weir::Refusal(m, skip, hlen); error != 0) return weir::Fail(error);
  weir::Place place = weir::Find(m, skip);
  if (!weir::OpenInside(place, hlen)) {
    struct mbuf* gap = m_inject(m, skip, hlen, M_DONTWAIT);
    if (gap != nullptr) *off = 0;
    return gap;
  }
  weir::AddToHeader(m, hlen);
  *off = place.at;
  return place.m;
}

int m_striphdr(struct mbuf* m, int skip, int hlen) {
  if (skip < 0 || !weir::Inside(m, skip, hlen)) return EINVAL;
  struct mbuf* first = m;
  int left = hlen;
  for (; left > 0; skip = std::max(skip - m->m_len, 0), m = m->m_next) {
    weir::Place place = {m, skip};
    if (place.Rest() <= 0) continue;
    int count = std::min(left, place.Rest());
    if (int error = weir::Close(place, count, M_DONTWAIT); error != 0) return error;
    left -= count;
  }
  weir::AddToHeader(first, -hlen);
  return 0;
}

}  // extern "C"
