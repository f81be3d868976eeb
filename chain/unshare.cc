// Making all or a part of a chain writable; and wiping what is.
#include <cstring>

#include "weir/chain/cow.h"
#include "weir/chain/inline.h"
#include "weir/chain/walk.h"

namespace weir {
namespace {

// Empty mbufs give up what they may not write: there is nothing to copy.
void DropUnused(mbuf* m) {
  for (; m != nullptr; m = m->m_next) {
    if (m->m_len > 0 || m_writable(m)) continue;
    m_extremove(m);
    m->m_flags &= ~M_RDONLY;
  }
}

}  // namespace
}  // namespace weir

extern "C" {

struct mbuf* m_unshare(struct mbuf* m, int how) {
  if (m == nullptr) return weir::Fail(EINVAL);
  int error = weir::MakeRangePrivate(m, 0, INT64_MAX, how);
  if (error != 0) return weir::FailAndFree(m, error);
  weir::DropUnused(m);
  return m;
}

int m_makewritable(struct mbuf** m, int off, int len, int how) {
  bool all = len == M_COPYALL;
  if (m == nullptr || off < 0 || !weir::Inside(*m, off, all ? 0 : len)) return EINVAL;
  return weir::MakeRangePrivate(*m, off, all ? INT64_MAX : int64_t{off} + len, how);
}

int m_zeroize(struct mbuf* m) {
  if (m == nullptr) return EINVAL;
  int error = 0;
  for (; m != nullptr; m = m->m_next) {
    if (m_writable(m)) {
      explicit_bzero(M_START(m), static_cast<size_t>(M_SIZE(m)));
    } else {
      error = EBUSY;
    }
  }
  return error;
}

}  // extern "C"
