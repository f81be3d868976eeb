// Two threads on two processors: else the scheduler may let them take turns on one, where a
// hand-over costs next to nothing, in one run and not in the next.
#ifndef WEIR_BENCH_APART_H_
#define WEIR_BENCH_APART_H_

#include <pthread.h>
#include <sched.h>

namespace weir_bench {

// The caller on the first processor that it may use, until the end, and the other thread on the
// rest. With one processor both stay there.
class Apart {
 public:
  explicit Apart(pthread_t other) {
    sched_getaffinity(0, sizeof before_, &before_);
    if (CPU_COUNT(&before_) < 2) return;
    int first = 0;
    while (!CPU_ISSET(first, &before_)) ++first;
    cpu_set_t rest = before_, one;
    CPU_CLR(first, &rest);
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    pthread_setaffinity_np(other, sizeof rest, &rest);
    sched_setaffinity(0, sizeof one, &one);
  }
  ~Apart() { sched_setaffinity(0, sizeof before_, &before_); }
  Apart(const Apart&) = delete;
  Apart& operator=(const Apart&) = delete;

 private:
  cpu_set_t before_;
};

}  // namespace weir_bench

#endif  // WEIR_BENCH_APART_H_
