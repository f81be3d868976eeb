// The one thread of weir's own. It gives idle memory back (the option trim_interval_ms) and calls
// the callbacks of watermarks (alloc/watermarks.h). It is there as long as either is asked for.
#ifndef WEIR_ALLOC_OWN_THREAD_H_
#define WEIR_ALLOC_OWN_THREAD_H_

namespace weir {

// From now on TrimIdle of every set is called as often as the options of the default set say. Says
// on stderr when there can be no thread. Once, under the lock of LockStart.
void StartTrimming();

// The caller has a watermark, and needs the thread: 0, or the errno value of pthread_create.
// Not under the lock of LockStart.
int KeepOwnThread();
// It does no more: once for each KeepOwnThread that returned 0.
void LeaveOwnThread();
// The thread looks at all watermarks now.
void RingOwnThread();

// In a fork's child, which has no such thread: starts one if it is needed.
void RestartOwnThread();

}  // namespace weir

#endif  // WEIR_ALLOC_OWN_THREAD_H_
