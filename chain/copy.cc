// Copies: with clusters shared (m_copym), with nothing shared (m_dup), to flat memory.
#include <algorithm>
#include <cstring>

#include "weir/chain/counts.h"
#include "weir/chain/cow.h"
#include "weir/chain/ext.h"
#include "weir/chain/from.h"
#include "weir/chain/pkthdr.h"
#include "weir/chain/share.h"
#include "weir/chain/walk.h"

namespace weir {
namespace {

// Copies from's header, if wanted, without M_EOR, which goes by the data.
bool DupHeader(mbuf* to, const mbuf* from, bool wanted, int how) {
  if (!wanted) return true;
  if (!m_dup_pkthdr(to, from, how)) return false;
  to->m_flags &= ~M_EOR;
  return true;
}

// A copy of [off, off + count) of m's own data, at the same place in its buffer. An mbuf is
// copied to one of the same layout, or from a packet header to a roomier plain one, so it fits;
// merging two mbufs here could not promise that.
bool FillShared(mbuf* n, mbuf* m, int off, int count) {
  if ((m->m_flags & M_EXT) && count > 0) {
    if (m_extshare(m, n) != 0) return false;
    n->m_data += off;
  } else if (count > 0) {
    n->m_data = M_START(n) + (m->m_data - M_START(m)) + off;
    memcpy(n->m_data, m->m_data + off, static_cast<size_t>(count));
  } else if (!(m->m_flags & M_EXT)) {
    n->m_data = M_START(n) + (m->m_data - M_START(m));  // no data, but its leading space
  }
  n->m_len = count;
  if (off + count == m->m_len) n->m_flags |= m->m_flags & M_EOR;
  return true;
}

mbuf* CopyOne(mbuf* m, int off, int count, bool header, int how) {
  mbuf* n = GetLike(m, how, 0);
  if (n == nullptr) return nullptr;
  if (!DupHeader(n, m, header, how) || !FillShared(n, m, off, count)) {
    return FailAndFree(n, errno);
  }
  return n;
}

// [off, off + len) of the chain, which has that much, and with `all` also the empty mbufs behind.
mbuf* CopyRange(mbuf* m, int off, int64_t len, bool header, bool all, int how) {
  if (off > 0) {
    for (; off >= m->m_len; m = m->m_next) off -= m->m_len;
  }
  mbuf* top = nullptr;
  mbuf** link = &top;
  for (; m != nullptr && (len > 0 || all); m = m->m_next) {
    int count = static_cast<int>(std::min<int64_t>(len, m->m_len - off));
    mbuf* n = CopyOne(m, off, count, header, how);
    if (n == nullptr) return FailAndFree(top, errno);
    *link = n;
    link = &n->m_next;
    len -= count;
    off = 0;
    header = false;
  }
  return top;
}

// A packet of one mbuf with data in an external buffer, without tags, of the default set and
// counted under its type: what m_copypacket mostly gets.
[[gnu::always_inline]] inline bool Simple(const mbuf* m) {
  constexpr uint32_t kParts = M_PKTHDR | M_EXT;
  return (m->m_flags & kParts) == kParts && OrdinaryKind(m) &&
         (reinterpret_cast<uintptr_t>(m->m_next) | reinterpret_cast<uintptr_t>(m->m_pkthdr.tags)) ==
             0 &&
         m->m_len > 0 && m->m_len == m->m_pkthdr.len;
}

// A copy of a Simple packet, in the mbuf p. The caller counts the share.
[[gnu::always_inline]] inline mbuf* CopySimple(const mbuf* m, uint32_t* count, void* p) {
  return WriteShare(p, m, m->m_len, m, count, m->m_data, m->m_len,
                    m->m_flags & (M_COPYFLAGS | M_EXT | M_RDONLY));
}

// Not inlined, so that m_copypacket saves no registers for what is rare.
[[gnu::noinline, gnu::cold]] mbuf* CopyStuck(const mbuf* m, void* p) {
  SayStuck(m);
  return CopySimple(m, CountOf(m), p);
}

mbuf* CopyFailed(int error) {
  CountCopyFailure();
  return Fail(error);
}

// m_copym of anything.
[[gnu::noinline]] mbuf* CopyPart(mbuf* m, int off, int len, int how) {
  bool all = len == M_COPYALL;
  if (off < 0 || !Inside(m, off, all ? 0 : len)) return CopyFailed(EINVAL);
  bool header = off == 0 && (m->m_flags & M_PKTHDR);
  int64_t range = all ? Total(m) - off : len;
  // An empty packet is still a packet; any other empty range is nothing, and no failure.
  if (range == 0 && !(all && header)) return Fail(0);
  mbuf* top = CopyRange(m, off, range, header, all, how);
  if (top == nullptr) return CopyFailed(errno);
  if (header) top->m_pkthdr.len = static_cast<int32_t>(std::min<int64_t>(range, INT32_MAX));
  return top;
}

// m_copypacket of any other: the first share of a buffer, and what the loop over mbufs is for.
[[gnu::noinline]] mbuf* CopyOtherPacket(mbuf* m, int how) {
  if (m == nullptr || !(m->m_flags & M_PKTHDR)) return CopyFailed(EINVAL);
  if (Simple(m) && (m->m_ext.ext_cnt != nullptr || IsCluster(m->m_ext.ext_type))) {
    if (void* p = AllocFast(WEIR_ZONE_MBUF, static_cast<uint8_t>(m->m_type))) {
      (void)AddHolder(m);  // a cluster has its count already
      return CopySimple(m, CountOf(m), p);
    }
  }
  return CopyPart(m, 0, M_COPYALL, how);
}

// The data of m from off on, as far as one buffer takes it, in a buffer of its own.
mbuf* DupOne(const mbuf* m, int off, bool header, int how) {
  int count = std::min(m->m_len - off, MJUM16BYTES);
  mbuf* n = GetSizeLike(m, count, how, header ? M_PKTHDR : 0);
  if (n == nullptr) return nullptr;
  if (!DupHeader(n, m, header, how)) return FailAndFree(n, errno);
  PlaceData(n, off == 0 ? m->m_data - M_START(m) : 0, count);
  if (count > 0) memcpy(n->m_data, m->m_data + off, static_cast<size_t>(count));
  n->m_len = count;
  if (off + count == m->m_len) n->m_flags |= m->m_flags & M_EOR;
  return n;
}

}  // namespace
}  // namespace weir

extern "C" {

struct mbuf* m_copym(struct mbuf* m, int off, int len, int how) {
  if (off == 0 && len == M_COPYALL && m != nullptr && (m->m_flags & M_PKTHDR)) {
    return m_copypacket(m, how);
  }
  return weir::CopyPart(m, off, len, how);
}

// Each way that is not the common one is a call in the last place: no register has to survive it.
struct mbuf* m_copypacket(struct mbuf* m, int how) {
  if (m == nullptr || !weir::Simple(m) || weir::ExtRecorded(m))
    return weir::CopyOtherPacket(m, how);
  uint32_t* count = weir::CountOf(m);
  if (count == nullptr) return weir::CopyOtherPacket(m, how);
  void* p = weir::AllocFast(WEIR_ZONE_MBUF, m->m_tally);
  if (p == nullptr) [[unlikely]]
    return weir::CopyOtherPacket(m, how);
  if (!weir::RefCount(count).Add()) [[unlikely]]
    return weir::CopyStuck(m, p);
  return weir::CopySimple(m, count, p);
}

struct mbuf* m_dup(const struct mbuf* m, int how) {
  if (m == nullptr) return weir::Fail(EINVAL);
  struct mbuf* top = nullptr;
  struct mbuf** link = &top;
  for (const struct mbuf* first = m; m != nullptr; m = m->m_next) {
    int off = 0;
    do {
      bool header = m == first && off == 0 && (m->m_flags & M_PKTHDR);
      struct mbuf* n = weir::DupOne(m, off, header, how);
      if (n == nullptr) return weir::FailAndFree(top, errno);
      *link = n;
      link = &n->m_next;
      off += n->m_len;
    } while (off < m->m_len);
  }
  return top;
}

struct mbuf* m_dup_pkt(const struct mbuf* m, unsigned adj, int how) {
  if (m == nullptr || !(m->m_flags & M_PKTHDR)) return weir::Fail(EINVAL);
  int64_t len = weir::Total(m);
  if (len + adj > MJUM16BYTES) return weir::Fail(EMSGSIZE);
  struct mbuf* n = weir::GetSizeLike(m, static_cast<int>(len + adj), how, M_PKTHDR);
  if (n == nullptr) return nullptr;
  if (!weir::DupHeader(n, m, true, how)) return weir::FailAndFree(n, errno);
  n->m_data += adj;
  n->m_len = n->m_pkthdr.len = static_cast<int32_t>(len);
  m_copydata(m, 0, n->m_len, n->m_data);
  for (; m != nullptr; m = m->m_next) n->m_flags |= m->m_flags & M_EOR;
  return n;
}

int m_copydata(const struct mbuf* m, int off, int len, void* buf) {
  if (!weir::Inside(m, off, len) || (buf == nullptr && len > 0)) return EINVAL;
  char* to = static_cast<char*>(buf);
  for (; len > 0; m = m->m_next) {
    if (off >= m->m_len) {
      off -= m->m_len;
      continue;
    }
    int count = std::min(len, m->m_len - off);
    memcpy(to, m->m_data + off, static_cast<size_t>(count));
    to += count;
    len -= count;
    off = 0;
  }
  return 0;
}

}  // extern "C"
