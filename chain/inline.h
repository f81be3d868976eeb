// The parts of the mbuf interface that are inlined into C++ callers: an mbuf, or one with a 2 KiB
// cluster that nobody shares, taken from or put back into the thread's caches. Everything that is
// not the common case is a call. tests/fast_path_test counts the instructions.
// C callers, and C++ ones with WEIR_NO_INLINE, call the exported functions of the same names.
#ifndef WEIR_CHAIN_INLINE_H_
#define WEIR_CHAIN_INLINE_H_

#include <bit>
#include <cstddef>
#include <cstdint>

#include "weir/alloc/alloc.h"
#include "weir/chain/mbuf.h"

// Inlined wherever they are used, as a call costs as much as what they do.
#define WEIR_INLINED_ inline __attribute__((__always_inline__))

namespace weir {

// The state word: what it is, mixed with where it is, so that a copy of an mbuf is not an mbuf; and
// with the set of zones that it is of, so that only mbufs of the default set pass for live below.
inline constexpr uint32_t kMbufLive = 0x6d627566;
inline constexpr uint32_t kMbufFree = 0x66726565;
inline uint32_t MbufState(const mbuf* m, uint32_t kind) {
  return static_cast<uint32_t>(reinterpret_cast<uintptr_t>(m)) ^ kind;
}
inline uint32_t LiveState(const mbuf* m, int pool) {
  return MbufState(m, kMbufLive) ^ static_cast<uint32_t>(pool) << 24;
}
// Of an mbuf or an external buffer that is recorded (chain/record.h), in m_state and ext_pool: the
// functions below take it for one that is not theirs.
inline constexpr uint32_t kMbufRecorded = uint32_t{64} << 24;
inline constexpr uint32_t kExtRecorded = 64;
// Of an mbuf with M_EXT, in m_state: it holds its cluster as the zone of packets has them, an
// EXT_PACKET that nobody shares and that is not recorded. So m_free need not look at m_ext, which
// is on another cache line, and has to come from afar if another thread allocated the mbuf. Whoever
// shares the cluster or takes it away ends this; and whoever gives an mbuf another buffer, as old
// code takes them away by hand.
inline constexpr uint32_t kMbufPacket = uint32_t{128} << 24;
inline bool IsPacket(const mbuf* m) {
  return ((m->m_state ^ MbufState(m, kMbufLive)) & kMbufPacket) != 0;
}
inline void EndPacket(mbuf* m) {
  if (IsPacket(m)) m->m_state ^= kMbufPacket;
}

#pragma GCC visibility push(default)

// Aborts, naming the zone, the address and what is wrong with it.
[[noreturn]] void BadMbuf(const mbuf* m, const char* doing);

// What the inline functions below call when there is more to do than they can. GetSlow: NULL with
// EINVAL if type is out of range, else m_get at the limit. GetClusterSlow: m_getcl from the start.
mbuf* GetSlow(int how, int type, uint32_t flags);
mbuf* GetClusterSlow(int how, int type, uint32_t flags);

// m_free of an mbuf that is not a live one of the default set (it may be of another, or recorded)
// or that has tags.
mbuf* FreeElsewhere(mbuf* m);
// m_free of any other that has an external buffer.
mbuf* FreeWithExt(mbuf* m);
// FreeSlow of an mbuf or a packet. Like the others, returns the mbuf that follows.
mbuf* FreeMbufSlow(int zone, mbuf* m);
// m_freem of what follows the first mbuf.
void FreeRest(mbuf* m);

#pragma GCC visibility pop

// Two neighbouring words in one store: these functions are as fast as they have few stores.
typedef uint64_t WordPair __attribute__((__vector_size__(16), __aligned__(8), __may_alias__));
WEIR_INLINED_ void StorePair(mbuf* m, size_t at, uint64_t low, uint64_t high) {
  *reinterpret_cast<WordPair*>(reinterpret_cast<char*>(m) + at) = WordPair{low, high};
}
static_assert(std::endian::native == std::endian::little);
static_assert(offsetof(mbuf, m_nextpkt) == 8 && offsetof(mbuf, m_data) == 16 &&
              offsetof(mbuf, m_len) == 24 && offsetof(mbuf, m_flags) == 28 &&
              offsetof(mbuf, m_type) == 32 && offsetof(mbuf, m_tally) == 35 &&
              offsetof(mbuf, m_state) == 36 && offsetof(mbuf, m_pkthdr) == 40 &&
              sizeof(pkthdr) == 56 && offsetof(mbuf, m_ext.ext_cnt) == 104 &&
              offsetof(mbuf, m_ext.ext_type) == 116);
static_assert(offsetof(mbuf, m_ext.ext_buf) == kPairFrom &&
              offsetof(mbuf, m_ext) + sizeof(m_ext) == kPairTo);

// Writes the header of an mbuf just taken: m_data, m_len with m_flags, and the first word behind
// it. `packet` is 0 or kMbufPacket. The state is checked where it matters, in Free; here only that
// m is not in use already, as what it is about to become.
WEIR_INLINED_ void WriteHeader(mbuf* m, int type, uint64_t data, uint64_t len_and_flags,
                               uint64_t behind, int pool, uint32_t packet) {
  const uint32_t live = LiveState(m, pool) ^ packet;
  if (m->m_state == live) [[unlikely]]
    BadMbuf(m, "allocated");
  const uint64_t tally = static_cast<uint8_t>(type);
  StorePair(m, 0, 0, 0);
  StorePair(m, 16, data, len_and_flags);
  const uint64_t kind = tally << 24 | static_cast<uint64_t>(pool) << 16 | tally;
  StorePair(m, 32, uint64_t{live} << 32 | kind, behind);
}

// The same of an mbuf without data; the first word behind the header becomes 0.
WEIR_INLINED_ mbuf* InitMbuf(void* p, int type, uint32_t flags, char* data, int pool = 0,
                             uint32_t packet = 0) {
  mbuf* m = static_cast<mbuf*>(p);
  WriteHeader(m, type, reinterpret_cast<uint64_t>(data), uint64_t{flags} << 32, 0, pool, packet);
  if (flags & M_PKTHDR) {
    StorePair(m, 48, 0, 0);
    StorePair(m, 64, 0, 0);
    StorePair(m, 80, 0, 0);
  }
  return m;
}
WEIR_INLINED_ mbuf* InitMbuf(void* p, int type, uint32_t flags) {
  mbuf* m = static_cast<mbuf*>(p);
  return InitMbuf(m, type, flags, flags & M_PKTHDR ? m->m_pktdat : m->m_dat);
}

// ext_type and ext_pool as one word: a type alone is a cluster of the default set.
WEIR_INLINED_ uint32_t ExtKind(const mbuf* m) {
  uint32_t kind;
  __builtin_memcpy(&kind, &m->m_ext.ext_type, sizeof kind);
  return kind;
}
static_assert(offsetof(m_ext, ext_pool) == offsetof(m_ext, ext_type) + 2);

// m_ext of a cluster that nobody shares; m_data and M_EXT are the caller's to set.
WEIR_INLINED_ void InitExt(mbuf* m, void* buf, int size, int zone, int pool = 0) {
  StorePair(m, MPKTHSIZE, reinterpret_cast<uint64_t>(buf), 0);
  m->m_ext.ext_size = static_cast<uint32_t>(size);
  m->m_ext.ext_type = static_cast<uint16_t>(zone);
  m->m_ext.ext_pool = static_cast<uint16_t>(pool);
}
WEIR_INLINED_ void AttachCluster(mbuf* m, void* buf, int size, int zone, int pool = 0) {
  InitExt(m, buf, size, zone, pool);
  m->m_data = static_cast<char*>(buf);
  m->m_flags |= M_EXT;
}

// What a slow function returned, so that it was not jumped to but called: the program's function is
// to be seen in the stack (chain/record.h, alloc/guard.h).
WEIR_INLINED_ mbuf* Called(mbuf* m) {
#ifndef WEIR_NO_INLINE
  asm volatile("" : "+r"(m));
#endif
  return m;
}

WEIR_INLINED_ mbuf* Get(int how, int type, uint32_t flags) {
  if (static_cast<unsigned>(type) < MT_NTYPES) [[likely]] {
    if (void* p = AllocFast(WEIR_ZONE_MBUF, type)) [[likely]]
      return InitMbuf(p, type, flags);
  }
  return Called(GetSlow(how, type, flags));
}

WEIR_INLINED_ mbuf* GetCluster(int how, int type, uint32_t flags) {
  ThreadRecord* t = t_thread.record;
  if (static_cast<unsigned>(type) < MT_NTYPES && (flags & ~M_PKTHDR) == 0) [[likely]] {
    // A free packet has kept its m_ext.
    if (void* p = AllocFast(t, WEIR_ZONE_PACKET, type)) [[likely]]
      return InitMbuf(p, type, flags | M_EXT, static_cast<mbuf*>(p)->m_ext.ext_buf, 0,
                      kMbufPacket);
  }
  return Called(GetClusterSlow(how, type, flags));
}

// False: call m_cljget.
WEIR_INLINED_ bool AddClusterFast(mbuf* m, int size, int zone) {
  if (m == nullptr || (m->m_flags & M_EXT) || m->m_state != LiveState(m, 0)) [[unlikely]]
    return false;
  void* buf = AllocFast(zone, 0);
  if (buf == nullptr) [[unlikely]]
    return false;
  AttachCluster(m, buf, size, zone);
  return true;
}

// Each way that is not the common one is a call in the last place: no register has to survive it,
// so m_free saves none.
WEIR_INLINED_ mbuf* Free(mbuf* m) {
  if (m == nullptr) return nullptr;
  const uint32_t is = m->m_state ^ LiveState(m, 0);
  if ((is & ~kMbufPacket) != 0) [[unlikely]]
    return Called(FreeElsewhere(m));
  const uint32_t flags = m->m_flags;
  if ((flags & M_PKTHDR) && m->m_pkthdr.tags != nullptr) [[unlikely]]
    return Called(FreeElsewhere(m));
  if ((flags & M_EXT) && is == 0) [[unlikely]]
    return Called(FreeWithExt(m));
  mbuf* next = m->m_next;
  ThreadRecord* t = t_thread.record;
  const uint8_t tally = m->m_tally;
  if (flags & M_EXT) {
    m->m_state = MbufState(m, kMbufFree);
    if (!FreeFast(t, WEIR_ZONE_PACKET, tally, m)) [[unlikely]]
      return Called(FreeMbufSlow(WEIR_ZONE_PACKET, m));
    return next;
  }
  m->m_state = MbufState(m, kMbufFree);
  if (!FreeFast(t, WEIR_ZONE_MBUF, tally, m)) [[unlikely]]
    return Called(FreeMbufSlow(WEIR_ZONE_MBUF, m));
  return next;
}

}  // namespace weir

#ifndef WEIR_NO_INLINE
// gnu_inline: these bodies serve for inlining only; the functions themselves are in the library.
#define WEIR_INLINE_ extern inline __attribute__((__gnu_inline__, __always_inline__))
extern "C" {
WEIR_INLINE_ struct mbuf* m_get(int how, int type) { return weir::Get(how, type, 0); }
WEIR_INLINE_ struct mbuf* m_gethdr(int how, int type) { return weir::Get(how, type, M_PKTHDR); }
WEIR_INLINE_ struct mbuf* m_getcl(int how, int type, int flags) {
  return weir::GetCluster(how, type, static_cast<uint32_t>(flags));
}
WEIR_INLINE_ int m_clget(struct mbuf* m, int how) {
  return weir::AddClusterFast(m, MCLBYTES, EXT_CLUSTER) ? 0 : m_cljget(m, how, MCLBYTES);
}
WEIR_INLINE_ struct mbuf* m_free(struct mbuf* m) { return weir::Free(m); }
WEIR_INLINE_ void m_freem(struct mbuf* m) {
  if (struct mbuf* rest = weir::Free(m)) weir::FreeRest(rest);
}
}  // extern "C"
#undef WEIR_INLINE_
#endif

#undef WEIR_INLINED_

#endif  // WEIR_CHAIN_INLINE_H_
