// The option trim_interval_ms: memory that was not used goes back by itself.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/alloc_stress.h"
#include "tests/child.h"
#include "weir/alloc/pools.h"
#include "weir/alloc/sanitize.h"

namespace weir {
namespace {

constexpr int kZone = WEIR_ZONE_JUMBO_PAGE;

weir_options Trimming(int64_t ms) {
  weir_options o = {};
  o.slab_source = "mmap";  // ThreadSanitizer takes jemalloc's locks in a fork's child for locked
  o.trim_interval_ms = ms;
  return o;
}

void Burst() {
  std::vector<void*> all;
  for (int i = 0; i < 2000; ++i) all.push_back(Alloc(kZone, 0, kNoWait));
  for (void* object : all) Free(kZone, 0, object);
}

// Nobody calls anything; a hang is the failure.
void AwaitNothingHeld() {
  while (Figures(kZone).bytes != 0) usleep(1000);
}

TEST(Trimmer, WhatIsIdleGoesByItself) {
  InChild([] {
    const weir_options o = Trimming(10);
    ASSERT_EQ(StartPools(&o), 0);
    for (int i = 0; i < 3; ++i) {
      Burst();
      EXPECT_GT(Figures(kZone).bytes, 0);
      AwaitNothingHeld();
    }
  });
}

TEST(Trimmer, TheEnvironmentSetsIt) {
  InChild([] {
    setenv("WEIR_TRIM_INTERVAL_MS", "10", 1);
    setenv("WEIR_SLAB_SOURCE", "mmap", 1);
    Burst();
    AwaitNothingHeld();
  });
}

TEST(Trimmer, OtherSetsAreTrimmedToo) {
  InChild([] {
    const weir_options o = Trimming(10);
    ASSERT_EQ(StartPools(&o), 0);
    for (int i = 0; i < 20; ++i) {  // made and ended beside it
      weir_pools* pools = MakePools("other", Trimming(0));
      ASSERT_NE(pools, nullptr);
      pools->Free(kZone, 0, pools->Alloc(kZone, 0, kNoWait));
      while (pools->zones[kZone].bytes() != 0) usleep(1000);
      EXPECT_EQ(EndPools(*pools), 0);
    }
    EXPECT_EQ(MakePools("with its own", o), nullptr) << "one thread for all of them";
    EXPECT_EQ(errno, EINVAL);
  });
}

TEST(Trimmer, AForksChildHasOneToo) {
  if (kThreadsWatched) GTEST_SKIP() << "ThreadSanitizer ends a child that starts a thread";
  InChild([] {
    const weir_options o = Trimming(10);
    ASSERT_EQ(StartPools(&o), 0);
    Burst();
    const pid_t child = fork();
    if (child == 0) {
      alarm(30);
      AwaitNothingHeld();
      Burst();
      AwaitNothingHeld();
      _exit(0);
    }
    int status = -1;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  });
}

TEST(Trimmer, AnIntervalOutOfRangeIsRefused) {
  const std::string said = InChild([] {
    const weir_options o = Trimming(9);
    EXPECT_EQ(StartPools(&o), EINVAL);
  });
  EXPECT_EQ(said, "weir: trim_interval_ms: 9 is not a number from 10 to 86400000\n");
}

}  // namespace
}  // namespace weir
