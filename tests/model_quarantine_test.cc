// alloc/quarantine.h in all interleavings: what is put in leaves once, and all that was done to it
// before happens before what its next owner does.
#include <gtest/gtest.h>

#include <cstring>
#include <new>
#include <utility>
#include <vector>

#include "tests/model/plain.h"
#include "tests/model/scheduler.h"
#include "weir/alloc/quarantine.h"

namespace weir {

// The ring's memory.
alignas(64) static char ring[256];
void* MetadataAlloc(size_t) { return ring; }
void MetadataFree(void*, size_t) {}

namespace {

using model::Explore;
using model::Plain;
using model::Program;
using model::Result;

constexpr int kObjects = 4;

struct State {
  Quarantine quarantine;
  Plain<int> objects[kObjects];
  int held[kObjects] = {};  // by how many hands
};
alignas(State) char room[sizeof(State)];
State& S() { return *reinterpret_cast<State*>(room); }

// Takes into the caller's hands what left: it may write to it.
void Have(void* left) {
  if (left == nullptr) return;
  auto* object = static_cast<Plain<int>*>(left);
  object->Write(object->Read() + 1);
  MODEL_CHECK(S().held[object - S().objects]++ == 0);
}
void Put(int i) {
  S().objects[i].Write(i);
  --S().held[i];
  Have(S().quarantine.Swap(&S().objects[i]));
}
void Take() { Have(S().quarantine.Take()); }

// Objects 0 to n - 1 are in someone's hands at first.
void ExpectSafe(const char* name, size_t places, int n,
                std::vector<std::function<void()>> threads) {
  Program p;
  p.setup = [places, n] {
    memset(ring, 0, sizeof ring);
    new (room) State;
    MODEL_CHECK(S().quarantine.Open(places));
    for (int i = 0; i < n; ++i) S().held[i] = 1;
  };
  p.threads = std::move(threads);
  p.check = [n] {
    while (S().quarantine.Any()) Take();
    for (int i = 0; i < n; ++i) MODEL_CHECK(S().held[i] == 1);
  };
  Result r = Explore(name, p);
  EXPECT_EQ(r.failure, "") << name;
  EXPECT_TRUE(r.complete || r.failure != "") << name;
}

TEST(ModelQuarantine, WhatLeavesIsHandedOver) {
  ExpectSafe("put | take", 2, 1, {[] { Put(0); }, [] { Take(); }});
  ExpectSafe("put | put, one place", 1, 2, {[] { Put(0); }, [] { Put(1); }});
}

TEST(ModelQuarantine, NothingLeavesTwice) {
  ExpectSafe("put, put | take | take", 2, 2,
             {[] { Put(0), Put(1); }, [] { Take(); }, [] { Take(); }});
  ExpectSafe("put | put | take", 2, 2, {[] { Put(0); }, [] { Put(1); }, [] { Take(); }});
}

}  // namespace
}  // namespace weir
