// weir::Atomic that counts, for each thread, the operations that take a cache line for themselves
// whoever else uses it (read-modify-writes), and of the compare-and-swaps those that fail because
// another thread was faster. Compiled in with -DWEIR_ATOMIC_HEADER.
#ifndef WEIR_BENCH_COUNTING_ATOMIC_H_
#define WEIR_BENCH_COUNTING_ATOMIC_H_

#include <atomic>
#include <cstdint>

namespace weir {

struct AtomicCounts {
  uint64_t rmws;  // compare-and-swaps included
  uint64_t failed_swaps;
};
inline thread_local constinit AtomicCounts t_atomic_counts{};

template <typename T>
struct Atomic : std::atomic<T> {
  using Base = std::atomic<T>;
  using Base::Base;

  T exchange(T v, std::memory_order o) { return Count(Base::exchange(v, o)); }
  T fetch_add(T v, std::memory_order o) { return Count(Base::fetch_add(v, o)); }
  T fetch_sub(T v, std::memory_order o) { return Count(Base::fetch_sub(v, o)); }
  T fetch_or(T v, std::memory_order o) { return Count(Base::fetch_or(v, o)); }
  T fetch_and(T v, std::memory_order o) { return Count(Base::fetch_and(v, o)); }
  template <typename... Orders>
  bool compare_exchange_strong(T& expected, T v, Orders... orders) {
    return Swapped(Base::compare_exchange_strong(expected, v, orders...));
  }
  template <typename... Orders>
  bool compare_exchange_weak(T& expected, T v, Orders... orders) {
    return Swapped(Base::compare_exchange_weak(expected, v, orders...));
  }

 private:
  static T Count(T old) {
    ++t_atomic_counts.rmws;
    return old;
  }
  static bool Swapped(bool yes) {
    ++t_atomic_counts.rmws;
    t_atomic_counts.failed_swaps += !yes;
    return yes;
  }
};

template <typename T>
using AtomicRef = std::atomic_ref<T>;

}  // namespace weir

#endif  // WEIR_BENCH_COUNTING_ATOMIC_H_
