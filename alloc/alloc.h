// Allocation from the default set as the layers above see it: an object of a zone, counted under a
// type. An object of WEIR_ZONE_PACKET is an mbuf that names its cluster (PacketCluster).
//
// Thread safety: any function, any thread, at any time from before main to after exit handlers
// began. Free may run on another thread than Alloc.
// Progress: AllocFast and the fast part of Free are wait-free and touch only this thread's memory.
#ifndef WEIR_ALLOC_ALLOC_H_
#define WEIR_ALLOC_ALLOC_H_

#include <cstddef>
#include <cstdint>

#include "weir/alloc/hooks.h"
#include "weir/alloc/thread_record.h"
#include "weir/stats/snapshot.h"

namespace weir {

// Out of line: everything that the thread's cache cannot do. AllocSlow returns an object ready for
// use; before FreeSlow, OnFree.
#pragma GCC visibility push(default)
void* AllocSlow(int zone, int type, int how);
void FreeSlow(int zone, int type, void* object);
#pragma GCC visibility pop

// The fast parts for who does several operations in a row and looks at t_thread once; t is its
// value or was since the last call of anything else. Always inlined: a call in it would make what
// uses it save registers.
[[gnu::always_inline]] inline void* AllocFast(ThreadRecord* t, int zone, int type) {
  if (t == nullptr) [[unlikely]]
    return nullptr;
  const size_t tally = static_cast<size_t>(TallyOf(zone, type));
  void* object = t->caches[zone].Take(t->allocs[tally]);
  if (object != nullptr) [[likely]]
    OnAlloc(zone, object);
  return object;
}
// False: call FreeSlow.
[[gnu::always_inline]] inline bool FreeFast(ThreadRecord* t, int zone, int type, void* object) {
  OnFree(zone, object);
  const size_t tally = static_cast<size_t>(TallyOf(zone, type));
  return t != nullptr && t->caches[zone].Put(object, t->frees[tally]);
}

// An object from this thread's cache, or nullptr: call Alloc. `type` is the mbuf's or packet's.
inline void* AllocFast(int zone, int type) { return AllocFast(t_thread.record, zone, type); }

// An object, contents undefined. nullptr with errno ENOBUFS, ETIMEDOUT or ECANCELED.
inline void* Alloc(int zone, int type, int how) {
  if (void* object = AllocFast(zone, type)) return object;
  return AllocSlow(zone, type, how);
}

// Takes the object, which was allocated from that zone and is counted under that type.
inline void Free(int zone, int type, void* object) {
  if (!FreeFast(t_thread.record, zone, type, object)) [[unlikely]]
    FreeSlow(zone, type, object);
}

}  // namespace weir

#endif  // WEIR_ALLOC_ALLOC_H_
