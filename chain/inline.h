// The parts of the mbuf interface that are inlined into C++ callers: one mbuf or cluster taken
// from or put back into the thread's cache. Everything that is not the common case is a call.
// C callers, and C++ ones with WEIR_NO_INLINE, call the exported functions of the same names.
#ifndef WEIR_CHAIN_INLINE_H_
#define WEIR_CHAIN_INLINE_H_

#include <cstdint>

#include "weir/alloc/alloc.h"
#include "weir/chain/mbuf.h"

namespace weir {

// The state word: what it is, mixed with where it is, so that a copy of an mbuf is not an mbuf.
inline constexpr uint32_t kMbufLive = 0x6d627566;
inline constexpr uint32_t kMbufFree = 0x66726565;
inline uint32_t MbufState(const mbuf *m, uint32_t kind) {
  return static_cast<uint32_t>(reinterpret_cast<uintptr_t>(m)) ^ kind;
}

// Aborts, naming the zone, the address and what is wrong with it.
[[noreturn]] void BadMbuf(const mbuf *m, const char *doing);

// NULL with EINVAL if type is out of range, else m_get at the limit.
mbuf *GetSlow(int how, int type, uint32_t flags);

// Drops tags and external storage of an mbuf that is about to be freed.
void FreeExtras(mbuf *m);

inline mbuf *InitMbuf(void *p, int type, uint32_t flags) {
  mbuf *m = static_cast<mbuf *>(p);
  if (m->m_state != MbufState(m, kMbufFree)) [[unlikely]] BadMbuf(m, "allocated");
  m->m_state = MbufState(m, kMbufLive);
  m->m_next = nullptr;
  m->m_nextpkt = nullptr;
  m->m_len = 0;
  m->m_flags = flags;
  m->m_type = static_cast<int16_t>(type);
  m->m_pool = 0;
  m->m_tally = static_cast<uint8_t>(type);
  if (flags & M_PKTHDR) {
    m->m_pkthdr = {};
    m->m_data = m->m_pktdat;
  } else {
    m->m_data = m->m_dat;
  }
  return m;
}

inline mbuf *Get(int how, int type, uint32_t flags) {
  if (static_cast<unsigned>(type) < MT_NTYPES) [[likely]] {
    if (void *p = AllocFast(WEIR_ZONE_MBUF, type)) [[likely]] return InitMbuf(p, type, flags);
  }
  return GetSlow(how, type, flags);
}

inline mbuf *Free(mbuf *m) {
  if (m == nullptr) return nullptr;
  if (m->m_state != MbufState(m, kMbufLive)) [[unlikely]] BadMbuf(m, "freed");
  mbuf *next = m->m_next;
  if (m->m_flags & (M_EXT | M_PKTHDR)) FreeExtras(m);
  m->m_state = MbufState(m, kMbufFree);
  Free(WEIR_ZONE_MBUF, m->m_tally, m);
  return next;
}

} // namespace weir

#ifndef WEIR_NO_INLINE
// gnu_inline: these bodies serve for inlining only; the functions themselves are in the library.
#define WEIR_INLINE_ extern inline __attribute__((__gnu_inline__))
extern "C" {
WEIR_INLINE_ struct mbuf *m_get(int how, int type) { return weir::Get(how, type, 0); }
WEIR_INLINE_ struct mbuf *m_gethdr(int how, int type) { return weir::Get(how, type, M_PKTHDR); }
WEIR_INLINE_ struct mbuf *m_free(struct mbuf *m) { return weir::Free(m); }
} // extern "C"
#undef WEIR_INLINE_
#endif

#endif // WEIR_CHAIN_INLINE_H_
