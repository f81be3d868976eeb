#include "weir/chain/uio.h"

#include <algorithm>
#include <cstring>

#include "weir/chain/mbuf.h"
#include "weir/chain/walk.h"

namespace weir {
namespace {

// Whether the iovecs hold what uio_resid says. Looks at no more than it takes.
bool Good(const uio* u) {
  if (u == nullptr || u->uio_resid < 0 || u->uio_iovcnt < 0) return false;
  size_t left = static_cast<size_t>(u->uio_resid);
  for (int i = 0; i < u->uio_iovcnt && left > 0; ++i) left -= std::min(left, u->uio_iov[i].iov_len);
  return left == 0;
}

// How much to move: all, or no more than `len` if that is not 0.
int64_t Amount(const uio* u, int len) {
  return len == 0 ? u->uio_resid : std::min<int64_t>(u->uio_resid, len);
}

// Takes the next piece off u, which has one: at most `most` bytes at *at. Returns how many.
int Take(uio* u, int most, char** at) {
  while (u->uio_iov->iov_len == 0) {
    ++u->uio_iov;
    --u->uio_iovcnt;
  }
  iovec* iov = u->uio_iov;
  size_t count = std::min(iov->iov_len, static_cast<size_t>(most));
  *at = static_cast<char*>(iov->iov_base);
  iov->iov_base = *at + count;
  iov->iov_len -= count;
  u->uio_resid -= static_cast<ssize_t>(count);
  u->uio_offset += static_cast<int64_t>(count);
  return static_cast<int>(count);
}

}  // namespace
}  // namespace weir

extern "C" {

struct mbuf* m_uiotombuf(struct uio* uio, int how, int len, int align, int flags) {
  if (!weir::Good(uio) || len < 0 || align < 0 || align > MHLEN) return weir::Fail(EINVAL);
  int64_t total = weir::Amount(uio, len);
  if (total + align > INT32_MAX) return weir::Fail(EMSGSIZE);
  struct mbuf* top = m_getm2(nullptr, static_cast<int>(total) + align, how, MT_DATA, flags);
  if (top == nullptr) return nullptr;
  if (top->m_flags & M_PKTHDR) top->m_pkthdr.len = static_cast<int32_t>(total);
  top->m_data += align;
  for (struct mbuf* m = top; total > 0; m = m->m_next) {
    int room = static_cast<int>(std::min<int64_t>(m_trailingspace(m), total));
    total -= room;
    while (room > 0) {
      char* from;
      int count = weir::Take(uio, room, &from);
      memcpy(m->m_data + m->m_len, from, static_cast<size_t>(count));
      m->m_len += count;
      room -= count;
    }
  }
  return top;
}

int m_mbuftouio(struct uio* uio, const struct mbuf* m, int len) {
  if (!weir::Good(uio) || m == nullptr || len < 0) return EINVAL;
  int64_t total = weir::Amount(uio, len);
  for (; m != nullptr && total > 0; m = m->m_next) {
    for (int off = 0; off < m->m_len && total > 0;) {
      char* to;
      int count = weir::Take(uio, static_cast<int>(std::min<int64_t>(m->m_len - off, total)), &to);
      memcpy(to, m->m_data + off, static_cast<size_t>(count));
      off += count;
      total -= count;
    }
  }
  return 0;
}

}  // extern "C"
