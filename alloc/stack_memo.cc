#include "weir/alloc/stack_memo.h"

#include <new>

#include "weir/alloc/metadata.h"
#include "weir/alloc/one_by_one.h"
#include "weir/alloc/sanitize.h"
#include "weir/alloc/stack.h"
#include "weir/alloc/stack_depot.h"
#include "weir/reclaim/fence.h"

namespace weir {
namespace {

struct Remembered {
  uint32_t number = 0;  // 0: nothing
  Stack stack;
  void* const* slots[Stack::kMost];

  // Whether it is the stack of a function whose own return address lies at `own`.
  WEIR_UNWATCHED bool StillThere(void* const* own) const {
    if (number == 0 || slots[1] != own) return false;
    for (int i = 1; i < stack.size(); ++i) {
      if (*slots[i] != stack.calls()[i]) return false;
    }
    return true;
  }
  bool Complete() const {
    for (int i = 1; i < stack.size(); ++i) {
      if (slots[i] == nullptr) return false;
    }
    return stack.size() > 1;
  }
};

}  // namespace

struct StackMemo {
  static constexpr uint32_t kPlaces = 8;
  bool changing = false;  // a signal handler came in between
  Remembered places[kPlaces];
};

// Its own frame is the first of the stack; it differs from call to call, and does not count.
[[gnu::noinline]] uint32_t CallingStack(ThreadRecord& t) {
  // Memcheck would wonder about a comparison that fails, with what was never written.
  if (t.stacks == nullptr && !UnderMemcheck()) {
    void* memory = MetadataAlloc(sizeof(StackMemo));
    if (memory != nullptr) t.stacks = new (memory) StackMemo;
  }
  if (t.stacks == nullptr || t.stacks->changing) {
    Stack stack;
    stack.Take();
    return NumberOfStack(stack);
  }
  void* const* own = static_cast<void* const*>(__builtin_frame_address(0)) + 1;
  const auto caller = reinterpret_cast<uintptr_t>(__builtin_return_address(0));
  const uintptr_t key = reinterpret_cast<uintptr_t>(own) / 16 + caller;
  Remembered& r = t.stacks->places[key % StackMemo::kPlaces];
  if (r.StillThere(own)) return r.number;
  t.stacks->changing = true;
  LightFence();
  r.stack.Take(r.slots);
  const uint32_t number = NumberOfStack(r.stack);
  r.number = r.Complete() ? number : 0;
  LightFence();
  t.stacks->changing = false;
  return number;
}

}  // namespace weir
