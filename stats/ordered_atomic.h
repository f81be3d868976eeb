// weir::Atomic and weir::AtomicRef of the controls' builds, in which an order may be known only as
// the program runs (Order() in stats/break.h). g++ takes an order that is not a constant for a
// sequentially consistent one, and its ThreadSanitizer does not see such an operation at all; so
// the operations that are given one ask which it is. Where it is a constant, that costs nothing.
#ifndef WEIR_STATS_ORDERED_ATOMIC_H_
#define WEIR_STATS_ORDERED_ATOMIC_H_

#include <atomic>
#include <type_traits>

namespace weir {

// f(a constant), which is that of kFirst and kRest that `order` equals; the last if none of them.
template <std::memory_order kFirst, std::memory_order... kRest, typename F>
[[gnu::always_inline]] inline auto WithConstant(std::memory_order order, F f) {
  if constexpr (sizeof...(kRest) > 0) {
    if (order != kFirst) return WithConstant<kRest...>(order, f);
  }
  return f(std::integral_constant<std::memory_order, kFirst>());
}

// Base is std::atomic<T> or std::atomic_ref<T>. What Order() is not used with is as in Base.
template <typename Base, typename T>
class OrderedAtomic : public Base {
  using enum std::memory_order;

 public:
  using Base::Base;

  [[gnu::always_inline]] T load(std::memory_order order) const {
    return WithConstant<relaxed, acquire, seq_cst>(
        order, [&](auto o) { return this->Base::load(o.value); });
  }
  [[gnu::always_inline]] void store(T v, std::memory_order order) {
    WithConstant<relaxed, release, seq_cst>(order, [&](auto o) { this->Base::store(v, o.value); });
  }
  [[gnu::always_inline]] T exchange(T v, std::memory_order order) {
    return Modify(order, [&](auto o) { return this->Base::exchange(v, o.value); });
  }
  [[gnu::always_inline]] T fetch_sub(T v, std::memory_order order) {
    return Modify(order, [&](auto o) { return this->Base::fetch_sub(v, o.value); });
  }
  [[gnu::always_inline]] bool compare_exchange_weak(T& expected, T v, std::memory_order order,
                                                    std::memory_order failure) {
    // With another order on failure, `order` is a constant.
    if (failure != relaxed) return Base::compare_exchange_weak(expected, v, order, failure);
    return Modify(order, [&](auto o) {
      return this->Base::compare_exchange_weak(expected, v, o.value, relaxed);
    });
  }

 private:
  template <typename F>
  [[gnu::always_inline]] static auto Modify(std::memory_order order, F f) {
    return WithConstant<relaxed, acquire, release, acq_rel, seq_cst>(order, f);
  }
};

}  // namespace weir

#endif  // WEIR_STATS_ORDERED_ATOMIC_H_
