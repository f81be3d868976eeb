// The depot of a zone: full and empty magazines on two lock-free stacks.
//
// A magazine is an array of object pointers with a count. Threads exchange whole magazines with
// the depot, one compare-and-swap each way, and never touch the objects. A magazine belongs to
// the thread that popped it until it is pushed again, so its contents are plain.
//
//   PopFull, PutFull, PopEmpty, PutEmpty   may race with everything; lock-free
//                                          (PopEmpty maps memory for new magazines now and then)
#ifndef WEIR_ALLOC_DEPOT_H_
#define WEIR_ALLOC_DEPOT_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "weir/alloc/index_stack.h"
#include "weir/alloc/magazines.h"

namespace weir {

class Depot {
 public:
  // A magazine with at least one object, or nullptr.
  Magazine* PopFull() {
    Magazine* m = Pop(full_);
    if (m == nullptr) return nullptr;
    const int64_t left = count_.fetch_sub(1, std::memory_order_relaxed) - 1;  // counter
    if (left < least_.load(std::memory_order_relaxed)) {                      // hint
      least_.store(left, std::memory_order_relaxed);                          // hint
    }
    return m;
  }
  void PutFull(Magazine* m) {
    count_.fetch_add(1, std::memory_order_relaxed);  // counter
    full_.Push(m->number, Links());
  }
  int64_t count() const { return count_.load(std::memory_order_relaxed); }  // hint

  // How many magazines have not been needed since the last call: the least that there were.
  uint32_t TakeIdleCount() {
    const int64_t now = count();
    const int64_t least = least_.exchange(now, std::memory_order_relaxed);  // hint
    return static_cast<uint32_t>(std::max<int64_t>(0, std::min(now, least)));
  }

  // An empty magazine, or nullptr if there is no memory for another.
  Magazine* PopEmpty();
  void PutEmpty(Magazine* m) { PutEmpty(m->number); }
  void PutEmpty(uint32_t number) { empty_.Push(number, Links()); }
  // All empty ones, up to `most`: their numbers.
  size_t TakeEmpty(uint32_t* numbers, size_t most) {
    size_t n = 0;
    while (n < most && (numbers[n] = empty_.Pop(Links())) != IndexStack::kNone) ++n;
    return n;
  }

  bool NoneFull() const { return full_.Empty(); }

 private:
  // The link of magazine i.
  struct Links {
    Atomic<uint32_t>& operator()(uint32_t i) const { return g_magazines.At(i).link; }
  };
  Magazine* Pop(IndexStack& stack) {
    uint32_t i = stack.Pop(Links());
    return i == IndexStack::kNone ? nullptr : &g_magazines.At(i);
  }

  IndexStack full_;
  Atomic<int64_t> count_{0};  // of full_, about
  Atomic<int64_t> least_{0};  // of those since TakeIdleCount
  IndexStack empty_;
};

inline Magazine* Depot::PopEmpty() {
  uint32_t i = empty_.Pop(Links());
  if (i == IndexStack::kNone) {
    const Magazines::Run run = g_magazines.New();
    if (run.n == 0) return nullptr;
    for (uint32_t k = 1; k < run.n; ++k) empty_.Push(run.first + k, Links());
    i = run.first;
  }
  Magazine* m = &g_magazines.At(i);
  m->number = i;
  m->count = 0;
  return m;
}

}  // namespace weir

#endif  // WEIR_ALLOC_DEPOT_H_
