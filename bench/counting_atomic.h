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
class Atomic {
 public:
  constexpr Atomic() = default;
  constexpr Atomic(T v) : value_(v) {}
  Atomic(const Atomic&) = delete;
  Atomic& operator=(const Atomic&) = delete;

  T load(std::memory_order o) const { return value_.load(o); }
  void store(T v, std::memory_order o) { value_.store(v, o); }
  T exchange(T v, std::memory_order o) { return Count(), value_.exchange(v, o); }
  T fetch_add(T v, std::memory_order o) { return Count(), value_.fetch_add(v, o); }
  T fetch_sub(T v, std::memory_order o) { return Count(), value_.fetch_sub(v, o); }
  T fetch_or(T v, std::memory_order o) { return Count(), value_.fetch_or(v, o); }
  T fetch_and(T v, std::memory_order o) { return Count(), value_.fetch_and(v, o); }
  bool compare_exchange_strong(T& e, T v, std::memory_order o, std::memory_order f) {
    return Swapped(value_.compare_exchange_strong(e, v, o, f));
  }
  bool compare_exchange_weak(T& e, T v, std::memory_order o, std::memory_order f) {
    return Swapped(value_.compare_exchange_weak(e, v, o, f));
  }

 private:
  static void Count() { ++t_atomic_counts.rmws; }
  static bool Swapped(bool yes) {
    Count();
    t_atomic_counts.failed_swaps += !yes;
    return yes;
  }
  std::atomic<T> value_{T()};
};

template <typename T>
using AtomicRef = std::atomic_ref<T>;

}  // namespace weir

#endif  // WEIR_BENCH_COUNTING_ATOMIC_H_
