// How much memory the process may use: what default limits are made from.
//
// Thread safety: all functions, any thread; they read files and may call malloc. What
// cannot be read limits nothing.
#ifndef WEIR_ALLOC_MEMORY_LIMIT_H_
#define WEIR_ALLOC_MEMORY_LIMIT_H_

#include <cstdint>

namespace weir {

// What "no limit" is.
inline constexpr int64_t kUnlimited = INT64_MAX;

// Bytes: the least of the machine's memory and the two limits below.
int64_t UsableMemory();

// The least limit of the process's memory control group and of those it lies in, in bytes:
// memory.max and memory.high of version 2, or memory.limit_in_bytes of version 1, whichever
// hierarchy has the memory controller. Where the group's folder cannot be seen, as in a container,
// the root of the hierarchy is what is seen of it. A test gives the folder that stands for "/".
int64_t ControlGroupLimit(const char* root = "");

// The lower of RLIMIT_AS and RLIMIT_DATA, in bytes.
int64_t ResourceLimit();

}  // namespace weir

#endif  // WEIR_ALLOC_MEMORY_LIMIT_H_
