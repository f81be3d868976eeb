#include "weir/alloc/stack_depot.h"

#include "weir/alloc/metadata.h"
#include "weir/stats/atomic.h"

namespace weir {
namespace {

constexpr uint32_t kMostStacks = 1 << 14;
constexpr uint32_t kPlaces = kMostStacks * 2;

constinit GrowTable<Stack, 256, kMostStacks / 256> stacks;  // number - 1
constinit Atomic<uint32_t> places[kPlaces] = {};            // by hash, a number; 0: none

}  // namespace

uint32_t NumberOfStack(const Stack& stack) {
  uint32_t fresh = 0;
  for (uint64_t hash = stack.Hash();; ++hash) {
    Atomic<uint32_t>& place = places[hash % kPlaces];
    // [H7] acquire: pairs with [H8]; else the calls may not be there yet.
    uint32_t number = place.load(std::memory_order_acquire);
    if (number == 0) {
      if (fresh == 0) {
        const uint32_t i = stacks.New();
        if (i == stacks.kNone) return 0;
        stacks.At(i) = stack;
        fresh = i + 1;
      }
      // [H8] release: pairs with [H7]; acquire on failure, as [H7]. ABA: a place is set once.
      // Another thread may come first with the same stack; then ours is in the table for nothing.
      if (place.compare_exchange_strong(number, fresh, std::memory_order_release,
                                        std::memory_order_acquire)) {
        return fresh;
      }
    }
    if (stacks.At(number - 1) == stack) return number;
  }
}

const Stack* StackAt(uint32_t number) { return number == 0 ? nullptr : &stacks.At(number - 1); }

}  // namespace weir
