// The atomics of every concurrent structure in weir. An alias, so that a model test can compile
// the same source against atomics whose every operation is a step of a scheduler, and a control
// against atomics whose orders need not be constants.
#ifndef WEIR_STATS_ATOMIC_H_
#define WEIR_STATS_ATOMIC_H_

#include <cstdint>

#ifdef WEIR_ATOMIC_HEADER
#include WEIR_ATOMIC_HEADER
#elif defined(WEIR_BREAK_AT_RUN_TIME)
#include "weir/stats/ordered_atomic.h"

namespace weir {
template <typename T>
using Atomic = OrderedAtomic<std::atomic<T>, T>;
template <typename T>
using AtomicRef = OrderedAtomic<std::atomic_ref<T>, T>;
}  // namespace weir
#else
#include <atomic>

namespace weir {
template <typename T>
using Atomic = std::atomic<T>;
// The same, of a variable that lives elsewhere.
template <typename T>
using AtomicRef = std::atomic_ref<T>;
}  // namespace weir
#endif

namespace weir {

// Whether they take no more room than what is in them: not in model tests.
inline constexpr bool kRealAtomics = sizeof(Atomic<uint64_t>) == sizeof(uint64_t);

// A variable that one thread writes, its owner, and others read. The owner's own look at it is a
// plain one, which races with nothing, and which the compiler need not treat as if it did.
//
// Claim and Add are one instruction of x86-64 each, so that a signal handler of the owner comes
// before it or after it. Compilers make three of a load and a store of an atomic; an mbuf took a
// tenth longer.
#ifdef WEIR_ATOMIC_HEADER
template <typename T>
class OwnersAtomic : public Atomic<T> {
 public:
  static constexpr T kClaimed = static_cast<T>(-1);
  using Atomic<T>::Atomic;
  T Own() const {
    if constexpr (requires { this->Latest(); }) return this->Latest();  // no step of a model
    return this->load(std::memory_order_relaxed);                       // owner-only
  }
  bool Claim() {
    if (Own() != 0) return false;
    this->store(kClaimed, std::memory_order_relaxed);
    return true;
  }
  bool Add(T n) {
    const T sum = Own() + n;
    this->store(sum, std::memory_order_release);  // [K1]
    return sum >> (8 * sizeof(T) - 1) != 0;
  }
};
#else
template <typename T>
class OwnersAtomic {
 public:
  static constexpr T kClaimed = static_cast<T>(-1);
  constexpr OwnersAtomic(T v) : value_(v) {}

  T Own() const { return value_; }
  T load(std::memory_order order) const { return AtomicRef<T>(value_).load(order); }
  void store(T v, std::memory_order order) { AtomicRef<T>(value_).store(v, order); }
  T exchange(T v, std::memory_order order) { return AtomicRef<T>(value_).exchange(v, order); }
  bool compare_exchange_strong(T& expected, T v, std::memory_order order, std::memory_order failure) {
    return AtomicRef<T>(value_).compare_exchange_strong(expected, v, order, failure);
  }

  // From 0 to something else, relaxed; false: it was something else, and still is.
  bool Claim() {
#ifdef __x86_64__
    static_assert(sizeof(T) == 4);
    bool was_0;
    asm volatile("subl $1, %0" : "+m"(value_), "=@ccc"(was_0) : : "memory");
    if (was_0) [[likely]]
      return true;
    asm volatile("addl $1, %0" : "+m"(value_) : : "memory");
    return false;
#else
    if (value_ != 0) return false;
    store(kClaimed, std::memory_order_relaxed);
    return true;
#endif
  }

  // Adds n, release; whether the sum has its highest bit set.
  bool Add(T n) {
#ifdef __x86_64__
    static_assert(sizeof(T) == 8);
    bool high;
    asm volatile("addq %2, %0" : "+m"(value_), "=@ccs"(high) : "er"(n) : "memory");
    return high;
#else
    const T sum = AtomicRef<T>(value_).fetch_add(n, std::memory_order_release) + n;  // [K1]
    return sum >> (8 * sizeof(T) - 1) != 0;
#endif
  }

 private:
  mutable T value_;
};
#endif

}  // namespace weir

#endif  // WEIR_STATS_ATOMIC_H_
