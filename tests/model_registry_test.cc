// reclaim/registry.h with alloc/cache.h in all interleavings: a record has one owner at a time,
// and nobody gets one of which a reclaimer still holds the cache.
#include <gtest/gtest.h>

#include <cstring>
#include <new>
#include <vector>

#include "tests/model/plain.h"
#include "tests/model/scheduler.h"
#include "weir/alloc/cache.h"
#include "weir/reclaim/registry.h"

namespace weir {
namespace {

using model::Explore;
using model::Plain;
using model::Program;
using model::Result;

struct Record {
  Cache cache;
  Record* next_record = nullptr;
  Atomic<uint32_t> life{kAbandoned};
  Plain<int> owner;  // a data race if there are two, or if a claim does not follow the abandoning
  bool Reusable() const { return cache.Reusable(); }
};

struct State {
  Registry<Record> registry;
  Record records[model::kMaxThreads + 1];  // one a thread, and one that is there before
  int object[model::kMaxThreads];          // each thread's, by its address
  int found[model::kMaxThreads] = {};

  // A thread: claims a record, puts an object into its cache, and ends.
  void Live() {
    const int self = model::Self();
    Record* r = registry.Claim([&] { return &records[self]; });
    r->owner.Write(self);
    r->cache.Open();
    switch (r->cache.Enter()) {
      case Cache::kEmpty:
        r->cache.Restore(kCacheMax);
        r->cache.Push(&object[self]);
        r->cache.Leave();
        break;
      default:
        model::Fail("a new owner's cache is not empty");
    }
    MODEL_CHECK(r->owner.Read() == self);
    if (r->cache.Close()) {
      while (r->cache.count() != 0) Find(r->cache.Pop());
      r->cache.Kill();
    }
    r->owner.Write(100);
    registry.Abandon(r);
  }
  void Recall(uint64_t pass) {
    registry.ForEach([&](Record& r) { r.cache.Revoke(pass); });
    HeavyFence();
    registry.ForEach([&](Record& r) {
      if (r.cache.Mine(pass)) r.cache.Collect([&](void* o) { Find(o); });
    });
  }
  void Find(void* o) { ++found[static_cast<int*>(o) - object]; }
};

alignas(State) char room[sizeof(State)];
State& S() { return *reinterpret_cast<State*>(room); }

void ExpectSafe(const char* name, std::vector<std::function<void()>> threads,
                std::vector<int> owners, model::Options options) {
  Program p;
  p.setup = [] {
    memset(room, 0, sizeof room);
    new (room) State;
    // One record that its last owner left.
    S().registry.Abandon(S().registry.Claim([] { return &S().records[model::kMain]; }));
  };
  p.threads = std::move(threads);
  p.check = [owners] {
    S().Recall(99);
    for (int i : owners) {
      if (S().found[i] != 1) model::Fail("an object was lost or doubled");
    }
    for (Record& r : S().records) {
      MODEL_CHECK(r.Reusable());
    }
  };
  Result r = Explore(name, p, options);
  EXPECT_EQ(r.failure, "") << name;
  EXPECT_TRUE(r.complete || r.failure != "") << name;
}

TEST(ModelRegistry, TwoThreadsComeAndGo) {
  ExpectSafe("live | live", {[] { S().Live(); }, [] { S().Live(); }}, {0, 1}, {});
  ExpectSafe("live | live, spurious failures", {[] { S().Live(); }, [] { S().Live(); }}, {0, 1},
             {.spurious = 2});
}

TEST(ModelRegistry, ARecallWhileAThreadEnds) {
  // In this order three delays suffice for: a claim looks at a record; another claims it, fills the
  // cache and ends while the cache is being recalled; the claim goes on.
  ExpectSafe("live | recall | live",
             {[] { S().Live(); }, [] { S().Recall(1); }, [] { S().Live(); }}, {0, 2},
             {.delays = 3});
}

}  // namespace
}  // namespace weir
