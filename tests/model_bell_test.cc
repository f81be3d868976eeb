// reclaim/bell.h in all interleavings: nobody sleeps on what was rung for, and who looks sees it.
#include <gtest/gtest.h>

#include <new>

#include "tests/model/plain.h"
#include "tests/model/scheduler.h"
#include "weir/reclaim/bell.h"

namespace weir {
namespace {

using model::Explore;
using model::Plain;
using model::Program;
using model::Result;

struct State {
  Bell bell;
  Atomic<uint32_t> peaks[2];
  Plain<int> data;

  void Bring(int i) {
    peaks[i].store(1, std::memory_order_relaxed);  // counter
    bell.Ring();
  }
  // Sleeps until it has seen `n` of them.
  void Look(int n) {
    int seen = 0;
    for (;;) {
      bell.Answer([&] {
        for (int i = 0; i < 2; ++i) {
          if (peaks[i].load(std::memory_order_relaxed) == 0) continue;  // counter
          peaks[i].store(0, std::memory_order_relaxed);                 // counter
          ++seen;
        }
      });
      if (seen == n) break;
      bell.Sleep(kNever);
    }
  }
};

alignas(State) char room[sizeof(State)];
State& S() { return *reinterpret_cast<State*>(room); }

void ExpectSafe(const char* name, std::vector<std::function<void()>> threads) {
  Program p;
  p.setup = [] { new (room) State{}; };
  p.threads = std::move(threads);
  Result r = Explore(name, p);
  EXPECT_EQ(r.failure, "") << name;
  EXPECT_TRUE(r.complete || r.failure != "") << name;
}

TEST(ModelBell, ARingIsNotLost) {
  ExpectSafe("look | ring", {[] { S().Look(1); }, [] { S().Bring(0); }});
  ExpectSafe("look | ring | ring",
             {[] { S().Look(2); }, [] { S().Bring(0); }, [] { S().Bring(1); }});
}

TEST(ModelBell, WhoAnswersSeesWhatTheRingWasFor) {
  ExpectSafe("sleep, read | write, ring", {[] {
                                             S().bell.Sleep(kNever);
                                             S().bell.Answer([] { MODEL_CHECK(S().data.Read()); });
                                           },
                                           [] {
                                             S().data.Write(1);
                                             S().bell.Ring();
                                           }});
}

}  // namespace
}  // namespace weir
