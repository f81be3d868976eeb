// What is done to an object as it becomes free and as it is handed out: nothing, unless this is
// the check flavour (fill and verify) or AddressSanitizer is watching (poison).
#ifndef WEIR_ALLOC_HOOKS_H_
#define WEIR_ALLOC_HOOKS_H_

#include "weir/alloc/layout.h"
#include "weir/alloc/sanitize.h"

namespace weir {

// Fills bytes [from, to) of a free object with a pattern; verifies them, and aborts naming the
// first that changed.
void FillFree(void* object, size_t from, size_t to);
void VerifyFree(int zone, const void* object, size_t from, size_t to);
// Whether every free object is filled and verified.
#ifdef WEIR_CHECK
inline constexpr bool kFillEach = true;
#else
inline constexpr bool kFillEach = false;
#endif
// Whether at least those that are held back are. Not what AddressSanitizer watches; and model tests
// keep what they know of an object in it.
#if defined(WEIR_ASAN) || defined(WEIR_TINY)
inline constexpr bool kFillHeldBack = false;
#else
inline constexpr bool kFillHeldBack = !kFillEach;
#endif

// The cluster of a packet.
inline void*& PacketCluster(void* packet) {
  return *reinterpret_cast<void**>(static_cast<char*>(packet) + kPairFrom);
}

inline void CloseBytes(void* object, size_t from, size_t to) {
  if constexpr (kFillEach) FillFree(object, from, to);
  Poison(static_cast<char*>(object) + from, to - from);
}
inline void OpenBytes(int zone, void* object, size_t from, size_t to) {
  Unpoison(static_cast<char*>(object) + from, to - from);
  if constexpr (kFillEach) VerifyFree(zone, object, from, to);
}

inline void OnFree(int zone, void* object) {
  if (zone != WEIR_ZONE_PACKET) {
    CloseBytes(object, kPoisonFrom[zone], kObjectBytes[zone]);
    return;
  }
  OnFree(WEIR_ZONE_CLUSTER, PacketCluster(object));
  CloseBytes(object, kPoisonFrom[WEIR_ZONE_MBUF], kPairFrom);
  CloseBytes(object, kPairTo, kObjectBytes[WEIR_ZONE_MBUF]);
}

inline void OnAlloc(int zone, void* object) {
  if (zone != WEIR_ZONE_PACKET) {
    OpenBytes(zone, object, kPoisonFrom[zone], kObjectBytes[zone]);
    return;
  }
  OnAlloc(WEIR_ZONE_CLUSTER, PacketCluster(object));
  OpenBytes(WEIR_ZONE_MBUF, object, kPoisonFrom[WEIR_ZONE_MBUF], kPairFrom);
  OpenBytes(WEIR_ZONE_MBUF, object, kPairTo, kObjectBytes[WEIR_ZONE_MBUF]);
}

// A free packet becomes a free mbuf and a free cluster, which is returned.
inline void* SplitPacket(void* packet) {
  void* cluster = PacketCluster(packet);
  OnAlloc(WEIR_ZONE_PACKET, packet);
  OnFree(WEIR_ZONE_CLUSTER, cluster);
  OnFree(WEIR_ZONE_MBUF, packet);
  return cluster;
}

}  // namespace weir

#endif  // WEIR_ALLOC_HOOKS_H_
