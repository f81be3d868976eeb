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
#ifdef WEIR_ATOMIC_HEADER
template <typename T>
class OwnersAtomic : public Atomic<T> {
 public:
  using Atomic<T>::Atomic;
  T Own() const { return this->load(std::memory_order_relaxed); }  // owner-only
  void Increment() { this->store(Own() + 1, std::memory_order_release); }  // [K1]
};
#else
template <typename T>
class OwnersAtomic {
 public:
  constexpr OwnersAtomic(T v) : value_(v) {}

  T Own() const { return value_; }
  T load(std::memory_order order) const { return AtomicRef<T>(value_).load(order); }
  void store(T v, std::memory_order order) { AtomicRef<T>(value_).store(v, order); }
  T exchange(T v, std::memory_order order) { return AtomicRef<T>(value_).exchange(v, order); }
  // Stores one more, release. Of what is one instruction of x86-64 compilers make three, if the
  // store is an atomic's; an mbuf took 5 % longer.
  void Increment() {
#ifdef __x86_64__
    static_assert(sizeof(T) == 8);
    asm volatile("addq $1, %0" : "+m"(value_) : : "memory");
#else
    store(value_ + 1, std::memory_order_release);  // [K1]
#endif
  }

 private:
  mutable T value_;
};
#endif

}  // namespace weir

#endif  // WEIR_STATS_ATOMIC_H_
