// reclaim/drain.cc in all interleavings: once Unregister has returned, the handler does not run,
// and what it did is done.
#include <gtest/gtest.h>

#include <cstring>
#include <new>
#include <string>
#include <vector>

#include "tests/model/plain.h"
#include "tests/model/scheduler.h"
#include "weir/reclaim/drain.h"

namespace weir {
namespace {

using model::Explore;
using model::Plain;
using model::Program;
using model::Result;

struct State {
  DrainRegistry registry;
  Plain<int> data;  // the handler's; whoever unregistered it may do with it as it likes
  int64_t id = -1;
  bool unregisters_itself = false;
  int unregistered = 0;

  static long Handle(void* arg, int, long) {
    State& s = *static_cast<State*>(arg);
    MODEL_CHECK(DrainRegistry::InHandler());
    MODEL_CHECK(s.registry.Broadcast(0, 1) == -1);  // never within itself
    s.data.Write(s.data.Read() + 1);
    if (s.unregisters_itself && s.registry.Unregister(s.id)) ++s.unregistered;
    return 1;
  }
  void Register() {
    data.Write(1);
    id = registry.Register(kDrainProtocol, "model", Handle, this);
    MODEL_CHECK(id >= 0);
  }
  void Unregister() {
    if (!registry.Unregister(id)) return;
    data.Write(100);
    ++unregistered;
  }
};

alignas(State) char room[sizeof(State)];
State& S() { return *reinterpret_cast<State*>(room); }

enum Before { kNothing, kRegistered, kLeavesByItself };

void ExpectSafe(const char* name, Before before, std::vector<std::function<void()>> threads,
                std::function<void()> check) {
  Program p;
  p.setup = [before] {
    memset(room, 0, sizeof room);
    new (room) State;
    if (before != kNothing) S().Register();
    S().unregisters_itself = before == kLeavesByItself;
  };
  p.threads = std::move(threads);
  p.check = std::move(check);
  // Once more with a compare-and-swap that fails for no reason.
  for (int spurious : {0, 1}) {
    const std::string which = name + std::string(spurious == 0 ? "" : ", a spurious failure");
    Result r = Explore(which.c_str(), p, {.spurious = spurious});
    EXPECT_EQ(r.failure, "") << which;
    EXPECT_TRUE(r.complete || r.failure != "") << which;
  }
}

void Broadcast() { S().registry.Broadcast(0, 1); }
void Unregister() { S().Unregister(); }
// The handler is gone: another broadcast finds none.
void ExpectGone() {
  MODEL_CHECK(S().unregistered == 1);
  MODEL_CHECK(S().registry.Broadcast(0, 1) == 0);
}

TEST(ModelDrain, UnregisterWaitsForTheHandler) {
  ExpectSafe("broadcast | unregister", kRegistered, {Broadcast, Unregister}, ExpectGone);
  ExpectSafe("broadcast | broadcast | unregister", kRegistered, {Broadcast, Broadcast, Unregister},
             ExpectGone);
}

TEST(ModelDrain, OnlyOneUnregisterSucceeds) {
  ExpectSafe("broadcast | unregister | unregister", kRegistered,
             {Broadcast, Unregister, Unregister}, ExpectGone);
}

TEST(ModelDrain, AHandlerMayUnregisterItself) {
  ExpectSafe("broadcast of one that leaves | broadcast", kLeavesByItself, {Broadcast, Broadcast},
             ExpectGone);
}

TEST(ModelDrain, ABroadcastSeesWhatRegisterPublished) {
  ExpectSafe("register | broadcast", kNothing, {[] { S().Register(); }, Broadcast},
             [] { MODEL_CHECK(S().registry.Broadcast(0, 1) == 1); });
}

// The slot of a handler that left is used for another one.
TEST(ModelDrain, ASlotIsUsedAgainOnlyWhenItsHandlerIsGone) {
  ExpectSafe("broadcast | unregister, register", kRegistered,
             {Broadcast, [] { S().Unregister(), S().Register(); }},
             [] { MODEL_CHECK(S().registry.Broadcast(0, 1) == 1); });
}

}  // namespace
}  // namespace weir
