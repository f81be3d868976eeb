// The processor that the calling thread runs on, or did a moment ago: good enough to choose by, so
// that what one thread leaves is taken by a thread near it.
#ifndef WEIR_ALLOC_PROCESSOR_H_
#define WEIR_ALLOC_PROCESSOR_H_

#include <cstdint>

#ifndef WEIR_TINY
#include <sched.h>
#endif

namespace weir {

#ifdef WEIR_TINY
inline __thread uint32_t t_processor = 0;  // a model test says where its threads run
inline uint32_t Processor() { return t_processor; }
#else
// Of glibc 2.35 and later it is a load from the area that the kernel keeps for each thread (rseq).
inline uint32_t Processor() {
  const int n = sched_getcpu();
  return n < 0 ? 0 : static_cast<uint32_t>(n);
}
#endif

}  // namespace weir

#endif  // WEIR_ALLOC_PROCESSOR_H_
