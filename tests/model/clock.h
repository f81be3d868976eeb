// Vector clocks: which steps of other threads happened before this one, by the memory orders that
// the code names. Interleaving alone would not tell a release from a relaxed store.
#ifndef WEIR_TESTS_MODEL_CLOCK_H_
#define WEIR_TESTS_MODEL_CLOCK_H_

#include <algorithm>
#include <cstdint>

namespace weir::model {

inline constexpr int kMaxThreads = 3;
inline constexpr int kMain = kMaxThreads;  // who sets up and checks

// All zero is "nothing before", so that zeroed memory is a valid clock.
struct Clock {
  uint16_t at[kMaxThreads + 1];

  void Join(const Clock& other) {
    for (int i = 0; i <= kMaxThreads; ++i) at[i] = std::max(at[i], other.at[i]);
  }
};

}  // namespace weir::model

#endif  // WEIR_TESTS_MODEL_CLOCK_H_
