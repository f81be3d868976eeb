// weir::DrainHandler: as long as it lives, a function of yours is asked to free memory when an
// allocation finds none.
//
//   class Cache {
//     long Drain(int zone, long wanted);  // returns how many objects it freed
//     weir::DrainHandler handler_ = weir::DrainHandler::of<&Cache::Drain>(
//         weir::DrainHandler::kProtocol, "cache", this);
//   };
//
// The function runs on the thread whose allocation found nothing, which may hold locks of yours:
// it must only try to lock. It may allocate, and gets NULL instead of another drain. `zone` is
// WEIR_ZONE_*, or -1 for m_reclaim(); `wanted` is how many objects of it would do.
//
// When the destructor has returned, the function is not running and never will be; called from
// the function itself, it returns at once.
//
// Thread rule: one thread at a time uses a DrainHandler object; any thread may.
#ifndef WEIR_CHAIN_DRAIN_HANDLER_H_
#define WEIR_CHAIN_DRAIN_HANDLER_H_

#include "weir/chain/registration.h"
#include "weir/chain/weir.h"

namespace weir {

class DrainHandler {
 public:
  using Function = long (*)(void* arg, int zone, long wanted);
  enum Kind { kProtocol = WEIR_DRAIN_PROTOCOL, kInterface = WEIR_DRAIN_INTERFACE };

  DrainHandler() = default;
  // `name` and `arg` must outlive it. Check with operator bool: without memory for the
  // registration it is empty, and errno says ENOMEM.
  DrainHandler(Kind kind, const char* name, Function fn, void* arg)
      : registration_(weir_drain_register(kind, name, fn, arg)) {}

  // Calls object->*kMethod, a `long (int zone, long wanted)`.
  template <auto kMethod, typename T>
  static DrainHandler of(Kind kind, const char* name, T* object) {
    return DrainHandler(
        kind, name,
        [](void* arg, int zone, long wanted) -> long {
          return (static_cast<T*>(arg)->*kMethod)(zone, wanted);
        },
        object);
  }

  explicit operator bool() const { return static_cast<bool>(registration_); }

  // Unregisters now.
  void reset() { registration_.reset(); }

 private:
  Registration<weir_drain_unregister, weir_pools_drain_unregister> registration_;
};

}  // namespace weir

#endif  // WEIR_CHAIN_DRAIN_HANDLER_H_
