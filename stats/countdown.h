// Counters as in stats/counter.h that also count down: to the next event that their owner wants to
// look at before it counts it. One instruction does both, and says whether it has come to that.
// Of each:
//
// word    the low kLowBits: the count, as much of it as they hold. Above: how many more may be
//         counted without a look (left), as -1 - left. When there is none left the look is due, and
//         the owner takes back what it has just counted.
// base    what the count was once, whole, less than 2^kLowBits ago: with it readers make the low
//         bits whole. They look at it again after word: in between, whoever was slow enough could
//         have missed more counts than the low bits hold.
// At most kMost is left, so the owner passes by and renews base in time.
//
// When the low bits overflow, one more than was counted is off what is left, and the owner is asked
// for its look one count early.
//
//   operation            may race with                                          progress
//   Count, CountOne      Read; Arm of a signal handler                          wait-free
//   Arm                  Read; of a signal handler: the owner's own operations  wait-free
//   Read                 everything                                             lock-free
//
// Signal handlers: what Count adds it adds with one instruction, and all else is a compare-and-swap,
// so none is lost. A handler that finds the look due, as its thread is about to take back what it
// counted, leaves it at that.
//
// ABA on base: any value that it had less than 2^kLowBits counts ago is as good as another.
#ifndef WEIR_STATS_COUNTDOWN_H_
#define WEIR_STATS_COUNTDOWN_H_

#include <cstddef>
#include <cstdint>

#include "weir/stats/atomic.h"
#include "weir/stats/break.h"

namespace weir {

// One of Countdowns, below.
template <int kLowBits>
class Countdown {
 public:
  static constexpr uint64_t kMost = uint64_t{1} << (kLowBits - 1);
  static constexpr uint64_t Word(uint64_t count, uint64_t left) {
    return (count & kLow) | ~left << kLowBits;
  }

  Countdown(OwnersAtomic<uint64_t>& word, Atomic<uint64_t>& base) : word_(word), base_(base) {}

  // ---- The owner, where no signal handler of its own counts ----

  // Counts one; false: a look is due, and nothing was counted.
  bool Count() {
    const bool some_left = word_.Add(kStep);
    if (some_left) [[likely]]
      return true;
    word_.Add(0 - kStep);
    return false;
  }
  // The same, whether a look is due or not.
  void CountOne() {
    Change([](uint64_t word) { return Word(word + 1, LeftOf(word) == 0 ? 0 : LeftOf(word) - 1); });
  }

  // ---- The owner, anywhere ----

  uint64_t Own() const { return Whole(base_.load(std::memory_order_relaxed), word_.Own()); }
  uint64_t Left() const { return LeftOf(word_.Own()); }
  // So many more, or kMost, may be counted without a look. To be called after each look.
  void Arm(uint64_t left) {
    left = left < kMost ? left : kMost;
    Change([left](uint64_t word) { return Due(word) ? word : Word(word, left); });
  }

  void Reset() {  // quiescent
    word_.store(Word(0, 0), std::memory_order_relaxed);
    base_.store(0, std::memory_order_relaxed);
  }

  // ---- Anybody ----

  uint64_t Read() const {
    uint64_t base = base_.load(std::memory_order_acquire);  // [K6] acquire: pairs with [K5]
    for (;;) {
      // [K7] acquire: pairs with [K1] of Count and [K8], as in a Counter; and what was in base before
      // so much was counted is found there below.
      const uint64_t word = word_.load(std::memory_order_acquire);
      const uint64_t now = base_.load(std::memory_order_acquire);  // [K6]
      if (now == base || Broken(kBreakCountBase)) return Whole(base, word);
      base = now;
    }
  }

 private:
  static constexpr uint64_t kLow = (uint64_t{1} << kLowBits) - 1;
  static constexpr uint64_t kStep = kLow + 2;  // one more, and one less left

  // Counted when none was left, to be taken back.
  static bool Due(uint64_t word) { return static_cast<int64_t>(word) >= 0; }
  static uint64_t LeftOf(uint64_t word) { return Due(word) ? 0 : ~word >> kLowBits; }
  static uint64_t Whole(uint64_t base, uint64_t word) {
    return base + ((word - (Due(word) ? 1 : 0) - base) & kLow);
  }

  template <typename Next>
  void Change(Next next) {
    uint64_t word = word_.Own();
    // [K8] release: pairs with [K7], as in a Counter. Fails only if a signal handler came between.
    while (!word_.compare_exchange_strong(word, next(word), std::memory_order_release,
                                          std::memory_order_relaxed)) {
    }
    // [K5] release: pairs with [K6], who finds this in base finds as much in word.
    base_.store(Own(), std::memory_order_release);
  }

  OwnersAtomic<uint64_t>& word_;
  Atomic<uint64_t>& base_;
};

// kLowBits: 30, as what Count adds has to fit into an instruction; in tests fewer.
template <size_t kCounters, int kLowBits = 30>
class Countdowns {
 public:
  using One = Countdown<kLowBits>;

  One operator[](size_t i) { return {words_[i], bases_[i]}; }
  uint64_t Read(size_t i) const { return const_cast<Countdowns&>(*this)[i].Read(); }

 private:
  struct Word : OwnersAtomic<uint64_t> {
    constexpr Word() : OwnersAtomic<uint64_t>(One::Word(0, 0)) {}
  };

  Word words_[kCounters];
  Atomic<uint64_t> bases_[kCounters] = {};
};

}  // namespace weir

#endif  // WEIR_STATS_COUNTDOWN_H_
