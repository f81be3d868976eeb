// alloc/index_stack.h in all interleavings: what is pushed comes out once, and what it stands for
// is handed over with it.
#include <gtest/gtest.h>

#include <new>
#include <string>

#include "tests/model/plain.h"
#include "tests/model/scheduler.h"
#include "weir/alloc/index_stack.h"

namespace weir {
namespace {

using model::Explore;
using model::Plain;
using model::Program;
using model::Result;

constexpr uint32_t kElements = 3;

struct State {
  IndexStack stack;
  Atomic<uint32_t> links[kElements];
  Plain<uint32_t> contents[kElements];

  State() {
    for (uint32_t i = 0; i < kElements; ++i) Push(i);
  }
  auto Links() {
    return [this](uint32_t i) -> Atomic<uint32_t>& { return links[i]; };
  }
  void Push(uint32_t i) {
    contents[i].Write(i);
    stack.Push(i, Links());
  }
  // What it takes is the caller's alone: it may write to it.
  uint32_t Pop() {
    uint32_t i = stack.Pop(Links());
    if (i == IndexStack::kNone) return i;
    MODEL_CHECK(contents[i].Read() == i);
    contents[i].Write(100 + i);
    return i;
  }
  void PushUnlessNone(uint32_t i) {
    if (i != IndexStack::kNone) Push(i);
  }
};

alignas(State) char room[sizeof(State)];
State& S() { return *reinterpret_cast<State*>(room); }

// Runs the threads; at the end `left` elements are on the stack, no two the same.
void ExpectSafe(const char* name, std::vector<std::function<void()>> threads, uint32_t left) {
  Program p;
  p.setup = [] { new (room) State; };
  p.threads = std::move(threads);
  p.check = [left] {
    bool seen[kElements] = {};
    uint32_t n = 0;
    for (uint32_t i; (i = S().Pop()) != IndexStack::kNone && n <= left; ++n) {
      if (seen[i]) model::Fail("an element is on the stack twice");
      seen[i] = true;
    }
    if (n != left) model::Fail("elements were lost");
  };
  // Once more with a compare-and-swap that fails for no reason.
  for (int spurious : {0, 1}) {
    const std::string which = name + std::string(spurious == 0 ? "" : ", a spurious failure");
    Result r = Explore(which.c_str(), p, {.spurious = spurious});
    EXPECT_EQ(r.failure, "") << which;
    EXPECT_TRUE(r.complete || r.failure != "") << which;
  }
}

TEST(ModelStack, AnElementThatComesBackDoesNotFoolAPop) {
  ExpectSafe("pop | pop, pop, push first",
             {[] { S().PushUnlessNone(S().Pop()); },
              [] {
                uint32_t a = S().Pop();
                S().Pop();
                S().PushUnlessNone(a);
              }},
             kElements - 1);
}

TEST(ModelStack, ContentsAreHandedOver) {
  ExpectSafe("pop, push | pop, push",
             {[] { S().PushUnlessNone(S().Pop()); }, [] { S().PushUnlessNone(S().Pop()); }},
             kElements);
}

TEST(ModelStack, ThreeThreads) {
  ExpectSafe("pop, push | pop | pop",
             {[] { S().PushUnlessNone(S().Pop()); }, [] { S().Pop(); }, [] { S().Pop(); }},
             kElements - 2);
}

}  // namespace
}  // namespace weir
