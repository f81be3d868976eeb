// A bare thread-local array of free blocks: what "limit" allocates from. No limit on memory, no
// statistics, no recall, no check; it leaks at thread exit.
#ifndef WEIR_BENCH_PILE_H_
#define WEIR_BENCH_PILE_H_

#include <atomic>
#include <boost/lockfree/spsc_queue.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "bench/spin.h"

namespace weir_bench {

template <size_t kBytes>
class Pile {
 public:
  static void* Take() {
    Pile& p = own_;
    if (p.count_ == 0) [[unlikely]]
      p.Refill();
    return p.blocks_[--p.count_];
  }
  static void Put(void* block) {
    Pile& p = own_;
    if (p.count_ == kMost) [[unlikely]]
      p.Spill();
    p.blocks_[p.count_++] = block;
  }

 private:
  static constexpr uint32_t kMost = 64;
  static constexpr uint32_t kHalf = kMost / 2;
  // From threads that free more than they allocate to those that do the opposite: one of each, as
  // a rule, so each end has a lock that nobody waits for.
  using Way = boost::lockfree::spsc_queue<void*, boost::lockfree::capacity<4096>>;
  class alignas(64) End {
   public:
    void lock() {
      for (Spin spin; locked_.test_and_set(std::memory_order_acquire);) spin.Wait();
    }
    void unlock() { locked_.clear(std::memory_order_release); }

   private:
    std::atomic_flag locked_;
  };

  [[gnu::noinline]] void Refill() {
    out_.lock();
    count_ = static_cast<uint32_t>(way_.pop(blocks_, kHalf));
    out_.unlock();
    while (count_ < kHalf) {
      blocks_[count_] = std::aligned_alloc(kBytes < 4096 ? kBytes : 4096, kBytes);
      ++count_;
    }
  }
  [[gnu::noinline]] void Spill() {
    count_ -= kHalf;
    in_.lock();
    const size_t sent = way_.push(blocks_ + count_, kHalf);
    in_.unlock();
    for (size_t i = sent; i < kHalf; ++i) std::free(blocks_[count_ + i]);
  }

  uint32_t count_ = 0;
  void* blocks_[kMost] = {};

  static inline constinit thread_local Pile own_{};
  static inline Way way_;
  static inline End in_, out_;
};

}  // namespace weir_bench

#endif  // WEIR_BENCH_PILE_H_
