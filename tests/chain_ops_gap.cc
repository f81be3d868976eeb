// Operations that open and close gaps, or write over what is there.
#include <algorithm>
#include <cerrno>
#include <cstring>

#include "tests/chain_ops.h"
#include "tests/chain_pieces.h"

namespace weir {

void ChainOps::Inject() { OpenGap(false); }
void ChainOps::Makespace() { OpenGap(true); }

void ChainOps::OpenGap(bool anywhere) {
  Live& live = Pick();
  int size = live.flat.Size();
  int off = Argument(size);
  int len = source_->OneIn(16) ? Argument(MJUM16BYTES) : source_->Length(300);
  Note(anywhere ? "makespace" : "inject", off, len);
  bool right = off >= 0 && off <= size && len >= 0;
  int at = 0;
  mbuf* n;
  {
    Armed armed(this);
    n = anywhere ? m_makespace(live.m, off, len, &at) : m_inject(live.m, off, len, M_DONTWAIT);
  }
  if (n == nullptr) {
    if (right && len > MJUM16BYTES) return Expect(errno == EMSGSIZE, "EMSGSIZE");
    return ExpectFailure(right, errno);
  }
  Expect(right && at >= 0 && at + len <= n->m_len, "a gap");
  Expect(len == 0 || M_WRITABLE(n), "a gap to write in");
  const char* data = RandomBytes(source_, len);
  memcpy(n->m_data + at, data, static_cast<size_t>(len));
  live.flat.Insert(off, data, len);
}

void ChainOps::StripHdr() {
  Live& live = Pick();
  int size = live.flat.Size();
  int off = Argument(size);
  int len = Argument(off >= 0 && off <= size ? size - off : size);
  Note("striphdr", off, len);
  bool right = off >= 0 && len >= 0 && int64_t{off} + len <= size;
  int error;
  {
    Armed armed(this);
    error = m_striphdr(live.m, off, len);
  }
  if (error != 0) return ExpectFailure(right, error);
  Expect(right, "EINVAL");
  live.flat.Erase(off, len);
}

void ChainOps::CopyBackCow() {
  Live& live = Pick();
  int size = live.flat.Size();
  int off = Argument(size);
  int len = Argument(off >= 0 && off <= size ? size - off : size);
  Note("copyback_cow", off, len);
  bool right = off >= 0 && len >= 0 && int64_t{off} + len <= size;
  const char* data = RandomBytes(source_, right ? len : 0);
  mbuf* before = live.m;
  {
    Armed armed(this);
    live.m = m_copyback_cow(live.m, off, len, data, M_DONTWAIT);
  }
  if (live.m == nullptr) {
    ExpectFailure(right, errno);
    Remove(live);
    return;
  }
  Expect(right && live.m == before, "the same first mbuf");
  std::copy(data, data + len, live.flat.bytes.begin() + off);
}

void ChainOps::Zeroize() {
  Live& live = Pick();
  if (!source_->OneIn(4)) return;
  Note("zeroize");
  bool all = true;
  auto at = live.flat.bytes.begin();
  for (const mbuf* n = live.m; n != nullptr; at += n->m_len, n = n->m_next) {
    if (M_WRITABLE(n)) {
      std::fill(at, at + n->m_len, 0);
    } else {
      all = false;
    }
  }
  Expect(m_zeroize(live.m) == (all ? 0 : EBUSY), "EBUSY if not all of it can be written");
}

void ChainOps::RemoveExt() {
  Live& live = Pick();
  Note("extremove");
  mbuf* n = live.m;
  int at = 0;
  for (uint32_t i = source_->Below(4); i > 0 && n->m_next != nullptr; --i, n = n->m_next) {
    at += n->m_len;
  }
  bool right = (n->m_flags & M_EXT) != 0;
  int len = n->m_len;
  Expect(m_extremove(n) == (right ? 0 : EINVAL), "EINVAL without M_EXT");
  if (!right) return;
  Expect(M_WRITABLE(n) && n->m_len == 0, "its own buffer");
  live.flat.Erase(at, len);
  m_fixhdr(live.m);
}

}  // namespace weir
