#include "weir/reclaim/futex.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

namespace weir {

static_assert(sizeof(Atomic<uint32_t>) == sizeof(uint32_t), "the kernel reads the word itself");

int64_t MonotonicNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

bool FutexWait(const Atomic<uint32_t>& word, uint32_t seen, int64_t deadline_ns) {
  timespec until{deadline_ns / 1000000000, deadline_ns % 1000000000};
  // WAIT_BITSET, unlike WAIT, takes an absolute time.
  long rc = syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, seen,
                    deadline_ns == kNever ? nullptr : &until, nullptr, FUTEX_BITSET_MATCH_ANY);
  return rc == 0 || errno != ETIMEDOUT;
}

void FutexWake(const Atomic<uint32_t>& word, int n) {
  syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, n, nullptr, nullptr, 0);
}

}  // namespace weir
