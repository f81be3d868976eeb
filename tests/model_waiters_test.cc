// reclaim/waiters.h over alloc/index_stack.h, and alloc/transit.h, in all interleavings: nobody
// sleeps while an object is free, and nobody takes an object on its way for none at all.
#include <gtest/gtest.h>

#include <new>

#include "tests/model/scheduler.h"
#include "weir/alloc/index_stack.h"
#include "weir/alloc/transit.h"
#include "weir/reclaim/waiters.h"

namespace weir {
namespace {

using model::Explore;
using model::Program;
using model::Result;

struct State {
  IndexStack free;
  Atomic<uint32_t> links[3];
  Waiters waiters;
  Transit transit;

  auto Links() {
    return [this](uint32_t i) -> Atomic<uint32_t>& { return links[i]; };
  }
  // As Zone::PutOne.
  void Put(uint32_t i) {
    free.Push(i, Links());
    waiters.Notify(1);
  }
  uint32_t Take() { return free.Pop(Links()); }
  // As Zone::AtLimit: sleeps until there is one.
  void Await() {
    waiters.Announce();
    for (;;) {
      uint32_t epoch = waiters.Epoch();
      if (Take() != IndexStack::kNone) break;
      waiters.Sleep(epoch, kNever);
    }
    waiters.Retire();
  }
  // Takes one elsewhere and puts it back, as a magazine is split.
  void Move() {
    transit.Begin();
    uint32_t i = Take();
    if (i != IndexStack::kNone) free.Push(i, Links());
    transit.End();
  }
  // False if it is certain that there was none.
  bool MayFind() {
    uint64_t moves = transit.Look();
    return Take() != IndexStack::kNone || !transit.Quiet(moves);
  }
};

alignas(State) char room[sizeof(State)];
State& S() { return *reinterpret_cast<State*>(room); }

void ExpectSafe(const char* name, std::vector<std::function<void()>> threads, bool one_free) {
  Program p;
  p.setup = [one_free] {
    new (room) State;
    if (one_free) S().Put(0);
  };
  p.threads = std::move(threads);
  Result r = Explore(name, p);
  EXPECT_EQ(r.failure, "") << name;
  EXPECT_TRUE(r.complete || r.failure != "") << name;
}

TEST(ModelWaiters, APushWakesTheWaiter) {
  ExpectSafe("wait | push", {[] { S().Await(); }, [] { S().Put(1); }}, false);
}

TEST(ModelWaiters, TwoPushesWakeTwoWaiters) {
  ExpectSafe("wait | wait | push, push",
             {[] { S().Await(); }, [] { S().Await(); }, [] { S().Put(1), S().Put(2); }}, false);
}

// Who does not wait may take what the waiter was woken for: then it gives it back.
TEST(ModelWaiters, AnObjectTakenFromUnderAWaiterComesBack) {
  ExpectSafe("wait | push | take, push",
             {[] { S().Await(); }, [] { S().Put(1); },
              [] {
                uint32_t i = S().Take();
                if (i != IndexStack::kNone) S().Put(i);
              }},
             false);
}

TEST(ModelTransit, AnObjectOnItsWayIsNotTakenForNone) {
  ExpectSafe("move | look", {[] { S().Move(); }, [] { MODEL_CHECK(S().MayFind()); }}, true);
  ExpectSafe("move | move | look",
             {[] { S().Move(); }, [] { S().Move(); }, [] { MODEL_CHECK(S().MayFind()); }}, true);
  ExpectSafe("move, move | look",
             {[] { S().Move(), S().Move(); }, [] { MODEL_CHECK(S().MayFind()); }}, true);
}

}  // namespace
}  // namespace weir
