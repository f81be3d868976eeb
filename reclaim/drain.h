// The registry of drain handlers, and the broadcast that asks them all to free memory.
//
//   operation             may race with     progress
//   Register, Unregister  everything        as in reclaim/callbacks.h
//   Broadcast             everything        single-flight: one thread runs, others return at once
//
// No lock is held while handlers run. A handler may register and unregister any handler, and may
// allocate: at the limit it gets NULL, it never starts a broadcast within a broadcast.
#ifndef WEIR_RECLAIM_DRAIN_H_
#define WEIR_RECLAIM_DRAIN_H_

#include <cstdint>

#include "weir/reclaim/callbacks.h"
#include "weir/stats/atomic.h"
#include "weir/stats/counter.h"

namespace weir {

// Frees what it can of `zone`, of which `wanted` objects are needed, and returns how many objects
// (of whatever zone) it freed. zone is -1 for a broadcast by m_reclaim.
using DrainFn = long (*)(void* arg, int zone, long wanted);

enum DrainKind : uint32_t { kDrainProtocol = 0, kDrainInterface = 1, kDrainKinds = 2 };

class DrainRegistry {
 public:
  // An id >= 0, or -1 when memory or ids have run out. `name` must outlive the registration.
  int64_t Register(DrainKind kind, const char* name, DrainFn fn, void* arg) {
    return handlers_.Register(kind, {name, fn, arg});
  }

  // True once fn is not running and will never run again; false if there is no such id.
  bool Unregister(int64_t id) { return handlers_.Unregister(id); }
  void UnregisterAll() { handlers_.UnregisterAll(); }

  // Runs all handlers, protocols first. Returns what they freed, or -1 without running any if a
  // broadcast is in flight.
  long Broadcast(int zone, long wanted);

  // Whether the calling thread is inside Broadcast.
  static bool InHandler();

  uint64_t broadcasts() const { return broadcasts_.Read(); }
  uint64_t drained() const { return drained_.Read(); }

  // In a fork's child, whose only thread this is: a broadcast of another thread is over. quiescent.
  void AfterFork();

 private:
  struct Handler {
    const char* name;
    DrainFn fn;
    void* arg;
  };

  Callbacks<Handler, kDrainKinds> handlers_;
  Atomic<uint32_t> in_flight_{0};
  SharedCounter broadcasts_;
  SharedCounter drained_;
};

}  // namespace weir

#endif  // WEIR_RECLAIM_DRAIN_H_
