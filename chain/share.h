// A second mbuf for a cluster, written in one go: what m_copypacket and m_split mostly do.
#ifndef WEIR_CHAIN_SHARE_H_
#define WEIR_CHAIN_SHARE_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "weir/chain/ext.h"
#include "weir/chain/inline.h"
#include "weir/chain/mbuf.h"
#include "weir/chain/pkthdr.h"

namespace weir {

// m_type, m_pool and m_tally as one word.
[[gnu::always_inline]] inline uint32_t KindOf(const mbuf* m) {
  uint32_t kind;
  memcpy(&kind, &m->m_type, sizeof kind);
  return kind;
}
static_assert(MT_NTYPES == 0x100 && offsetof(mbuf, m_pool) == offsetof(mbuf, m_type) + 2 &&
              offsetof(mbuf, m_tally) == offsetof(mbuf, m_type) + 3);

// Where the count of m's external buffer is.
[[gnu::always_inline]] inline uint32_t* CountOf(const mbuf* m) {
  uint32_t* count = m->m_ext.ext_cnt;
  asm("" : "+r"(count));
  return count;
}

// Whether m is of the default set and counted under its type.
[[gnu::always_inline]] inline bool OrdinaryKind(const mbuf* m) {
  return KindOf(m) == (KindOf(m) & 0xff) * 0x01000001u;
}

// A packet of `total` bytes in p, a free mbuf just taken: the rest of the header of `first`, which
// has no tags, and `len` bytes at `data` of m's external buffer. m is of an OrdinaryKind. The share
// is the caller's to count: all stores have to be done before a shared count can change, so here
// are few, most of what lies side by side in both. WriteHeader would take the same apart and put it
// together again. Nothing that may just have been stored is loaded as one word with what lies
// beside it, see chain/pkthdr.h: not the packet's length, nor where the count is (`count`).
[[gnu::always_inline]] inline mbuf* WriteShare(void* p, const mbuf* first, int32_t total,
                                               const mbuf* m, uint32_t* count, char* data,
                                               int32_t len, uint32_t flags) {
  auto* n = static_cast<mbuf*>(p);
  const uint32_t live = LiveState(n, 0);
  if (n->m_state == live) [[unlikely]]
    BadMbuf(n, "allocated");
  auto pair = [](uint32_t low, uint32_t high) { return uint64_t{high} << 32 | low; };
  StorePair(n, 0, 0, 0);
  StorePair(n, 16, reinterpret_cast<uint64_t>(data), pair(static_cast<uint32_t>(len), flags));
  const pkthdr& header = first->m_pkthdr;
  StorePair(n, 32, pair(KindOf(m), live), reinterpret_cast<uint64_t>(header.rcvif));
  StorePair(n, 48, 0, pair(static_cast<uint32_t>(total), header.flowid));
  auto copy = [n](const mbuf* from, size_t begin, size_t end) {
    memcpy(reinterpret_cast<char*>(n) + begin, reinterpret_cast<const char*>(from) + begin,
           end - begin);
  };
  constexpr size_t kExt = offsetof(mbuf, m_ext), kSize = offsetof(mbuf, m_ext.ext_size),
                   kArgs = offsetof(mbuf, m_ext.ext_arg1);
  copy(first, offsetof(mbuf, m_pkthdr.csum_flags), kExt);
  StorePair(n, kExt, reinterpret_cast<uint64_t>(m->m_ext.ext_buf),
            reinterpret_cast<uint64_t>(count));
  copy(m, kSize, kArgs);
  // How a cluster is freed takes no arguments.
  if (!IsCluster(m->m_ext.ext_type)) copy(m, kArgs, kExt + sizeof(m->m_ext));
  return n;
}

}  // namespace weir

#endif  // WEIR_CHAIN_SHARE_H_
