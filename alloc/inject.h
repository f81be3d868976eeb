// Failure injection, for tests: chosen allocations fail as if the limit were reached.
#ifndef WEIR_ALLOC_INJECT_H_
#define WEIR_ALLOC_INJECT_H_

namespace weir {

// The calling thread's nth allocation from now fails, and those after it succeed: 0 is the next,
// -1 none. While it is set, and until it is set to -1, this thread's caches stay empty.
void FailAllocation(long nth);

// Whether the caches of this thread must stay revoked, so that every allocation passes
// InjectFailure.
bool InjectionArmed();

// Whether this allocation is to fail. Besides FailAllocation, 1 in WEIR_FAIL (environment) of all
// allocations in the check flavour, by a seed that is printed at start and can be set with
// WEIR_FAIL_SEED.
bool InjectFailure();

}  // namespace weir

#endif  // WEIR_ALLOC_INJECT_H_
