// stats/countdown.h in all interleavings: what a reader finds was the count at some moment while it
// read, and the counts of one that it reads later do not fall behind those it read before.
#include <gtest/gtest.h>

#include <new>

#include "tests/model/scheduler.h"
#include "weir/stats/countdown.h"

namespace weir {
namespace {

using model::Explore;
using model::Program;
using model::Result;

using Few = Countdowns<1, 2>;  // four counts overflow

struct State {
  Few c;
  // What was counted when the owner began its last operation, and when it had ended it. Not atomic:
  // steps of the scheduler are where the other thread comes in.
  uint64_t begun = 0, ended = 0;

  void Count() {
    begun = ended + (c[0].Left() == 0 ? 0 : 1);  // else it is not counted, not even for a moment
    if (c[0].Count()) ++ended;
    begun = ended;
  }
  void CountOne() {
    begun = ended + 1;
    c[0].CountOne();
    ended = begun;
  }
  void Read() {
    const uint64_t least = flushed ? ended : 0;
    const uint64_t n = c.Read(0);
    MODEL_CHECK(n >= least);
    MODEL_CHECK(n <= begun);
    MODEL_CHECK(n >= last);
    last = n;
  }
  uint64_t last = 0;
  bool flushed = false;  // no store is in a buffer
};
alignas(State) char room[sizeof(State)];
State& S() { return *reinterpret_cast<State*>(room); }

void ExpectExact(const char* name, uint64_t counted, std::vector<std::function<void()>> threads,
                 bool store_buffers) {
  Program p;
  p.setup = [store_buffers] {
    new (room) State;
    S().flushed = !store_buffers;
  };
  p.threads = std::move(threads);
  p.check = [counted] {
    MODEL_CHECK(S().ended == counted);
    MODEL_CHECK(S().c.Read(0) == counted);
    MODEL_CHECK(S().c[0].Own() == counted);
  };
  model::Options options;
  options.store_buffers = store_buffers;
  Result r = Explore(name, p, options);
  EXPECT_EQ(r.failure, "") << name;
  EXPECT_TRUE(r.complete || r.failure != "") << name;
}
void ExpectExact(const char* name, uint64_t counted, std::vector<std::function<void()>> threads) {
  ExpectExact(name, counted, threads, false);
  ExpectExact(name, counted, threads, true);
}

void ReadTwice() { S().Read(), S().Read(); }

TEST(ModelCountdown, AReaderFindsACount) {
  ExpectExact("arm, count, ask | read, read", 1,
              {[] {
                 S().c[0].Arm(1);
                 S().Count();
                 S().Count();  // none is left
               },
               ReadTwice});
  ExpectExact("count slowly, arm, count | read, read", 3,
              {[] {
                 S().CountOne();
                 S().c[0].Arm(2);
                 S().Count();
                 S().Count();
               },
               ReadTwice});
}

// The low bits come round while the reader is between its loads.
TEST(ModelCountdown, AReaderMayBeSlow) {
  ExpectExact("six slow counts | read", 6,
              {[] {
                 for (int i = 0; i < 6; ++i) S().CountOne();
               },
               [] { S().Read(); }});
  ExpectExact("arm, count, count, three times | read", 6,
              {[] {
                 for (int i = 0; i < 3; ++i) {
                   S().c[0].Arm(2);
                   S().Count();
                   S().Count();
                   while (S().ended < 2 * static_cast<uint64_t>(i + 1)) S().CountOne();
                 }
               },
               [] { S().Read(); }});
}

}  // namespace
}  // namespace weir
