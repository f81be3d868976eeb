// alloc/held.h in all interleavings: who reads a record sees one that was there as a whole, and a
// place is handed on with all that was done to it.
#include <gtest/gtest.h>

#include <cstring>
#include <new>
#include <vector>

#include "tests/model/plain.h"
#include "tests/model/scheduler.h"
#include "weir/alloc/held.h"

namespace weir {

// The table's memory.
alignas(64) static char memory[3][8192];
static int blocks = 0;
void* MetadataAlloc(size_t bytes) {
  MODEL_CHECK(bytes <= sizeof memory[0]);
  return memory[blocks++];
}
void MetadataFree(void*, size_t) {}

namespace {

using model::Explore;
using model::Plain;
using model::Program;
using model::Result;

struct State {
  HeldTable table;
  char objects[4];
  Plain<int> places[sizeof memory / sizeof(HeldRecord)];  // as if it were part of the record

  void Use(HeldRecord* r) {
    Plain<int>& place = places[(reinterpret_cast<char*>(r) - memory[0]) / sizeof(HeldRecord)];
    place.Write(place.Read() + 1);
  }
};
alignas(State) char room[sizeof(State)];
State& S() { return *reinterpret_cast<State*>(room); }

// All fields of a record say which object it is of, and which of its lives.
HeldFigures FiguresOf(int object, int life) {
  const int n = 10 * life + object;
  HeldFigures f = {};
  f.object = &S().objects[object];
  f.stack = f.stands_for = static_cast<uint32_t>(n);
  f.thread = n;
  f.since_ns = f.where_ns = n;
  f.history = static_cast<uint64_t>(n);
  return f;
}
void Add(int object, int life) {
  HeldRecord* r = S().table.Add(FiguresOf(object, life));
  MODEL_CHECK(r != nullptr);
  S().Use(r);
}
void Drop(int object) {
  S().Use(S().table.Find(&S().objects[object]));
  S().table.Drop(&S().objects[object]);
}
int Look() {
  int seen = 0;
  S().table.ForEach([&](const HeldFigures& f) {
    const int n = f.thread;
    MODEL_CHECK(f.object == &S().objects[n % 10]);
    MODEL_CHECK(f.stack == static_cast<uint32_t>(n) && f.stands_for == static_cast<uint32_t>(n));
    MODEL_CHECK(f.since_ns == n && f.where_ns == n && f.history == static_cast<uint64_t>(n));
    ++seen;
  });
  return seen;
}

void ExpectWhole(const char* name, int left, std::vector<std::function<void()>> threads) {
  Program p;
  p.setup = [] {
    memset(memory, 0, sizeof memory);
    blocks = 0;
    new (room) State;
    Add(0, 1);
  };
  p.threads = std::move(threads);
  p.check = [left] { MODEL_CHECK(Look() == left); };
  Result r = Explore(name, p);
  EXPECT_EQ(r.failure, "") << name;
  EXPECT_TRUE(r.complete || r.failure != "") << name;
}

TEST(ModelHeld, ALookSeesWholeRecords) {
  ExpectWhole("drop, add another in its place | look", 1,
              {[] { Drop(0), Add(1, 2); }, [] { Look(); }});
  ExpectWhole("drop, add the same | look", 1, {[] { Drop(0), Add(0, 2); }, [] { Look(); }});
}

TEST(ModelHeld, TwoThatAddGetTwoPlaces) {
  ExpectWhole("add | add", 3, {[] { Add(1, 1); }, [] { Add(2, 1); }});
  ExpectWhole("drop | add", 1, {[] { Drop(0); }, [] { Add(1, 1); }});
  ExpectWhole("drop, add | add", 2, {[] { Drop(0), Add(1, 1); }, [] { Add(2, 1); }});
}

// Three buckets of eight, with the tiny set of constants.
TEST(ModelHeld, AFullTableTakesNoMore) {
  memset(memory, 0, sizeof memory);
  blocks = 0;
  static HeldTable table;
  static char objects[25];
  HeldFigures f = {};
  for (int i = 0; i < 24; ++i) {
    f.object = &objects[i];
    EXPECT_NE(table.Add(f), nullptr) << i;
  }
  f.object = &objects[24];
  EXPECT_EQ(table.Add(f), nullptr);
  EXPECT_EQ(table.full(), 1u);
  table.Drop(&objects[24]);  // was not added: nothing happens
  table.Drop(&objects[20]);
  EXPECT_EQ(table.Find(&objects[20]), nullptr);
  EXPECT_NE(table.Find(&objects[23]), nullptr);
  EXPECT_NE(table.Add(f), nullptr);
  int seen = 0;
  table.ForEach([&](const HeldFigures&) { ++seen; });
  EXPECT_EQ(seen, 24);
}

}  // namespace
}  // namespace weir
