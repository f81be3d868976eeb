// alloc/cache.h in all interleavings: an owner against reclaimers and against its own end. No
// object is lost, none is in two places, and each hand-over is ordered.
#include <gtest/gtest.h>

#include <cstring>
#include <new>
#include <string>

#include "tests/model/plain.h"
#include "tests/model/scheduler.h"
#include "weir/alloc/cache.h"

namespace weir {
namespace {

using model::Explore;
using model::Plain;
using model::Program;
using model::Result;

constexpr int kObjects = 3;  // 0 and 1 are in the cache at first, 2 is in the owner's hand

// Where a thread puts what it took: the depot and the caller in one.
struct Bag {
  void* objects[8];
  int n = 0;
  void Add(void* object) {
    static_cast<Plain<int>*>(object)->Write(model::Self());  // races with who had it before?
    objects[n++] = object;
  }
};

struct State {
  Cache cache;
  Countdowns<1> allocs;
  Counter frees;
  Plain<int> objects[kObjects];
  Bag bags[model::kMaxThreads + 1];
  Atomic<uint32_t> ended{0};

  State() {
    allocs[0].Arm(UINT64_MAX);
    cache.Open();
    MODEL_CHECK(cache.Enter() == Cache::kEmpty);
    cache.Restore(model::Membarrier() ? kCacheMax : 0);
    void* both[] = {&objects[0], &objects[1]};
    cache.PushFrom(both, 2);
    cache.Leave();
    mine().Add(&objects[2]);
  }
  Bag& mine() { return bags[model::Self() == model::kMain ? 0 : model::Self()]; }

  void Flush() {
    void* flushed[kObjects];
    const uint32_t n = cache.count();
    cache.PopTo(flushed, n);
    for (uint32_t i = 0; i < n; ++i) mine().Add(flushed[i]);
  }
  // As Caches::Open, without waiters.
  bool Open() {
    switch (cache.Enter()) {
      case Cache::kAway:
      case Cache::kReentered:
        return false;
      case Cache::kEntered:
        return true;
      case Cache::kMustFlush:
        Flush();
        [[fallthrough]];
      case Cache::kEmpty:
        cache.Restore(model::Membarrier() ? kCacheMax : 0);
    }
    return true;
  }
  void Alloc() {
    void* object = cache.Take(allocs[0]);
    if (object == nullptr && Open()) {
      if (cache.count() != 0) object = cache.Pop();
      cache.Leave();
    }
    if (object != nullptr) mine().Add(object);
  }
  void Free() {
    if (mine().n == 0) return;
    void* object = mine().objects[mine().n - 1];
    static_cast<Plain<int>*>(object)->Write(100);
    --mine().n;
    if (cache.Put(object, frees)) return;
    if (Open()) {
      cache.Push(object);
      cache.Leave();
    } else {
      mine().Add(object);
    }
  }
  void End() {
    if (cache.Close()) {
      Flush();
      cache.Kill();
    }
    ended.store(1, std::memory_order_release);  // as Registry::Abandon
  }
  void Recall(uint64_t pass) {
    if (cache.Revoke(pass) == Cache::kMine) HeavyFence();
    if (cache.Mine(pass)) cache.Collect([this](void* object) { mine().Add(object); });
  }
  // Every object is somewhere, once.
  void Check() {
    Recall(99);
    int seen[kObjects] = {};
    for (Bag& bag : bags) {
      for (int i = 0; i < bag.n; ++i) ++seen[static_cast<Plain<int>*>(bag.objects[i]) - objects];
    }
    for (int n : seen) {
      if (n != 1) model::Fail(n == 0 ? "an object was lost" : "an object is in two places");
    }
  }
};

alignas(State) char room[sizeof(State)];
State& S() { return *reinterpret_cast<State*>(room); }

void ExpectSafe(const char* name, std::vector<std::function<void()>> threads,
                model::Options options = {}) {
  Program p;
  p.setup = [] {
    memset(room, 0, sizeof room);
    new (room) State;
  };
  p.threads = std::move(threads);
  p.check = [] { S().Check(); };
  for (bool membarrier : {true, false}) {
    options.membarrier = membarrier;
    const std::string which = std::string(name) + (membarrier ? "" : ", no membarrier") +
                              (options.spurious == 0 ? "" : ", a spurious failure");
    Result r = Explore(which.c_str(), p, options);
    EXPECT_EQ(r.failure, "") << which;
    EXPECT_TRUE(r.complete || r.failure != "") << which;
  }
}

TEST(ModelCache, TakeAgainstARecall) {
  ExpectSafe("take, take | recall", {[] { S().Alloc(), S().Alloc(); }, [] { S().Recall(1); }});
}

TEST(ModelCache, PutAgainstARecall) {
  ExpectSafe("put, take | recall", {[] { S().Free(), S().Alloc(); }, [] { S().Recall(1); }});
}

TEST(ModelCache, TheOwnerEndsWhileItIsRevoked) {
  ExpectSafe("put, end | recall", {[] { S().Free(), S().End(); }, [] { S().Recall(1); }});
}

TEST(ModelCache, TwoRecallsInARow) {
  ExpectSafe("take | recall, recall", {[] { S().Alloc(); }, [] { S().Recall(1), S().Recall(2); }});
  ExpectSafe("put | recall, recall", {[] { S().Free(); }, [] { S().Recall(1), S().Recall(2); }});
  ExpectSafe("take, put, put, take | recall, recall",
             {[] { S().Alloc(), S().Free(), S().Free(), S().Alloc(); },
              [] { S().Recall(1), S().Recall(2); }},
             {.delays = 3});
}

// A weak compare-and-swap may fail for no reason: of Close and of Revoke.
TEST(ModelCache, ASpuriousFailureIsTriedAgain) {
  ExpectSafe("put, end | recall", {[] { S().Free(), S().End(); }, [] { S().Recall(1); }},
             {.spurious = 1});
  ExpectSafe("take | recall, recall", {[] { S().Alloc(); }, [] { S().Recall(1), S().Recall(2); }},
             {.spurious = 1});
}

TEST(ModelCache, TwoRecallsAtOnce) {
  ExpectSafe("take | recall | recall",
             {[] { S().Alloc(); }, [] { S().Recall(1); }, [] { S().Recall(2); }});
}

// The next owner takes a cache over as soon as nobody has anything to do with it.
TEST(ModelCache, ANewOwnerAfterTheEnd) {
  ExpectSafe("end | recall | new owner, put",
             {[] { S().End(); }, [] { S().Recall(1); },
              [] {
                State& s = S();
                if (s.ended.load(std::memory_order_acquire) == 0 || !s.cache.Reusable()) {
                  return;
                }
                s.cache.Open();
                s.bags[2].Add(s.bags[0].objects[--s.bags[0].n]);
                s.Free();
              }});
}

}  // namespace
}  // namespace weir
