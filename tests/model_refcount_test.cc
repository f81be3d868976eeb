// chain/refcount.h in all interleavings: the buffer is freed once, by the last holder, after
// everything that the others did with it; and who finds itself the only holder may write.
#include <gtest/gtest.h>

#include <new>

#include "tests/model/plain.h"
#include "tests/model/scheduler.h"
#include "weir/chain/refcount.h"

namespace weir {
namespace {

using model::Explore;
using model::Plain;
using model::Program;
using model::Result;

struct State {
  uint32_t cell = 0;
  Plain<int> data{1};
  int frees = 0;

  RefCount Count() { return RefCount(&cell); }
  void Use() { data.Read(); }
  void Drop() {
    if (!Count().Drop()) return;
    data.Write(0);  // freed, and somebody else's from now on
    ++frees;
  }
};

alignas(State) char room[sizeof(State)];
State& S() { return *reinterpret_cast<State*>(room); }

// Each thread owns one holder to begin with, and gives it up.
void ExpectFreedOnce(const char* name, std::vector<std::function<void()>> threads) {
  Program p;
  const auto holders = static_cast<uint32_t>(threads.size());
  p.setup = [holders] {
    new (room) State;
    S().Count().StartShared();
    for (uint32_t i = 2; i < holders; ++i) S().Count().Add();
  };
  p.threads = std::move(threads);
  p.check = [] { MODEL_CHECK(S().frees == 1); };
  Result r = Explore(name, p);
  EXPECT_EQ(r.failure, "") << name;
  EXPECT_TRUE(r.complete || r.failure != "") << name;
}

void UseAndDrop() { S().Use(), S().Drop(); }

void WriteIfUniqueAndDrop() {
  if (S().Count().Unique()) S().data.Write(2);
  S().Drop();
}

void ShareAndDropBoth() {
  S().Use();
  MODEL_CHECK(S().Count().Add());
  S().Drop();
  S().Use();
  S().Drop();
}

TEST(ModelRefCount, TheLastOfThreeFrees) {
  ExpectFreedOnce("use, drop (3 threads)", {UseAndDrop, UseAndDrop, UseAndDrop});
}

TEST(ModelRefCount, TheOnlyHolderMayWrite) {
  ExpectFreedOnce("use, drop | write if unique, drop", {UseAndDrop, WriteIfUniqueAndDrop});
  ExpectFreedOnce("use, drop (2) | write if unique, drop",
                  {UseAndDrop, UseAndDrop, WriteIfUniqueAndDrop});
}

TEST(ModelRefCount, SharingAgainWhileOthersDrop) {
  ExpectFreedOnce("use, drop | share, drop, drop", {UseAndDrop, ShareAndDropBoth});
  ExpectFreedOnce("share, drop, drop (2 threads)", {ShareAndDropBoth, ShareAndDropBoth});
}

}  // namespace
}  // namespace weir
