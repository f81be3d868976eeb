// Failure injection for what the library takes from nothrow new: tags, and the counts of callers'
// buffers that are shared. Linking this wraps those operators.
#ifndef WEIR_TESTS_NOTHROW_H_
#define WEIR_TESTS_NOTHROW_H_

namespace weir {

// The nth nothrow new of this thread from now on returns NULL: 0 is the next, -1 none.
void FailNothrow(long nth);

}  // namespace weir

#endif  // WEIR_TESTS_NOTHROW_H_
