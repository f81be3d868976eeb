// A lock-free stack of numbers (Treiber), whose links live in type-stable memory.
//
// The head is one 64-bit word: the number of the top element + 1 (0: empty) and a generation that
// every pop and push moves on.
//
//   operation   may race with   progress
//   Push        everything      lock-free
//   Pop         everything      lock-free
//
// ABA: between a pop's load of the head and its compare-and-swap the top may be popped and pushed
// back with another link below it. The generation has then moved, so the swap fails; it would
// have to move 2^32 times in between to come back.
// A pop reads the link of an element that it may not own any more: the link is an atomic in
// memory that is never unmapped, and the value is used only if the swap shows it was current.
#ifndef WEIR_ALLOC_INDEX_STACK_H_
#define WEIR_ALLOC_INDEX_STACK_H_

#include <cstdint>

#include "weir/alloc/layout.h"
#include "weir/stats/atomic.h"
#include "weir/stats/break.h"

namespace weir {

class IndexStack {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  // links(i) is the Atomic<uint32_t> & of element i.
  template <typename Links>
  void Push(uint32_t i, Links links) {
    uint64_t head = head_.load(std::memory_order_relaxed);  // hint, revalidated
    do {
      links(i).store(Top(head), std::memory_order_relaxed);  // unpublished
      // [S1] release: pairs with [S2], publishes the link and what the element stands for; else
      // the popper reads stale contents. seq_cst besides: a push and the following
      // Waiters::Any() [W2] are one side of a Dekker pair.
    } while (!head_.compare_exchange_weak(head, Make(i + 1, head),
                                          Order(kBreakStackPush, std::memory_order_seq_cst),
                                          std::memory_order_relaxed));
  }

  // The number on top, or kNone.
  template <typename Links>
  uint32_t Pop(Links links) {
    // [S2] acquire: pairs with [S1]. seq_cst besides: with Waiters::Announce() [W1] before it,
    // the other side of that Dekker pair.
    uint64_t head = head_.load(std::memory_order_seq_cst);
    if (kRealAtomics && Top(head) != 0) head = AwaitLink(head, links);
    while (Top(head) != 0) {
      uint32_t below = links(Top(head) - 1).load(std::memory_order_relaxed);  // hint, revalidated
      // [S2], on failure too: the next round reads the link of a top that it learns here.
      if (head_.compare_exchange_weak(head, Make(below, head), std::memory_order_seq_cst,
                                      std::memory_order_seq_cst)) {
        return Top(head) - 1;
      }
    }
    return kNone;
  }

  bool Empty() const { return Top(head_.load(std::memory_order_seq_cst)) == 0; }  // [S2]

 private:
  static constexpr uint32_t Top(uint64_t head) { return static_cast<uint32_t>(head); }
  // The head, read once the link of its top is in this processor's cache. What another processor
  // wrote takes long to come; if it came between a head that is read and its swap, then so would
  // others' swaps. For speed only: model tests go without.
  template <typename Links>
  uint64_t AwaitLink(uint64_t head, Links links) const {
    const uint32_t link = links(Top(head) - 1).load(std::memory_order_relaxed);  // not used
    asm volatile("" : : "r"(link) : "memory");
    return head_.load(std::memory_order_seq_cst);  // [S2]
  }
  static uint64_t Make(uint32_t top, uint64_t old) {
    uint64_t generation = (old >> 32) + (Broken(kBreakStackTag) ? 0 : 1);
    return generation << 32 | top;
  }

  Atomic<uint64_t> head_{uint64_t{kFirstGeneration} << 32};
};

}  // namespace weir

#endif  // WEIR_ALLOC_INDEX_STACK_H_
