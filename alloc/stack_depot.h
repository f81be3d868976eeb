// Each stack of calls once, by a number that stands for it.
//
//   operation          may race with   progress
//   Number, StackAt    everything      lock-free
//
// A stack never leaves. When there is no room for another, its number is 0.
#ifndef WEIR_ALLOC_STACK_DEPOT_H_
#define WEIR_ALLOC_STACK_DEPOT_H_

#include <cstdint>

#include "weir/alloc/stack.h"

namespace weir {

uint32_t NumberOfStack(const Stack& stack);
// nullptr for 0.
const Stack* StackAt(uint32_t number);

}  // namespace weir

#endif  // WEIR_ALLOC_STACK_DEPOT_H_
