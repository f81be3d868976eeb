// reclaim/waiters.h over alloc/index_stack.h, and alloc/transit.h, in all interleavings: nobody
// sleeps while an object is free, and nobody takes an object on its way for none at all.
#include <gtest/gtest.h>

#include <new>

#include "tests/model/plain.h"
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
  model::Plain<int> contents[3];  // of the objects

  auto Links() {
    return [this](uint32_t i) -> Atomic<uint32_t>& { return links[i]; };
  }
  // As Zone::PutOne.
  void Put(uint32_t i) {
    if (Broken(kBreakWaitRecheck)) return free.Push(i, Links());
    if (waiters.Grant(i)) return;
    free.Push(i, Links());
    while (waiters.Queued()) {
      uint32_t again = Take();
      if (again == IndexStack::kNone) break;
      if (!waiters.Grant(again)) free.Push(again, Links());
    }
  }
  uint32_t Take() { return free.Pop(Links()); }
  void WriteAndPut(uint32_t i) {
    contents[i].Write(1);
    Put(i);
  }
  void AwaitAndWrite() { contents[Await()].Write(2); }
  // As Zone::AtLimit: sleeps until there is one.
  uint32_t Await() {
    waiters.Announce();
    uint64_t ticket = Waiters::kNoTicket;
    uint32_t i;
    for (;;) {
      i = Take();
      if (i != IndexStack::kNone) {
        if (waiters.Oldest(ticket)) break;
        Put(i);
      }
      if (ticket == Waiters::kNoTicket) {
        ticket = waiters.Enter();
        MODEL_CHECK(ticket != Waiters::kNoTicket);
        continue;
      }
      i = waiters.Await(ticket, kNever);
      if (i == Waiters::kLook) continue;
      MODEL_CHECK(i != Waiters::kNothing);
      ticket = Waiters::kNoTicket;
      break;
    }
    if (ticket != Waiters::kNoTicket) {
      uint32_t more = waiters.Leave(ticket);
      if (more != Waiters::kNothing) Put(more);
    }
    waiters.Retire();
    return i;
  }
  // Enters the queue, and goes again: at its deadline.
  void GiveUp() {
    uint64_t ticket = waiters.Enter();
    if (ticket == Waiters::kNoTicket) return;
    uint32_t i = waiters.Leave(ticket);
    if (i != Waiters::kNothing) Put(i);
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

// All orders, or those with so many delays, and random ones.
void ExpectSafe(const char* name, std::vector<std::function<void()>> threads, bool one_free,
                int delays = -1) {
  Program p;
  p.setup = [one_free] {
    new (room) State;
    if (one_free) S().Put(0);
  };
  p.threads = std::move(threads);
  Result r = delays < 0 ? Explore(name, p) : Explore(name, p, {.delays = delays});
  EXPECT_EQ(r.failure, "") << name;
  EXPECT_TRUE(r.complete || r.failure != "") << name;
  if (delays < 0) return;
  r = Explore(name, p, {.random_runs = 20000});
  EXPECT_EQ(r.failure, "") << name;
}

TEST(ModelWaiters, APushWakesTheWaiter) {
  ExpectSafe("wait | push", {[] { S().Await(); }, [] { S().Put(1); }}, false);
}

TEST(ModelWaiters, WhatIsHandedOverIsComplete) {
  ExpectSafe("write, push | wait, write", {[] { S().WriteAndPut(1); }, [] { S().AwaitAndWrite(); }},
             false);
}

TEST(ModelWaiters, TwoPushesWakeTwoWaiters) {
  ExpectSafe("wait | wait | push, push",
             {[] { S().Await(); }, [] { S().Await(); }, [] { S().Put(1), S().Put(2); }}, false, 3);
}

// Who does not wait may take what the waiter was woken for: then it gives it back.
TEST(ModelWaiters, AnObjectTakenFromUnderAWaiterComesBack) {
  ExpectSafe("wait | push | take, push",
             {[] { S().Await(); }, [] { S().Put(1); },
              [] {
                uint32_t i = S().Take();
                if (i != IndexStack::kNone) S().Put(i);
              }},
             false, 3);
}

TEST(ModelWaiters, WhoGivesUpTakesNothingAlong) {
  ExpectSafe("wait | give up | push",
             {[] { S().Await(); }, [] { S().GiveUp(); }, [] { S().Put(1); }}, false, 3);
}

// Something else has changed, such as the limit: who has looked already looks again.
TEST(ModelWaiters, APokeIsNotLost) {
  ExpectSafe("wait | push quietly, poke",
             {[] { S().Await(); },
              [] {
                S().free.Push(1, S().Links());
                S().waiters.Poke();
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
