#include "weir/chain/holders.h"

#include <cerrno>
#include <cstring>

#include "weir/alloc/held.h"
#include "weir/alloc/pools.h"
#include "weir/alloc/sampling.h"
#include "weir/alloc/stack.h"
#include "weir/alloc/stack_depot.h"
#include "weir/chain/record.h"
#include "weir/chain/refcount.h"
#include "weir/reclaim/futex.h"

namespace weir {
namespace {

constexpr const char* kEventNames[kEvents] = {
    nullptr, "allocated", "cluster", "clone", "shared", "moved", "queued", "dequeued",
};

// The places that weir_touch has named; what is beyond has the last code.
constexpr int kPlaces = 256 - kFirstTouch - 1;
constexpr int kOtherPlace = 255;
constinit Atomic<const char*> places[kPlaces] = {};

uint8_t EventOf(const char* where) {
  for (int i = 0; i < kPlaces; ++i) {
    // [H11] acquire: pairs with [H12]; else the name may not be there yet for who reads it.
    const char* there = places[i].load(std::memory_order_acquire);
    // [H12] release: pairs with [H11], acquire on failure as there. ABA: a place is set once.
    if (there == nullptr &&
        places[i].compare_exchange_strong(there, where, std::memory_order_release,
                                          std::memory_order_acquire)) {
      there = where;
    }
    if (there == where || strcmp(there, where) == 0) return static_cast<uint8_t>(kFirstTouch + i);
  }
  return kOtherPlace;
}

const char* NameOf(uint8_t event) {
  if (event < kFirstTouch) return event < kEvents ? kEventNames[event] : nullptr;
  if (event == kOtherPlace) return "touched";
  return places[event - kFirstTouch].load(std::memory_order_acquire);  // [H11]
}

weir_held Describe(const HeldFigures& f, int64_t now) {
  weir_held held = {};
  held.object = f.object;
  held.zone = static_cast<int>(f.zone);
  held.set = PoolsAt(static_cast<int>(f.pool))->name;
  held.bytes = static_cast<int64_t>(kObjectBytes[f.zone]);
  held.stands_for = f.stands_for;
  held.holders = 1;
  if (f.zone == WEIR_ZONE_MBUF) {
    held.buffer = f.buffer;
  } else if (f.buffer != nullptr) {  // its reference count
    held.holders = RefCount(static_cast<uint32_t*>(const_cast<void*>(f.buffer))).Read();
  }
  held.thread = f.thread;
  held.age_ns = now - f.since_ns;
  if (const Stack* stack = StackAt(f.stack)) {
    held.depth = stack->size();
    held.calls = stack->calls();
  }
  held.where = f.where;
  held.where_age_ns = f.where == nullptr ? 0 : now - f.where_ns;
  int n = 0;
  for (int shift = 56; shift >= 0; shift -= 8) {
    const char* name = NameOf(static_cast<uint8_t>(f.history >> shift));
    if (name != nullptr) held.history[n++] = name;
  }
  return held;
}

void TouchRecord(const void* object, const char* where, uint8_t event) {
  HeldRecord* r = g_held.Find(object);
  if (r == nullptr) return;
  r->Touch(where, MonotonicNs());
  r->Note(event);
}

}  // namespace
}  // namespace weir

extern "C" {

int weir_holders_sample(int64_t one_in) {
  if (one_in < 0 || one_in > weir::kSampleMost) return EINVAL;
  weir::StartPools(nullptr);
  weir::SetSampleRate(one_in);
  return 0;
}

int64_t weir_holders_sampled(void) {
  weir::StartPools(nullptr);
  return weir::SampleRate();
}

void weir_holders_names(bool (*name)(const void* call, char* text, size_t size)) {
  weir::SetNameCall(name);
}

void weir_touch(struct mbuf* m, const char* where) {
  for (; m != nullptr; m = m->m_next) {
    const bool ext = (m->m_flags & M_EXT) && weir::ExtRecorded(m);
    if (!ext && !weir::Recorded(m)) continue;
    const uint8_t event = weir::EventOf(where);
    if (weir::Recorded(m)) weir::TouchRecord(m, where, event);
    if (ext) weir::TouchRecord(m->m_ext.ext_buf, where, event);
  }
}

uint64_t weir_holders(void (*visit)(void* arg, const struct weir_held* held), void* arg) {
  const int64_t now = weir::MonotonicNs();
  weir::g_held.ForEach([&](const weir::HeldFigures& f) {
    const weir_held held = weir::Describe(f, now);
    visit(arg, &held);
  });
  return weir::g_held.full();
}

}  // extern "C"
