// Random enough for choosing a sample, and cheap.
#ifndef WEIR_ALLOC_RANDOM_H_
#define WEIR_ALLOC_RANDOM_H_

#include <cstdint>

namespace weir {

// xorshift: the next number after `state`, which must not be 0.
inline uint64_t NextRandom(uint64_t& state) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

}  // namespace weir

#endif  // WEIR_ALLOC_RANDOM_H_
