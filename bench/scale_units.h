// The works of the programs that show how cost grows with threads.
#ifndef WEIR_BENCH_SCALE_UNITS_H_
#define WEIR_BENCH_SCALE_UNITS_H_

#include <array>
#include <atomic>
#include <boost/lockfree/spsc_queue.hpp>
#include <cstddef>

#include "bench/scale.h"
#include "bench/spin.h"

namespace weir_bench {

inline constexpr int kMostThreads = 16;

// kEach buffers allocated, then freed: 1 is W1 or W2 on every thread (W5), 32 is W1b or W2b, and
// more than a cache holds goes to what all threads share each time.
template <typename Buf, Buf* (*kAlloc)(), void (*kFree)(Buf*), int kEach>
struct AllocFree {
  explicit AllocFree(int) {}
  int operator()() {
    for (Buf*& b : held) {
      b = kAlloc();
      asm volatile("" : "+r"(b) : : "memory");
    }
    for (Buf* b : held) kFree(b);
    asm volatile("" : : : "memory");
    return kEach;
  }
  void end() {}
  Buf* held[kEach];
};

// W4: even threads allocate packets, odd ones free them; each pair has a ring. The unit is a
// packet, counted where it is freed.
template <typename Peer>
class HandOn {
 public:
  explicit HandOn(int thread) : frees_(thread % 2 == 1), ring_(rings_[thread / 2]) {}
  int operator()() {
    typename Peer::Buf* b;
    if (frees_) {
      if (!ring_.pop(b)) return spin_.Wait(), 0;
      Peer::FreePacket(b);
      return 1;
    }
    if (ring_.write_available() == 0) return spin_.Wait(), 0;
    b = Peer::AllocPacket();
    asm volatile("" : "+r"(b) : : "memory");
    ring_.push(b);
    return 0;
  }
  void end() {
    typename Peer::Buf* b;
    while (frees_ && ring_.pop(b)) Peer::FreePacket(b);
  }

 private:
  using Ring = boost::lockfree::spsc_queue<typename Peer::Buf*, boost::lockfree::capacity<1024>>;
  static inline std::array<Ring, kMostThreads / 2> rings_;

  const bool frees_;
  Ring& ring_;
  Spin spin_;
};

struct ScaleWork {
  const char* name;
  bool pairs;  // needs an even number of threads
  Scaled (*run)(int threads, std::chrono::duration<double> time);
};

template <typename Peer>
using SmallUnit = AllocFree<typename Peer::Buf, Peer::AllocSmall, Peer::FreeSmall, 1>;
template <typename Peer, int kEach>
using PacketUnit = AllocFree<typename Peer::Buf, Peer::AllocPacket, Peer::FreePacket, kEach>;

template <typename Peer>
inline constexpr ScaleWork kScaleWorks[] = {
    {"small", false, RunThreads<Peer, SmallUnit<Peer>>},
    {"packet", false, RunThreads<Peer, PacketUnit<Peer, 1>>},
    {"packet-32", false, RunThreads<Peer, PacketUnit<Peer, 32>>},
    {"packet-256", false, RunThreads<Peer, PacketUnit<Peer, 256>>},
    {"hand-over", true, RunThreads<Peer, HandOn<Peer>>},
};

}  // namespace weir_bench

#endif  // WEIR_BENCH_SCALE_UNITS_H_
