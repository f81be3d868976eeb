// A thread of weir's own that gives idle memory back (the option trim_interval_ms).
#ifndef WEIR_ALLOC_TRIMMER_H_
#define WEIR_ALLOC_TRIMMER_H_

#include <cstdint>

namespace weir {

// From now on TrimIdle of every set is called so often. Says on stderr when there can be no thread.
// Once, under the lock of LockStart.
void StartTrimmer(int64_t interval_ms);
// In a fork's child, which has no such thread: starts one if the parent had one.
void RestartTrimmer();

}  // namespace weir

#endif  // WEIR_ALLOC_TRIMMER_H_
