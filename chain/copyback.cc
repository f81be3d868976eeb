// Writing flat data into a chain: over what is there, and behind its end.
#include <algorithm>
#include <cstring>

#include "weir/chain/cow.h"
#include "weir/chain/from.h"
#include "weir/chain/walk.h"

namespace weir {
namespace {

// Adds bytes behind a chain: in the room that its last mbuf has, then in new mbufs and clusters.
class Appender {
 public:
  // `expected`: how many bytes will be added in all, to choose the size of buffers.
  Appender(mbuf* last, int64_t expected)
      : last_(last),
        // Data behind M_EOR would move the mark.
        room_((last->m_flags & M_EOR) ? 0 : m_trailingspace(last)),
        expected_(expected) {}

  int64_t Added() const { return added_; }

  // Adds len bytes of src, or zeros if it is NULL. 0, or the error that stopped it short.
  int Add(const char* src, int64_t len) {
    while (len > 0) {
      if (room_ == 0 && !Grow()) return errno;
      int count = static_cast<int>(std::min<int64_t>(len, room_));
      char* to = last_->m_data + last_->m_len;
      if (src != nullptr) {
        memcpy(to, src, static_cast<size_t>(count));
        src += count;
      } else {
        memset(to, 0, static_cast<size_t>(count));
      }
      last_->m_len += count;
      room_ -= count;
      len -= count;
      added_ += count;
    }
    return 0;
  }

 private:
  bool Grow() {
    int size = expected_ - added_ <= MLEN ? MLEN : MCLBYTES;
    last_->m_next = GetSizeLike(last_, size, M_DONTWAIT, 0);
    if (last_->m_next == nullptr) return false;
    last_ = last_->m_next;
    room_ = size;
    return true;
  }

  mbuf* last_;
  int room_;
  int64_t expected_;
  int64_t added_ = 0;
};

// Overwrites [off, off + len), which is inside the chain and writable.
void Overwrite(mbuf* m, int64_t off, int64_t len, const char* src) {
  for (; len > 0; m = m->m_next) {
    if (off >= m->m_len) {
      off -= m->m_len;
      continue;
    }
    int64_t count = std::min(len, m->m_len - off);
    memcpy(m->m_data + off, src, static_cast<size_t>(count));
    src += count;
    len -= count;
    off = 0;
  }
}

// Extends m, `total` bytes long, by zeros up to `off` and src up to `end`.
int Extend(mbuf* m, int64_t total, int64_t off, int64_t end, const char* src, int64_t* added) {
  Appender to(m_last(m), end - total);
  int64_t gap = std::max<int64_t>(off - total, 0);
  int error = to.Add(nullptr, gap);
  if (error == 0) error = to.Add(src, end - total - gap);
  *added = to.Added();
  if (m->m_flags & M_PKTHDR) m->m_pkthdr.len = static_cast<int32_t>(total + *added);
  return error;
}

}  // namespace
}  // namespace weir

extern "C" {

int m_copyback(struct mbuf* m, int off, int len, const void* buf) {
  int64_t end = int64_t{off} + len;
  if (m == nullptr || off < 0 || len < 0 || end > INT32_MAX) return EINVAL;
  if (buf == nullptr && len > 0) return EINVAL;
  const char* src = static_cast<const char*>(buf);
  int64_t total = weir::Total(m);
  int64_t inside = std::clamp<int64_t>(total - off, 0, len);  // bytes that overwrite

  int error = weir::MakeRangePrivate(m, off, off + inside, M_DONTWAIT);
  if (error != 0) return error;
  if (end > total) {
    // First, so that m_pkthdr.len tells all: either it grew, and what it covers is written, or
    // nothing is.
    int64_t added;
    error = weir::Extend(m, total, off, end, src == nullptr ? nullptr : src + inside, &added);
    if (error != 0 && added == 0) return error;
  }
  weir::Overwrite(m, off, inside, src);
  return error;
}

struct mbuf* m_copyback_cow(struct mbuf* m, int off, int len, const void* buf, int how) {
  if (!weir::Inside(m, off, len) || (buf == nullptr && len > 0)) {
    return weir::FailAndFree(m, EINVAL);
  }
  int error = weir::MakeRangePrivate(m, off, int64_t{off} + len, how);
  if (error != 0) return weir::FailAndFree(m, error);
  weir::Overwrite(m, off, len, static_cast<const char*>(buf));
  return m;
}

int m_append(struct mbuf* m, int len, const void* buf) {
  int error = EINVAL;
  if (m != nullptr && len >= 0 && (buf != nullptr || len == 0)) {
    int64_t total = weir::Total(m);
    int64_t added = 0;
    error = total + len > INT32_MAX
                ? EMSGSIZE
                : weir::Extend(m, total, total, total + len, static_cast<const char*>(buf), &added);
  }
  if (error == 0) return 1;
  errno = error;
  return 0;
}

}  // extern "C"
