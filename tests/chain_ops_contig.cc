// Operations that make data contiguous, writable, or fewer mbufs.
#include <algorithm>
#include <cerrno>

#include "tests/chain_ops.h"
#include "tests/chain_pieces.h"

namespace weir {
namespace {

int Count(const mbuf* m) {
  int count = 0;
  for (; m != nullptr; m = m->m_next) ++count;
  return count;
}

// How many bytes are in front of n, or -1 if it is not part of m.
int Before(const mbuf* m, const mbuf* n) {
  int at = 0;
  for (; m != nullptr && m != n; m = m->m_next) at += m->m_len;
  return m == nullptr ? -1 : at;
}

// Where byte `at` of the chain is, or NULL.
const char* Address(mbuf* m, int at) {
  int off;
  m = at < 0 ? nullptr : m_getptr(m, at, &off);
  return m == nullptr || off == m->m_len ? nullptr : m->m_data + off;
}

}  // namespace

void ChainOps::EnsureContig() {
  Live& live = Pick();
  int size = live.flat.Size();
  int len = Argument(std::min(size, MJUM16BYTES + 2));
  Note("ensure_contig", len);
  int had = live.m->m_len;
  mbuf* before = live.m;
  bool done;
  {
    Armed armed(this);
    done = m_ensure_contig(&live.m, len);
  }
  if (!done) {
    Expect(live.m == before && live.m->m_len == had, "the chain as it was");
    if (len > MJUM16BYTES && len <= size) return Expect(errno == EMSGSIZE, "EMSGSIZE");
    return ExpectFailure(len >= 0 && len <= size, errno);
  }
  Expect(len >= 0 && len <= size && live.m->m_len >= len, "contiguous data");
  if (len > had) live.flat.MergeMarks(live.m->m_len);
}

void ChainOps::Copyup() {
  Live& live = Pick();
  int size = live.flat.Size();
  int len = Argument(std::min(size, MJUM16BYTES));
  int room = source_->OneIn(8) ? Argument(MJUM16BYTES) : source_->Length(200);
  Note("copyup", len, room);
  bool right = len >= 0 && len <= size && room >= 0;
  {
    Armed armed(this);
    live.m = m_copyup(live.m, len, room);
  }
  bool fits = int64_t{len} + room <= MJUM16BYTES;
  if (live.m == nullptr) {
    if (right && !fits) {
      Expect(errno == EMSGSIZE, "EMSGSIZE");
    } else {
      ExpectFailure(right, errno);
    }
    Remove(live);
    return;
  }
  Expect(right && fits && live.m->m_len >= len, "contiguous data");
  Expect(M_WRITABLE(live.m) && M_LEADINGSPACE(live.m) == room, "the room in front");
  live.flat.MergeMarks(live.m->m_len);
}

void ChainOps::Pulldown() {
  Live& live = Pick();
  int size = live.flat.Size();
  int off = Argument(size);
  int len = Argument(off >= 0 && off <= size ? size - off : size);
  bool ask = source_->Below(2) == 1;
  Note(ask ? "pulldown" : "pulldown to data", off, len);
  bool right = off >= 0 && len >= 0 && int64_t{off} + len <= size;
  const char* front = right ? Address(live.m, off - 1) : nullptr;
  int at = 0;
  mbuf* n;
  {
    Armed armed(this);
    n = m_pulldown(live.m, off, len, ask ? &at : nullptr);
  }
  if (n == nullptr) {
    if (right && len > MJUM16BYTES) {
      Expect(errno == EMSGSIZE || errno == ENOBUFS, "EMSGSIZE");
    } else {
      ExpectFailure(right, errno);
    }
    Remove(live);
    return;
  }
  int begin = Before(live.m, n);
  Expect(right && begin >= 0 && begin + at == off && at + len <= n->m_len, "contiguous data");
  Expect(Address(live.m, off - 1) == front, "what is in front where it was");
  live.flat.MergeMarks(off, begin + n->m_len);
}

void ChainOps::Defrag() {
  Live& live = Pick();
  int count = Count(live.m);
  Note("defrag", count);
  mbuf* m;
  {
    Armed armed(this);
    m = m_defrag(live.m, M_DONTWAIT);
  }
  if (m == nullptr) return ExpectFailure(true, errno);
  live.m = m;
  Expect(Count(m) == std::min(count, live.flat.FewestMbufs()), "as few mbufs as can be");
}

void ChainOps::Collapse() {
  Live& live = Pick();
  int count = Count(live.m);
  int most = Argument(count);
  Note("collapse", count, most);
  mbuf* m;
  {
    Armed armed(this);
    m = m_collapse(live.m, M_DONTWAIT, most);
  }
  if (m == nullptr) {
    if (most > 0 && live.flat.FewestMbufs() > most && errno == EMSGSIZE) return;
    return ExpectFailure(most > 0, errno);
  }
  live.m = m;
  Expect(most > 0 && Count(m) <= most, "no more mbufs than that");
  if (count <= most) Expect(Count(m) == count, "the chain as it was");
}

void ChainOps::Unshare() {
  Live& live = Pick();
  Note("unshare");
  mbuf* before = live.m;
  {
    Armed armed(this);
    live.m = m_unshare(live.m, M_DONTWAIT);
  }
  if (live.m == nullptr) {
    ExpectFailure(true, errno);
    Remove(live);
    return;
  }
  Expect(live.m == before, "the same first mbuf");
  for (const mbuf* n = live.m; n != nullptr; n = n->m_next) Expect(M_WRITABLE(n), "all writable");
}

void ChainOps::MakeWritable() {
  Live& live = Pick();
  int size = live.flat.Size();
  int off = Argument(size);
  int len = source_->OneIn(8) ? M_COPYALL : Argument(off >= 0 && off <= size ? size - off : size);
  Note("makewritable", off, len);
  bool right =
      off >= 0 && off <= size && (len == M_COPYALL || (len >= 0 && int64_t{off} + len <= size));
  mbuf* before = live.m;
  int error;
  {
    Armed armed(this);
    error = m_makewritable(&live.m, off, len, M_DONTWAIT);
  }
  Expect(live.m == before, "the same first mbuf");
  if (error != 0) return ExpectFailure(right, error);
  Expect(right, "EINVAL");
  int end = len == M_COPYALL ? size : off + len;
  int at = 0;
  for (const mbuf* n = live.m; n != nullptr; at += n->m_len, n = n->m_next) {
    bool inside = at < end && at + n->m_len > off && n->m_len > 0;
    Expect(!inside || M_WRITABLE(n), "the range writable");
  }
}

}  // namespace weir
