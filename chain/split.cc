// Cutting a chain in two. Everything that can fail is done before anything changes, so a failure
// has nothing to restore.
#include <cstring>

#include "weir/chain/cow.h"
#include "weir/chain/ext.h"
#include "weir/chain/from.h"
#include "weir/chain/pkthdr.h"
#include "weir/chain/record.h"
#include "weir/chain/share.h"
#include "weir/chain/walk.h"

namespace weir {
namespace {

// Where the chain is cut: behind `at` bytes of m, `len` bytes of the whole chain.
struct Cut {
  mbuf* first;
  mbuf* m;
  int at;
  int len;

  bool Packet() const { return (first->m_flags & M_PKTHDR) != 0; }
  bool InsideMbuf() const { return at < m->m_len; }
};

// What the tail needs beyond the mbufs behind the cut. Freed unless handed on.
struct Parts {
  mbuf* piece = nullptr;   // takes what m holds behind the cut
  mbuf* header = nullptr;  // takes the packet header if the tail's first mbuf has no place for it
  m_tag* tags = nullptr;

  mbuf* Abandon(int error) {
    m_freem(piece);
    m_freem(header);
    FreeTags(tags);
    return Fail(error);
  }
};

// Whether the tail's first mbuf can hold the packet header as well as its data.
bool TailHoldsHeader(const Cut& cut) {
  if (cut.InsideMbuf()) return (cut.m->m_flags & M_EXT) || cut.m->m_len - cut.at <= MHLEN;
  const mbuf* m = cut.m->m_next;
  return CanHoldHeader(m) || (m_writable(m) && m->m_len <= MHLEN);
}

bool Gather(const Cut& cut, Parts* parts, int how) {
  if (cut.Packet()) {
    if (!CopyTags(cut.first, how, &parts->tags)) return false;
    if (!TailHoldsHeader(cut)) {
      parts->header = GetLike(cut.first, how, M_PKTHDR);
      if (parts->header == nullptr) return false;
    }
  }
  if (!cut.InsideMbuf()) return true;
  parts->piece = GetLike(cut.m, how, 0);
  if (parts->piece == nullptr) return false;
  bool shared = (cut.m->m_flags & M_EXT) && cut.at > 0;
  return !shared || m_extshare(cut.m, parts->piece) == 0;
}

// Copies the header of the head to the tail's `m`, shifting m's data out of its way if need be.
void GiveHeader(const Cut& cut, mbuf* m, m_tag* tags) {
  if (!CanHoldHeader(m)) {
    char* to = m->m_pktdat + ((MHLEN - m->m_len) & ~(static_cast<int>(sizeof(long)) - 1));
    memmove(to, m->m_data, static_cast<size_t>(m->m_len));
    m->m_data = to;
  }
  SetHeader(m, cut.first->m_pkthdr, cut.first->m_flags);
  m->m_pkthdr.tags = tags;
  m->m_pkthdr.len -= cut.len;
  cut.first->m_pkthdr.len = cut.len;
}

// Moves what cut.m holds behind the cut to `piece`.
void FillPiece(const Cut& cut, mbuf* piece) {
  int rest = cut.m->m_len - cut.at;
  if (!(cut.m->m_flags & M_EXT)) {
    m_align(piece, rest);
    memcpy(piece->m_data, cut.m->m_data + cut.at, static_cast<size_t>(rest));
  } else if (cut.at == 0) {
    MoveExt(piece, cut.m);  // the head keeps nothing of it, so nothing need be shared
  } else {
    piece->m_data = cut.m->m_data + cut.at;
  }
  piece->m_len = rest;
  piece->m_flags |= cut.m->m_flags & M_EOR;
  cut.m->m_len = cut.at;
  cut.m->m_flags &= ~M_EOR;
}

mbuf* Divide(const Cut& cut, const Parts& parts) {
  mbuf* tail = cut.m->m_next;
  cut.m->m_next = nullptr;
  if (parts.piece != nullptr) {
    // Before the data: an mbuf that gets a header is then aligned below it.
    if (cut.Packet() && parts.header == nullptr) GiveHeader(cut, parts.piece, parts.tags);
    FillPiece(cut, parts.piece);
    parts.piece->m_next = tail;
    tail = parts.piece;
  } else if (cut.Packet() && parts.header == nullptr) {
    GiveHeader(cut, tail, parts.tags);
  }
  if (parts.header == nullptr) return tail;
  GiveHeader(cut, parts.header, parts.tags);
  parts.header->m_next = tail;
  return parts.header;
}

// The tail of a packet that is cut at its end.
mbuf* EmptyPacket(const Cut& cut, int how) {
  mbuf* n = GetLike(cut.first, how, M_PKTHDR);
  if (n == nullptr) return nullptr;
  m_tag* tags;
  if (!CopyTags(cut.first, how, &tags)) return FailAndFree(n, errno);
  GiveHeader(cut, n, tags);
  return n;
}

// Whether a cut does no more than share a cluster: inside it, of a packet without tags, all of the
// default set. A cluster has its count already, so what can still fail is to get an mbuf.
[[gnu::always_inline]] inline bool OnlyShares(const Cut& cut) {
  const mbuf* m = cut.m;
  return 0 < cut.at && cut.at < m->m_len && cut.Packet() &&
         cut.first->m_pkthdr.tags == nullptr && (m->m_flags & M_EXT) && OrdinaryKind(m) &&
         IsCluster(m->m_ext.ext_type) && !ExtRecorded(m);
}

// Gather and Divide of such a cut in one go, with the mbuf p for the tail.
[[gnu::always_inline]] inline mbuf* ShareTail(const Cut& cut, void* p) {
  mbuf* first = cut.first;
  mbuf* m = cut.m;
  (void)AddHolder(m);
  mbuf* tail = WriteShare(p, first, first->m_pkthdr.len - cut.len, m, CountOf(m),
                          m->m_data + cut.at, m->m_len - cut.at,
                          (first->m_flags & kHeaderFlags) |
                              (m->m_flags & (M_EXT | M_RDONLY | M_EOR)));
  tail->m_next = m->m_next;
  m->m_next = nullptr;
  m->m_len = cut.at;
  m->m_flags &= ~M_EOR;
  first->m_pkthdr.len = cut.len;
  return tail;
}

// Any other. By value, so that m_split has its cut in registers.
[[gnu::noinline]] mbuf* CutOtherwise(mbuf* first, mbuf* m, int at, int len, int how) {
  const Cut cut = {first, m, at, len};
  if (!cut.InsideMbuf() && !HasData(cut.m->m_next)) {
    return cut.Packet() ? EmptyPacket(cut, how) : Fail(0);
  }
  Parts parts;
  if (!Gather(cut, &parts, how)) return parts.Abandon(errno);
  return Divide(cut, parts);
}

}  // namespace
}  // namespace weir

extern "C" {

struct mbuf* m_split(struct mbuf* m, int len, int how) {
  if (m == nullptr || len < 0) return weir::Fail(EINVAL);
  struct mbuf* n = m;
  int at = len;
  for (; n != nullptr && at > n->m_len; n = n->m_next) at -= n->m_len;
  if (n == nullptr) return weir::Fail(EINVAL);
  const weir::Cut cut = {m, n, at, len};
  if (weir::OnlyShares(cut)) {
    if (void* p = weir::AllocFast(WEIR_ZONE_MBUF, cut.m->m_tally)) [[likely]]
      return weir::ShareTail(cut, p);
  }
  return weir::CutOtherwise(m, n, at, len, how);
}

}  // extern "C"
