// weir::Atomic that now and then lets another thread run before an operation: real threads on real
// atomics, preempted between any two of them, which a processor of its own for each thread hardly
// ever does. Compiled in with -DWEIR_ATOMIC_HEADER, as tests/model/atomic.h is.
#ifndef WEIR_TESTS_YIELDING_ATOMIC_H_
#define WEIR_TESTS_YIELDING_ATOMIC_H_

#include <sched.h>

#include <atomic>
#include <cstdint>

namespace weir {

// A thread that has set it yields before 1 in 4 operations or so.
inline thread_local constinit uint64_t t_yields = 0;  // 0: never; else the state of its generator

inline void MayYield() {
  if (t_yields == 0) return;
  t_yields ^= t_yields << 13;
  t_yields ^= t_yields >> 7;
  t_yields ^= t_yields << 17;
  if (t_yields % 4 == 0) sched_yield();
}

template <typename T>
class Atomic {
 public:
  constexpr Atomic() = default;
  constexpr Atomic(T v) : value_(v) {}
  Atomic(const Atomic&) = delete;
  Atomic& operator=(const Atomic&) = delete;

  T load(std::memory_order o) const { return MayYield(), value_.load(o); }
  void store(T v, std::memory_order o) { MayYield(), value_.store(v, o); }
  T exchange(T v, std::memory_order o) { return MayYield(), value_.exchange(v, o); }
  T fetch_add(T v, std::memory_order o) { return MayYield(), value_.fetch_add(v, o); }
  T fetch_sub(T v, std::memory_order o) { return MayYield(), value_.fetch_sub(v, o); }
  T fetch_or(T v, std::memory_order o) { return MayYield(), value_.fetch_or(v, o); }
  bool compare_exchange_strong(T& e, T v, std::memory_order o, std::memory_order f) {
    return MayYield(), value_.compare_exchange_strong(e, v, o, f);
  }
  bool compare_exchange_weak(T& e, T v, std::memory_order o, std::memory_order f) {
    return MayYield(), value_.compare_exchange_weak(e, v, o, f);
  }

 private:
  std::atomic<T> value_{T()};
};

template <typename T>
using AtomicRef = std::atomic_ref<T>;

}  // namespace weir

#endif  // WEIR_TESTS_YIELDING_ATOMIC_H_
