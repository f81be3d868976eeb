// Huge pages of 2 MiB (kHugeBytes), of which the kernel has two kinds. Reserved ones
// (vm.nr_hugepages) are had, or not, when memory is mapped. Transparent ones are a wish that the
// kernel fulfils when it can.
//
// Reserved ones and fork(): where the child or the parent writes to one that they share and no
// other is free, the kernel takes it from the child, which dies of SIGBUS if it touches it.
//
// Thread safety: all functions, any thread.
#ifndef WEIR_ALLOC_HUGE_PAGES_H_
#define WEIR_ALLOC_HUGE_PAGES_H_

#include <cstddef>

#include "weir/alloc/layout.h"

namespace weir {

// Maps `bytes`, a multiple of kHugeBytes, of reserved huge pages: at `at` in place of what is
// there, or anywhere if it is nullptr. nullptr: too few are free; then nothing may be left at `at`.
void* MapReserved(void* at, size_t bytes);

// Whether transparent huge pages are given to who asks for them. A test gives the folder that
// stands for "/".
bool TransparentHugePages(const char* root = "");

// Asks for transparent huge pages in [p, p + bytes).
void WishHuge(void* p, size_t bytes);

// Says on stderr, once in the life of the process, that the option hugepages did not get all that
// it asked for, and what is used instead.
void SayFallback(const char* used);

}  // namespace weir

#endif  // WEIR_ALLOC_HUGE_PAGES_H_
