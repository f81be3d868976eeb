// Guard pages for a sample of clusters (the option guard_one_in): a cluster that is chosen lies at
// one end of pages of its own, between pages that nobody may touch, and after it is freed nobody
// may touch its own pages either. Who reads or writes past it, or after it was freed, gets SIGSEGV,
// and before that a report on stderr: of which cluster, how far outside, and who allocated and
// freed it.
//
//   | no access | no access ... |  pad | cluster | no access | ...       at the end of its pages,
//   | no access | cluster | pad  | no access ... | no access | ...       or at the start, by chance
//
// What is written to the pad is found when the cluster is freed, and aborts.
//
// A guarded cluster stands for an ordinary one that was allocated for it and is freed with it, so
// limits and counts are as ever. There are kGuardPlaces at a time; a place that was freed is used
// again as late as can be. When none is free, clusters are not guarded.
//
//   operation              may race with   progress
//   Choose, Place, Leave   everything      wait-free but for mprotect
#ifndef WEIR_ALLOC_GUARD_H_
#define WEIR_ALLOC_GUARD_H_

#include <cstddef>
#include <cstdint>

namespace weir {

// Maps the places and installs the handler for SIGSEGV, which then does what was done before. At
// most once; under the lock of LockStart. False: no memory; nothing is guarded.
bool OpenGuard();

// Whether the next cluster of a set with this rate is chosen: one in so many, at random.
bool ChooseGuarded(int64_t one_in);

// What a guarded cluster stands for.
struct GuardedFor {
  void* cluster;
  int zone;
  int type;  // as it was allocated with
  int pool;
};
// A place for a cluster of that zone, or nullptr.
void* PlaceGuarded(const GuardedFor& stands_for);
// The cluster at p is freed: what it stood for, which is the caller's to free.
GuardedFor LeaveGuarded(void* p);
// The zone of the guarded cluster at p.
int ZoneOfGuarded(const void* p);

}  // namespace weir

#endif  // WEIR_ALLOC_GUARD_H_
