// Which allocations are recorded (alloc/held.h): of all that threads take from their caches one in
// so many, at random, each as likely as any other. How many allocations lie between two that are
// chosen is drawn from a geometric distribution, for each thread and tally apart; so no rhythm in
// which a program allocates can hide from it. Until then the fast path counts down
// (stats/countdown.h).
//
// A new rate reaches a thread by revocation. All caches are recalled, so the next operation of each
// is a slow one, and that looks at the rate after it has its cache back: [H1] and [C9] of the owner
// against [H2] and [C10]. Either the recall finds the cache restored, and takes it; or the owner
// finds the new rate.
//
//   SetSampleRate                may race with everything   as Recall
//   all others                   the owner's                wait-free
#ifndef WEIR_ALLOC_SAMPLING_H_
#define WEIR_ALLOC_SAMPLING_H_

#include <cstdint>

#include "weir/alloc/thread_record.h"
#include "weir/stats/atomic.h"

namespace weir {

inline constexpr int64_t kSampleDefault = 4096;
inline constexpr int64_t kSampleMost = int64_t{1} << 30;

// One in so many, of all threads and sets; 0: none.
void SetSampleRate(int64_t one_in);
int64_t SampleRate();

// A thread that has its cache looks at the rate.
void SeeSampleRate(ThreadRecord& t);

// Before a slow allocation: whether it is chosen. PassSample: it did not come from the thread's
// cache and was not counted as the thread's, but is an allocation all the same.
bool DrawSample(ThreadRecord& t, int tally);
void PassSample(ThreadRecord& t, int tally);

}  // namespace weir

#endif  // WEIR_ALLOC_SAMPLING_H_
