#include "tests/chain_owners.h"

#include <cstdio>
#include <cstdlib>
#include <vector>

namespace weir {
namespace {

struct Owned {
  std::unique_ptr<char[]> bytes;
  size_t size;
  bool called = false;
  bool ended = false;
};

std::vector<Owned> ledger;

void Require(bool good, uint32_t id, const char* what) {
  if (good) return;
  fprintf(stderr, "owner %u %s\n", id, what);
  abort();
}

}  // namespace

uint32_t NewOwned(size_t size) {
  ledger.push_back({std::make_unique<char[]>(size), size});
  return static_cast<uint32_t>(ledger.size() - 1);
}

std::span<char> OwnedBytes(uint32_t id) { return {ledger[id].bytes.get(), ledger[id].size}; }

bool OwnedEnded(uint32_t id) { return ledger[id].ended; }

void CallOwned(uint32_t id) {
  Require(id < ledger.size(), id, "is none that was made");
  Require(!ledger[id].called, id, "is called a second time");
  Require(!ledger[id].ended, id, "is called after its end");
  ledger[id].called = true;
}

void EndOwned(uint32_t id, bool calls) {
  Require(id < ledger.size(), id, "is none that was made");
  Require(!ledger[id].ended, id, "ends a second time");
  Require(ledger[id].called == calls, id, calls ? "was never called" : "was called");
  ledger[id].ended = true;
  ledger[id].bytes.reset();
}

void ForgetOwned() {
  for (uint32_t id = 0; id < ledger.size(); ++id) Require(ledger[id].ended, id, "never ends");
  ledger.clear();
}

}  // namespace weir
