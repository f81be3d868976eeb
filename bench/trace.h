// Packets of mixed sizes that live for random times, as a sequence of steps that every peer
// repeats.
//
// A trace has kSlots places and kSteps steps. Each step picks a place, all with the same
// probability; frees the packet there, and allocates one of a random size. So a packet's life is
// geometric with a mean of kSlots steps, and kSlots packets are alive at any time. The generator is
// std::mt19937_64 seeded with kSeed, whose output the standard fixes.
//
//   imix   40, 576 and 1,500 bytes, 7 : 4 : 1 ("simple IMIX", as testers of routers use it)
//   web    40 % requests and headers: 200 to 700 bytes, uniform
//          60 % pieces of bodies: exp(N(mu = 8.35, sigma = 1.37)) bytes, a median of 4.2 KiB, which
//          is clamped to 64 bytes .. 16 KiB. The shape (log-normal) is what file sizes on web
//          servers have; the two parameters are chosen, not measured.
#ifndef WEIR_BENCH_TRACE_H_
#define WEIR_BENCH_TRACE_H_

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <random>
#include <vector>

namespace weir_bench {

struct TraceStep {
  uint16_t slot;
  uint16_t bytes;
};

class Trace {
 public:
  static constexpr size_t kSlots = 1024;
  static constexpr size_t kSteps = 1 << 16;
  static constexpr uint64_t kSeed = 1999;

  template <typename Sizes>
  explicit Trace(Sizes size_of_next) : steps_(kSteps) {
    std::mt19937_64 random(kSeed);
    for (TraceStep& step : steps_) {
      step.slot = static_cast<uint16_t>(random() % kSlots);
      step.bytes = static_cast<uint16_t>(size_of_next(random));
    }
  }
  const std::vector<TraceStep>& steps() const { return steps_; }

 private:
  std::vector<TraceStep> steps_;
};

inline size_t ImixSize(std::mt19937_64& random) {
  const uint64_t of12 = random() % 12;
  return of12 < 7 ? 40 : of12 < 11 ? 576 : 1500;
}

// In (0, 1). Not std::uniform_real_distribution, whose output is the library's own.
inline double Uniform(std::mt19937_64& random) {
  return (static_cast<double>(random() >> 11) + 0.5) * 0x1p-53;
}

inline size_t WebSize(std::mt19937_64& random) {
  if (random() % 10 < 4) return 200 + random() % 501;
  const double normal =
      std::sqrt(-2 * std::log(Uniform(random))) * std::cos(2 * std::numbers::pi * Uniform(random));
  return static_cast<size_t>(std::clamp(std::exp(8.35 + 1.37 * normal), 64.0, 16384.0));
}

}  // namespace weir_bench

#endif  // WEIR_BENCH_TRACE_H_
