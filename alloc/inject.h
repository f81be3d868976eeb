// Failure injection: what alloc/failures.h promises.
#ifndef WEIR_ALLOC_INJECT_H_
#define WEIR_ALLOC_INJECT_H_

#include "weir/alloc/failures.h"

namespace weir {

// Whether the caches of this thread must stay revoked, so that every allocation passes
// InjectFailure.
bool InjectionArmed();

// Whether this allocation is to fail; `endless`: it may wait without end.
bool InjectFailure(bool endless);

// What the environment asks for. nullptr, or a message that names the variable and its value.
const char* FailAsEnvironmentSays();

}  // namespace weir

#endif  // WEIR_ALLOC_INJECT_H_
