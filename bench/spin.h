// How threads of a benchmark wait for each other.
#ifndef WEIR_BENCH_SPIN_H_
#define WEIR_BENCH_SPIN_H_

#include <sched.h>

namespace weir_bench {

// Waits a little; after many times in vain lets somebody else run, so that a busy machine slows a
// measurement down and does not stop it.
class Spin {
 public:
  void Wait() {
    if (++turns_ % 4096 == 0) {
      sched_yield();
    } else {
      __builtin_ia32_pause();
    }
  }

 private:
  unsigned turns_ = 0;
};

}  // namespace weir_bench

#endif  // WEIR_BENCH_SPIN_H_
