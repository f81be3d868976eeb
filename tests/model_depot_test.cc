// alloc/depot.h in all interleavings: a magazine belongs to one thread at a time, with what is in
// it, as it goes from full to empty and back; and none is lost.
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#include "tests/model/plain.h"
#include "tests/model/scheduler.h"
#include "weir/alloc/depot.h"

namespace weir {
namespace {

// Where magazines are made: put back to nothing before each run.
constexpr size_t kMetadataBytes = 2 * 256 * sizeof(Magazine);
alignas(64) char metadata[kMetadataBytes];
size_t metadata_used = 0;

}  // namespace

void* MetadataAlloc(size_t bytes) {
  if (metadata_used + bytes > kMetadataBytes) abort();
  metadata_used += bytes;
  return metadata + metadata_used - bytes;
}
void MetadataFree(void*, size_t) {}
void MetadataForget(void*, size_t) {}

namespace {

using model::Explore;
using model::Plain;
using model::Program;
using model::Result;

constexpr uint32_t kMost = 6;  // magazines in a model

struct State {
  Depot depot;
  Plain<uint32_t> contents[kMost];  // of each magazine: how many objects, for whom it is
  int held[model::kMaxThreads + 1] = {};

  Magazine* Own(Magazine* m, uint32_t count) {
    if (m == nullptr) return m;
    MODEL_CHECK(m->number < kMost && m == &g_magazines.At(m->number));
    MODEL_CHECK(contents[m->number].Read() == count && m->count == count);
    contents[m->number].Write(100);  // races with who had it before?
    ++held[model::Self()];
    return m;
  }
  void Give(Magazine* m, uint32_t count) {
    m->count = count;
    contents[m->number].Write(count);
    --held[model::Self()];
    count == 0 ? depot.PutEmpty(m) : depot.PutFull(m);
  }
  Magazine* Full(int64_t kept = 0) { return Own(depot.PopFull(kept), 1); }
  Magazine* Empty() { return Own(depot.PopEmpty(), 0); }
  // What threads do with magazines: fill one, and empty one.
  bool Fill() {
    Magazine* m = Empty();
    if (m != nullptr) Give(m, 1);
    return m != nullptr;
  }
  bool Drain() {
    Magazine* m = Full();
    if (m != nullptr) Give(m, 0);
    return m != nullptr;
  }
};

alignas(State) char room[sizeof(State)];
State& S() { return *reinterpret_cast<State*>(room); }

// Runs the rest of a thread on another processor.
void Move(uint32_t processor) { t_processor = processor; }

// Starts with `full` full magazines, in the first of so many shards. At the end there are as many
// as were ever made but for those in somebody's hands, and no two the same.
void ExpectSafe(const char* name, int full, std::vector<std::function<void()>> threads,
                uint32_t shards = 1) {
  Program p;
  p.setup = [full, shards] {
    depot_shards = shards;
    Move(0);
    memset(metadata, 0, metadata_used);
    metadata_used = 0;
    memset(static_cast<void*>(&g_magazines), 0, sizeof g_magazines);
    memset(room, 0, sizeof room);
    new (room) State;
    for (int i = 0; i < full; ++i) {
      Magazine* m = S().Empty();
      S().held[model::kMain] = 0;
      S().Give(m, 1);
    }
    S().held[model::kMain] = 0;
  };
  p.threads = std::move(threads);
  p.check = [] {
    Move(0);
    State& s = S();
    const uint32_t made = g_magazines.size();
    uint32_t found = 0;
    for (int h : s.held) found += static_cast<uint32_t>(h);
    while (s.Full() != nullptr && found <= made) ++found;
    while (found < made) {
      MODEL_CHECK(s.Empty()->number < made);  // another would be made if one were missing
      ++found;
    }
    if (found != made || g_magazines.size() != made) model::Fail("a magazine was lost or doubled");
  };
  for (int spurious : {0, 1}) {
    const std::string which = name + std::string(spurious == 0 ? "" : ", a spurious failure");
    Result r = Explore(which.c_str(), p, {.spurious = spurious});
    EXPECT_EQ(r.failure, "") << which;
    EXPECT_TRUE(r.complete || r.failure != "") << which;
  }
}

TEST(ModelDepot, AMagazineThatComesBackDoesNotFoolAPop) {
  ExpectSafe("drain | pop, pop, put first", 3,
             {[] { S().Drain(); },
              [] {
                Magazine* m = S().Full();
                S().Full();
                S().Give(m, 1);
              }});
}

TEST(ModelDepot, FromFullToEmptyAndBack) {
  ExpectSafe("drain, fill | fill, drain", 2,
             {[] { S().Drain(), S().Fill(); }, [] { S().Fill(), S().Drain(); }});
}

// Who takes a magazine that another emptied sees that it is.
TEST(ModelDepot, WhatOneEmptiedAnotherFillsAndAThirdTakes) {
  ExpectSafe("drain | fill | pop", 1,
             {[] { S().Drain(); }, [] { S().Fill(); }, [] { S().Full(); }});
}

TEST(ModelDepot, TheFirstMagazinesAreMadeOnce) {
  ExpectSafe("fill | fill", 0, {[] { S().Fill(); }, [] { S().Fill(); }});
}

// A pop that finds nothing says that there was nothing: of two full ones the other thread has at
// most one in its hands.
TEST(ModelDepot, APopThatFindsNothingWasRight) {
  ExpectSafe("pop, put | pop", 2,
             {[] { S().Give(S().Full(), 1); }, [] { MODEL_CHECK(S().Full() != nullptr); }});
}

// ---- Two shards ----

TEST(ModelDepot, AMagazineIsTakenFromTheOtherShardOnce) {
  ExpectSafe("drain | elsewhere: drain", 1,
             {[] { Move(0), S().Drain(); }, [] { Move(1), S().Drain(); }}, 2);
}

TEST(ModelDepot, FromShardToShardAndBack) {
  ExpectSafe("drain, fill | elsewhere: fill, drain", 2,
             {[] { Move(0), S().Drain(), S().Fill(); }, [] { Move(1), S().Fill(), S().Drain(); }},
             2);
  ExpectSafe("fill, move, drain | elsewhere: drain", 1,
             {[] { Move(0), S().Fill(), Move(1), S().Drain(); }, [] { Move(1), S().Drain(); }}, 2);
}

// An emptied one is found from the other shard, and no other is made.
TEST(ModelDepot, AnEmptiedMagazineIsFoundFromTheOtherShard) {
  ExpectSafe("elsewhere: drain | -", 1,
             {[] {
                Move(1);
                Magazine* m = S().Full();
                S().Give(m, 0);
                Move(0);
                MODEL_CHECK(S().Empty() == m);
              },
              [] {}},
             2);
}

// Empty ones come several at once, while others take them and put more there.
TEST(ModelDepot, EmptyOnesMoveToTheOtherShard) {
  auto drain_all = [] { Move(0), S().Drain(), S().Drain(); };
  auto fill_elsewhere = [] { Move(1), S().Fill(); };
  ExpectSafe("drain, drain | elsewhere: fill", 2, {drain_all, fill_elsewhere}, 2);
  ExpectSafe("drain, fill | elsewhere: fill", 2,
             {[] { Move(0), S().Drain(), S().Fill(); }, fill_elsewhere}, 2);
  ExpectSafe("drain, drain, elsewhere: fill, fill | -", 2,
             {[drain_all, fill_elsewhere] {
                drain_all(), fill_elsewhere(), fill_elsewhere();
                MODEL_CHECK(g_magazines.size() == 2);
              },
              [] {}},
             2);
}

// What one has in its hands is on its way from shard to shard; the other one is found.
TEST(ModelDepot, OneMoveHidesOneMagazine) {
  ExpectSafe("elsewhere: pop, put | pop", 2,
             {[] { Move(1), S().Give(S().Full(), 1); }, [] { MODEL_CHECK(S().Full() != nullptr); }},
             2);
}

// How many there are is counted beside them, so who looks may be wrong by those on their way.
TEST(ModelDepot, OfTheOtherShardOnlyWhatItDoesNotKeep) {
  auto elsewhere = [] {
    Move(1);
    if (Magazine* m = S().Full(1)) S().Give(m, 1);
  };
  ExpectSafe("drain, fill | elsewhere: pop what is spare, put", 2,
             {[] { Move(0), S().Drain(), S().Fill(); }, elsewhere}, 2);
  ExpectSafe("elsewhere: pop what is spare | -", 1,
             {[] {
                Move(1);
                MODEL_CHECK(S().Full(1) == nullptr);
                S().Give(S().Full(), 1);
              },
              [] {}},
             2);
}

// Several full ones move at once, while their shard's processor takes some.
TEST(ModelDepot, FullOnesMoveToTheOtherShard) {
  ExpectSafe("pop | elsewhere: pop what is spare, put, pop", 5,
             {[] { Move(0), S().Full(4); },
              [] {
                Move(1);
                if (Magazine* m = S().Full(4)) S().Give(m, 1);
                S().Full(4);
              }},
             2);
}

}  // namespace
}  // namespace weir
