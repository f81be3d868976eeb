// The number of the calling stack (alloc/stack_depot.h), for a fraction of what unwinding costs
// when this thread had the same stack lately.
//
// A stack that was unwound is remembered with where each return address lay. If now the same
// addresses lie in the same places, beginning with the innermost, it is the same stack: the return
// address says which function is active there and how its frame looks, and that where the next
// return address is. So each place is looked at only when the frame that it is part of is known to
// be there, and a comparison that fails has touched nothing but live frames.
//
// Thread rule: the record's owner.
#ifndef WEIR_ALLOC_STACK_MEMO_H_
#define WEIR_ALLOC_STACK_MEMO_H_

#include <cstdint>

#include "weir/alloc/thread_record.h"

namespace weir {

// Of the caller's caller, and those that called it.
uint32_t CallingStack(ThreadRecord& t);

}  // namespace weir

#endif  // WEIR_ALLOC_STACK_MEMO_H_
