// Failure injection, for C11 and C++20: which allocations of a test fail, as if their zone were at
// its limit and nothing could be reclaimed.
#ifndef WEIR_ALLOC_FAILURES_H_
#define WEIR_ALLOC_FAILURES_H_

#include <stdint.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

// An allocation fails if all that is said here is true of it. What is 0 says nothing; all 0: none
// fails. Those that may wait without end never fail; those with a wait limit fail with ETIMEDOUT.
struct weir_failures {
  uint64_t one_in;   // at random, one in so many
  uint64_t seed;     // of that; 0: one of the clock. A line on stderr says which
  const char* site;  // one of the functions on the stack is like this. Functions read as
                     // "program+0x1a2b name", where the name is as the linker knows it, for those
                     // that dlsym could find (-rdynamic); this is a part of such a text
  int once_a_stack;  // for the first time with the same functions on the stack; a line on stderr
                     // says which functions these are. Of 4,095 stacks
};

// Sets, for the allocations of all threads from now on; NULL: none fails any more. Copies. Not
// while another thread allocates. The environment sets the same when weir starts:
// WEIR_FAIL=<one_in>, WEIR_FAIL_SEED, WEIR_FAIL_SITE, WEIR_FAIL_ONCE_A_STACK=1. While it is set all
// allocations take the slow path, and so in signal handlers may not allocate. 0; EINVAL: site is
// longer than 127 bytes.
int weir_fail(const struct weir_failures* failures);
// The nth allocation of this thread from now on fails, whatever it is: 0 is the next one, -1 none.
// Until it is set to -1, this thread's allocations take the slow path.
void weir_fail_nth(long nth);
// How many have been made to fail so far.
uint64_t weir_failed(void);

#ifdef __cplusplus
}  // extern "C"
#endif

#pragma GCC visibility pop

#endif  // WEIR_ALLOC_FAILURES_H_
