// Work on one processor or another, so that it meets one shard of a depot or another.
#ifndef WEIR_TESTS_TWO_SHARDS_H_
#define WEIR_TESTS_TWO_SHARDS_H_

#include <gtest/gtest.h>
#include <sched.h>

#include <cstdint>
#include <thread>

#include "weir/alloc/depot.h"

namespace weir {

// The first processor that the test may use and the last.
struct TwoShards {
  TwoShards() {
    cpu_set_t allowed;
    EXPECT_EQ(sched_getaffinity(0, sizeof allowed, &allowed), 0);
    for (int i = 0; i < CPU_SETSIZE; ++i) {
      if (!CPU_ISSET(i, &allowed)) continue;
      if (here < 0) here = i;
      there = i;
    }
    there_are = Shard(here) != Shard(there);
  }
  static uint32_t Shard(int processor) { return static_cast<uint32_t>(processor) % depot_shards; }

  int here = -1;
  int there = -1;
  bool there_are;
};

// On a thread of its own, which ends.
template <typename Work>
void On(int processor, Work work) {
  std::thread([&] {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(processor, &one);
    ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
    work();
  }).join();
}

}  // namespace weir

#endif  // WEIR_TESTS_TWO_SHARDS_H_
