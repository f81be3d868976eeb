// What the stress tests of the allocator share: objects that prove who owns them.
#ifndef WEIR_TESTS_ALLOC_STRESS_H_
#define WEIR_TESTS_ALLOC_STRESS_H_

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>

#include "weir/alloc/alloc.h"
#include "weir/alloc/pools.h"

namespace weir {

// Written into every object that a test holds: plain memory, so that ThreadSanitizer sees each
// hand-over that is not ordered, and a second owner of the same object overwrites it.
struct Claim {
  uint64_t owner;
  uint64_t serial;
  uint64_t sum;
};
// Behind an mbuf's header, which the check flavour leaves alone.
inline Claim* ClaimOf(void* object) {
  return reinterpret_cast<Claim*>(static_cast<char*>(object) + 64);
}
inline void Stake(void* object, uint64_t owner, uint64_t serial) {
  *ClaimOf(object) = {owner, serial, owner * 31 + serial};
}
inline bool Holds(void* object, uint64_t owner, uint64_t serial) {
  Claim c = *ClaimOf(object);
  return c.owner == owner && c.serial == serial && c.sum == owner * 31 + serial;
}

// Built with a sanitizer that makes threads and calls many times slower.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
inline constexpr bool kSlowBuild = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
inline constexpr bool kSlowBuild = true;
#else
inline constexpr bool kSlowBuild = false;
#endif
#else
inline constexpr bool kSlowBuild = false;
#endif

inline weir_zone_snapshot Figures(int zone) {
  weir_snapshot s;
  weir_snapshot_clear(&s);
  g_pools.Fill(s);
  return s.zones[zone];
}

// WEIR_SEED, or a random one; printed, so that a failure can be repeated.
inline uint64_t TestSeed() {
  const char* text = getenv("WEIR_SEED");
  uint64_t seed = text != nullptr ? strtoull(text, nullptr, 10) : std::random_device{}();
  printf("WEIR_SEED=%lu\n", seed);
  return seed;
}
// How long a stress test runs: WEIR_STRESS_SECONDS, or `seconds`.
inline int64_t StressNs(double seconds) {
  const char* text = getenv("WEIR_STRESS_SECONDS");
  return static_cast<int64_t>((text != nullptr ? atof(text) : seconds) * 1e9);
}

}  // namespace weir

#endif  // WEIR_TESTS_ALLOC_STRESS_H_
