// The packet header as a value: copied, moved and installed by the operations that make or break
// packets.
//
// M_EOR is not part of it. The mark says that a record ends with this mbuf's last byte, so it
// stays with the data when the header moves to another mbuf.
#ifndef WEIR_CHAIN_PKTHDR_H_
#define WEIR_CHAIN_PKTHDR_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "weir/chain/mbuf.h"

namespace weir {

// The flags that travel with a packet header.
inline constexpr uint32_t kHeaderFlags = M_COPYFLAGS & ~M_EOR;

// A header's length is often stored just before the header is copied. Loaded as one word with what
// lies beside it, it would wait until all stores before are done, as of a packet's data; the
// compiler does not see through this, and leaves it alone.
[[gnu::always_inline]] inline int32_t LengthIn(const pkthdr& header) {
  int32_t len = header.len;
  asm("" : "+r"(len));
  return len;
}

// `from`, tags included, with another length.
[[gnu::always_inline]] inline void CopyHeader(pkthdr* to, const pkthdr& from, int32_t len) {
  constexpr size_t kRest = offsetof(pkthdr, csum_flags);
  to->rcvif = from.rcvif;
  to->tags = from.tags;
  to->len = len;
  to->flowid = from.flowid;
  memcpy(reinterpret_cast<char*>(to) + kRest, reinterpret_cast<const char*>(&from) + kRest,
         sizeof from - kRest);
}
static_assert(offsetof(pkthdr, csum_flags) == offsetof(pkthdr, flowid) + sizeof(uint32_t) &&
              offsetof(pkthdr, flowid) == offsetof(pkthdr, len) + sizeof(int32_t));

// Whether m has a place for a packet header without losing data.
bool CanHoldHeader(const mbuf* m);

// m, which has a header, is a plain mbuf from now on. Its tags are freed.
inline void DropHeader(mbuf* m) {
  if (m->m_pkthdr.tags != nullptr) m_tag_delete_chain(m, nullptr);
  m->m_pkthdr = {};
  m->m_flags &= ~kHeaderFlags;
}

// Gives m, which can hold it, the header: takes over its tags. m's own header, if any, is freed;
// without M_EXT and data m_data becomes m_pktdat.
void SetHeader(mbuf* m, const pkthdr& header, uint32_t flags);

// Moves from's header, its flags and m_nextpkt to `to`, which becomes the first mbuf in its place.
// from is then a plain mbuf. Without M_PKTHDR only m_nextpkt moves.
void MoveHeader(mbuf* to, mbuf* from);

// Copies of from's tags, in order. False with ENOBUFS if they cannot all be copied.
bool CopyTags(const mbuf* from, int how, m_tag** copies);
// Frees a list of tags that no mbuf holds.
void FreeTags(m_tag* list);

}  // namespace weir

#endif  // WEIR_CHAIN_PKTHDR_H_
