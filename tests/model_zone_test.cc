// A whole zone, from alloc/'s own sources, at its limit: no false exhaustion and no lost wake-up
// in all orders with few delays, and in many random ones.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/model/scheduler.h"
#include "tests/model/zone_world.h"
#include "weir/alloc/sampling.h"
#include "weir/alloc/zone.h"

namespace weir {
namespace {

using model::Explore;
using model::Program;
using model::Result;
using model::World;

// `limit` objects, all made; thread 0 holds `held` of them, and its cache the others unless
// recalled.
struct Scene {
  int64_t limit;
  int held;
  bool recalled;
  int64_t raised_to = 0;  // the limit, after that; 0: it stays
  bool quarantine = false;
};

void Set(Scene scene) {
  World().Reset(scene.limit);
  if (scene.quarantine) World().Quarantine();
  for (int i = 0; i < scene.limit; ++i) World().Alloc(0, kNoWait);
  for (int i = scene.held; i < scene.limit; ++i) World().Free(0);
  if (scene.recalled) World().zone().Recall();
  if (scene.raised_to != 0) World().zone().SetLimit(scene.raised_to);
}

void ExpectSafe(const char* name, Scene scene, std::vector<std::function<void()>> threads,
                int delays) {
  Program p;
  p.threads = std::move(threads);
  p.check = [] { World().Check(); };
  for (const auto& [membarrier, shards] : {std::pair(true, 1u), {false, 1u}, {true, 2u}}) {
    p.setup = [scene, shards = shards] {
      Set(scene);
      World().Shards(shards);
    };
    const std::string which = name + std::string(membarrier ? "" : ", no membarrier") +
                              (shards == 1 ? "" : ", a shard each");
    Result r = Explore(which.c_str(), p, {.delays = delays, .membarrier = membarrier});
    EXPECT_EQ(r.failure, "") << which;
    EXPECT_TRUE(r.complete || r.failure != "") << which;
    r = Explore(which.c_str(), p, {.random_runs = 5000, .membarrier = membarrier});
    EXPECT_EQ(r.failure, "") << which;
  }
}

void Free0() { World().Free(0); }
void Wait1() { MODEL_CHECK(World().Alloc(1, kWait)); }
void Wait2() { MODEL_CHECK(World().Alloc(2, kWait)); }

// Thread 0 has at most one of the two at a time: there is always one for the other thread.
TEST(ModelZone, AnObjectInABusyCacheCanBeAllocated) {
  ExpectSafe("alloc, free | alloc", {2, 0, false},
             {[] { World().Alloc(0, kNoWait), World().Free(0); },
              [] { MODEL_CHECK(World().Alloc(1, kNoWait)); }},
             2);
}

TEST(ModelZone, AFreeWakesTheWaiter) { ExpectSafe("free | wait", {1, 1, true}, {Free0, Wait1}, 2); }

TEST(ModelZone, TwoFreesWakeTwoWaiters) {
  ExpectSafe("free, free | wait | wait", {2, 2, true},
             {[] { World().Free(0), World().Free(0); }, Wait1, Wait2}, 2);
}

TEST(ModelZone, AFreeByAWaiterWakesTheNext) {
  ExpectSafe("free | wait, free | wait, free", {1, 1, true},
             {Free0, [] { Wait1(), World().Free(1); }, [] { Wait2(), World().Free(2); }}, 1);
}

TEST(ModelZone, ARaisedLimitWakesTheWaiter) {
  ExpectSafe("raise | wait", {1, 1, true},
             {[] { MODEL_CHECK(World().zone().SetLimit(2) == 0); }, Wait1}, 3);
}

TEST(ModelZone, AThreadThatEndsLeavesItsObjects) {
  ExpectSafe("end | wait", {2, 0, false}, {[] { World().End(0); }, Wait1}, 2);
}

// In the child nothing is lost but what another thread had in its hands, one object at most.
TEST(ModelZone, AForkFindsEveryObject) {
  ExpectSafe("fork | free, alloc", {4, 0, false},
             {[] { World().Fork(0); }, [] { World().Alloc(1, kNoWait), World().Free(1); }}, 2);
  ExpectSafe("end | fork", {4, 0, false}, {[] { World().End(0); }, [] { World().Fork(1); }}, 2);
}

// What is held back is not out of reach.
TEST(ModelZone, AnObjectThatIsHeldBackCanBeAllocated) {
  ExpectSafe("held back: alloc, free | alloc", {2, 0, false, 0, true},
             {[] { World().Alloc(0, kNoWait), World().Free(0); },
              [] { MODEL_CHECK(World().Alloc(1, kNoWait)); }},
             2);
}

TEST(ModelZone, AFreeThatHoldsBackWakesTheWaiter) {
  ExpectSafe("held back: free | wait", {1, 1, false, 0, true}, {Free0, Wait1}, 2);
  ExpectSafe("held back: free, free | wait | wait", {2, 2, false, 0, true},
             {[] { World().Free(0), World().Free(0); }, Wait1, Wait2}, 1);
}

// Who carved by the old limit meanwhile gives it back, or the new limit is refused.
TEST(ModelZone, ALoweredLimitIsNotOverrun) {
  static bool lowered, taken;
  Program p;
  p.setup = [] {
    lowered = taken = false;
    Set({1, 1, true, 2});
  };
  p.threads = {[] { lowered = World().zone().SetLimit(1) == 0; },
               [] { taken = World().Alloc(1, kNoWait); }};
  p.check = [] {
    MODEL_CHECK(!lowered || !taken);
    MODEL_CHECK(lowered || taken);
    World().Check();
  };
  Result r = Explore("lower | alloc", p, {.delays = 3});
  EXPECT_EQ(r.failure, "");
  EXPECT_TRUE(r.complete || r.failure != "");
}

// A thread that gets its cache back while the rate of samples changes goes by the new one, or takes
// the slow path next.
TEST(ModelZone, ANewSampleRateReachesAThread) {
  Program p;
  p.setup = [] {
    SetSampleRate(0);
    Set({3, 1, true});
  };
  p.threads = {[] { World().Alloc(0, kNoWait); }, [] { SetSampleRate(1); }};
  p.check = [] { MODEL_CHECK(World().KnowsRate(0)); };
  Result r = Explore("alloc | rate", p, {.delays = 3});
  EXPECT_EQ(r.failure, "");
  EXPECT_TRUE(r.complete || r.failure != "");
}

// A limit that is refused is put back, and who saw it meanwhile looks again.
TEST(ModelZone, ARefusedLimitLeavesNobodyAsleep) {
  ExpectSafe("refused | wait", {1, 1, true, 2},
             {[] { MODEL_CHECK(World().zone().SetLimit(0) != 0); }, Wait1}, 2);
}

// What Reserve makes is nobody's for a moment, and yet it is not nothing.
TEST(ModelZone, ObjectsThatReserveMakesAreFound) {
  ExpectSafe("reserve | alloc", {1, 1, true, 2},
             {[] { MODEL_CHECK(World().zone().Reserve(2) == 0); },
              [] { MODEL_CHECK(World().Alloc(1, kNoWait)); }},
             2);
}

}  // namespace
}  // namespace weir
