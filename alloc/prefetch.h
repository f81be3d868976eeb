// Asking for memory that will be written soon.
#ifndef WEIR_ALLOC_PREFETCH_H_
#define WEIR_ALLOC_PREFETCH_H_

namespace weir {

// The line of p, as this processor's own. Loaded first and then written it would cross the machine
// twice when another has it: once to be read, and once more to be taken from there.
inline void PrefetchForWrite(const void* p) {
#ifdef __x86_64__
  // What the builtin becomes only when the compiler is told of such a processor. Others skip it.
  asm volatile("prefetchw %0" : : "m"(*static_cast<const char*>(p)));
#else
  __builtin_prefetch(p, 1);
#endif
}

}  // namespace weir

#endif  // WEIR_ALLOC_PREFETCH_H_
