// The scheduler itself: it tells apart what it must, and each order comes once.
#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <string>

#include "tests/model/plain.h"
#include "tests/model/scheduler.h"
#include "weir/reclaim/fence.h"
#include "weir/reclaim/futex.h"
#include "weir/stats/atomic.h"

namespace weir {
namespace {

using model::Explore;
using model::Plain;
using model::Program;
using model::Result;
constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr auto kRelease = std::memory_order_release;
constexpr auto kAcquire = std::memory_order_acquire;
constexpr auto kSeqCst = std::memory_order_seq_cst;

struct Cells {
  Atomic<uint32_t> x{0}, y{0};
  uint32_t a = 9, b = 9;
};

// All outcomes (a, b) of the store-buffering test with these orders and fences.
std::set<std::string> StoreBuffering(std::memory_order store, bool fence) {
  std::set<std::string> seen;
  Cells c;
  Program p;
  p.setup = [&] { new (&c) Cells; };
  p.threads = {[&] {
                 c.x.store(1, store);
                 c.a = c.y.load(kAcquire);
               },
               [&] {
                 c.y.store(1, fence ? kRelaxed : store);
                 if (fence) model::FlushAll();
                 c.b = c.x.load(kAcquire);
               }};
  p.check = [&] { seen.insert(std::to_string(c.a) + std::to_string(c.b)); };
  Result r = Explore("store buffering", p);
  EXPECT_TRUE(r.complete);
  return seen;
}

TEST(ModelScheduler, StoresPassLaterLoadsUnlessSequentiallyConsistent) {
  using Outcomes = std::set<std::string>;
  EXPECT_EQ(StoreBuffering(kRelease, false), (Outcomes{"00", "01", "10", "11"}));
  EXPECT_EQ(StoreBuffering(kSeqCst, false), (Outcomes{"01", "10", "11"}));
  EXPECT_EQ(StoreBuffering(kRelaxed, true), (Outcomes{"01", "10", "11"})) << "the heavy fence";
}

// Two threads with n independent steps each have one order; with n dependent ones, all of them.
TEST(ModelScheduler, EachOrderComesOnce) {
  Cells c;
  for (bool same : {false, true}) {
    auto add = [&](Atomic<uint32_t>& cell) {
      for (int i = 0; i < 3; ++i) cell.fetch_add(1, kRelaxed);
    };
    Program p;
    p.setup = [&] { new (&c) Cells; };
    p.threads = {[&] { add(c.x); }, [&] { add(same ? c.x : c.y); }};
    p.check = [&] { MODEL_CHECK(c.x.load(kRelaxed) == (same ? 6u : 3u)); };
    Result r = Explore(same ? "dependent" : "independent", p);
    EXPECT_EQ(r.failure, "");
    EXPECT_TRUE(r.complete);
    EXPECT_EQ(r.runs, same ? 20 : 1) << "6 over 3";
  }
}

// Message passing over a flag, with an order on each side.
std::string Pass(std::memory_order store, std::memory_order load) {
  struct State {
    Atomic<uint32_t> flag{0};
    Plain<int> data;
  } s;
  Program p;
  p.setup = [&] { new (&s) State; };
  p.threads = {[&] {
                 s.data.Write(42);
                 s.flag.store(1, store);
               },
               [&] {
                 if (s.flag.load(load) == 1) MODEL_CHECK(s.data.Read() == 42);
               }};
  return Explore("message passing", p).failure;
}

TEST(ModelScheduler, DataRacesAreToldByTheOrdersNamed) {
  EXPECT_EQ(Pass(kRelease, kAcquire), "");
  EXPECT_NE(Pass(kRelaxed, kAcquire).find("data race"), std::string::npos);
  EXPECT_NE(Pass(kRelease, kRelaxed).find("data race"), std::string::npos);
}

// A sleeper whom the waker may or may not have seen.
std::string SleepAndWake(bool recheck) {
  Atomic<uint32_t> word{0};
  Program p;
  p.setup = [&] { new (&word) Atomic<uint32_t>(0); };
  p.threads = {[&] {
                 if (word.load(kAcquire) == 0) {
                   FutexWait(word, recheck ? 0 : word.load(kAcquire), kNever);
                 }
               },
               [&] {
                 word.store(1, kSeqCst);
                 FutexWake(word, 1);
               }};
  return Explore("sleep and wake", p).failure;
}

TEST(ModelScheduler, DeadlocksAreFound) {
  EXPECT_EQ(SleepAndWake(true), "");
  EXPECT_NE(SleepAndWake(false).find("deadlock"), std::string::npos);
}

// A weak compare-and-swap may fail for no reason: in a loop that is nothing, alone it is a fault.
std::string CountOne(bool again, int spurious) {
  Atomic<uint32_t> x{0};
  Program p;
  p.setup = [&] { new (&x) Atomic<uint32_t>(0); };
  auto add = [&] {
    uint32_t seen = x.load(kRelaxed);
    while (!x.compare_exchange_weak(seen, seen + 1, kSeqCst, kRelaxed) && (again || seen == 1)) {
    }
  };
  p.threads = {add, add};
  p.check = [&] { MODEL_CHECK(x.load(kRelaxed) == 2); };
  Result r = Explore("weak compare-and-swap", p, {.spurious = spurious});
  EXPECT_TRUE(r.complete || r.failure != "");
  return r.failure;
}

TEST(ModelScheduler, AWeakCompareAndSwapMayFailForNoReason) {
  EXPECT_EQ(CountOne(true, 0), "");
  EXPECT_EQ(CountOne(true, 3), "");
  EXPECT_EQ(CountOne(false, 0), "");
  EXPECT_NE(CountOne(false, 1), "");
}

TEST(ModelScheduler, BoundedAndRandomSearchFindALostUpdate) {
  Atomic<uint32_t> x{0};
  Program p;
  p.setup = [&] { new (&x) Atomic<uint32_t>(0); };
  auto add = [&] { x.store(x.load(kRelaxed) + 1, kSeqCst); };
  p.threads = {add, add};
  p.check = [&] { MODEL_CHECK(x.load(kRelaxed) == 2); };
  EXPECT_EQ(Explore("no delay", p, {.delays = 0}).failure, "");
  EXPECT_NE(Explore("one delay", p, {.delays = 1}).failure, "");
  EXPECT_NE(Explore("random", p, {.random_runs = 1000}).failure, "");
}

}  // namespace
}  // namespace weir
