// Copy on write. An mbuf keeps its address, since its chain and its caller point to it, so a spare
// mbuf takes the old buffer away and is freed with it.
#include "weir/chain/cow.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include "weir/chain/ext.h"
#include "weir/chain/from.h"
#include "weir/chain/record.h"

namespace weir {
namespace {

int64_t Lead(const mbuf* m) { return m->m_data - M_START(m); }

// Little data: back into the mbuf itself, no cluster needed.
int MoveInside(mbuf* m, int how) {
  mbuf* spare = GetLike(m, how, 0);
  if (spare == nullptr) return errno;
  int64_t lead = Lead(m);
  MoveExt(spare, m);
  PlaceData(m, lead, spare->m_len);
  m->m_len = spare->m_len;
  memcpy(m->m_data, spare->m_data, static_cast<size_t>(m->m_len));
  m_free(spare);
  return 0;
}

// No more than a cluster holds: MakeRangePrivate sees to it.
int MoveToCluster(mbuf* m, int how) {
  mbuf* spare = GetClusterFrom(PoolsOf(m), how, m->m_type, 0, ClusterFor(m->m_len));
  if (spare == nullptr) return errno;
  PlaceData(spare, Lead(m), m->m_len);
  memcpy(spare->m_data, m->m_data, static_cast<size_t>(m->m_len));
  spare->m_len = m->m_len;
  EndPacket(m);
  EndPacket(spare);
  if (m->m_flags & M_EXT) {
    std::swap(m->m_ext, spare->m_ext);
  } else {
    m->m_ext = spare->m_ext;
    spare->m_flags &= ~M_EXT;
    spare->m_len = 0;
  }
  std::swap(m->m_data, spare->m_data);
  m->m_flags = (m->m_flags & ~M_RDONLY) | M_EXT;
  NoteExtOf(m, kEventCluster);
  m_free(spare);
  return 0;
}

// Whether n's data follows last's in one buffer that both hold a share of.
bool LiesBehind(const mbuf* last, const mbuf* n) {
  return (last->m_flags & n->m_flags & M_EXT) && last->m_ext.ext_cnt != nullptr &&
         last->m_ext.ext_cnt == n->m_ext.ext_cnt && last->m_ext.ext_buf == n->m_ext.ext_buf &&
         last->m_data + last->m_len == n->m_data;
}

}  // namespace

void PlaceData(mbuf* m, int64_t lead, int len) {
  int room = M_SIZE(m) - len;
  m->m_data = M_START(m) + (lead <= room ? lead : room & ~(static_cast<int>(sizeof(long)) - 1));
}

void MoveExt(mbuf* to, mbuf* from) {
  EndPacket(from);
  to->m_ext = from->m_ext;
  to->m_data = from->m_data;
  to->m_len = from->m_len;
  to->m_flags |= from->m_flags & (M_EXT | M_RDONLY);
  from->m_flags &= ~(M_EXT | M_RDONLY);
  from->m_data = M_START(from);
  from->m_len = 0;
  NoteExtOf(to, kEventCluster);
  NoteExtOf(from, kEventMoved);
}

int ShareRest(mbuf* m, int len, int how) {
  mbuf* rest = GetLike(m, how, 0);
  if (rest == nullptr) return errno;
  if (int error = m_extshare(m, rest); error != 0) {
    m_free(rest);
    return error;
  }
  rest->m_data += len;
  rest->m_len -= len;
  rest->m_flags |= m->m_flags & M_EOR;
  rest->m_next = m->m_next;
  m->m_len = len;
  m->m_flags &= ~M_EOR;
  m->m_next = rest;
  return 0;
}

int CutRest(mbuf* m, int len, int how) {
  if ((m->m_flags & M_EXT) && len > 0) return ShareRest(m, len, how);
  mbuf* rest = GetLike(m, how, 0);
  if (rest == nullptr) return errno;
  if (m->m_flags & M_EXT) {
    MoveExt(rest, m);
  } else {
    rest->m_len = m->m_len - len;
    m_align(rest, rest->m_len);
    memcpy(rest->m_data, m->m_data + len, static_cast<size_t>(rest->m_len));
    m->m_len = len;
  }
  rest->m_flags |= m->m_flags & M_EOR;
  rest->m_next = m->m_next;
  m->m_flags &= ~M_EOR;
  m->m_next = rest;
  return 0;
}

bool CoalesceFitting(mbuf* last, const mbuf* n) {
  if ((last->m_flags & M_EOR) || last->m_type != n->m_type) return false;
  if (LiesBehind(last, n)) {
    last->m_len += n->m_len;
  } else if (!m_writable(last)) {
    return false;
  } else if (n->m_len > 0) {
    memcpy(last->m_data + last->m_len, n->m_data, static_cast<size_t>(n->m_len));
    last->m_len += n->m_len;
  }
  last->m_flags |= n->m_flags & M_EOR;
  return true;
}

int MakePrivate(mbuf* m, int how) {
  bool fits = m->m_len <= ((m->m_flags & M_PKTHDR) ? MHLEN : MLEN);
  return (m->m_flags & M_EXT) && fits ? MoveInside(m, how) : MoveToCluster(m, how);
}

int MakeRangePrivate(mbuf* m, int64_t off, int64_t end, int how) {
  int64_t at = 0;
  for (; m != nullptr && at < end; at += m->m_len, m = m->m_next) {
    if (at + m->m_len <= off || m->m_len == 0 || m_writable(m)) continue;
    if (m->m_len > MJUM16BYTES) {
      // More than one buffer can replace: cut off what stays shared, or what the next round does.
      int keep = static_cast<int>(off > at ? off - at : MJUM16BYTES);
      if (int error = ShareRest(m, keep, how); error != 0) return error;
      if (off > at) continue;
    }
    if (int error = MakePrivate(m, how); error != 0) return error;
  }
  return 0;
}

}  // namespace weir
