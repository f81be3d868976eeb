// weir::Watermark: as long as it lives, a function of yours is told when so many objects of a zone
// are in use, and when there are few again; see weir_watermark_register in weir/chain/weir.h.
//
//   class Listener {
//     void Full(int zone, bool above, int64_t in_use);  // above: accept no more connections
//     weir::Watermark mark_ =
//         weir::Watermark::of<&Listener::Full>(WEIR_ZONE_CLUSTER, 9000, 7000, this);
//   };
//
// The function runs on a thread of weir's own, and must not wait. When the destructor has returned,
// the function is not running and never will be; called from the function itself, it returns at
// once.
//
// Thread rule: one thread at a time uses a Watermark object; any thread may.
#ifndef WEIR_CHAIN_WATERMARK_H_
#define WEIR_CHAIN_WATERMARK_H_

#include <cstdint>

#include "weir/chain/registration.h"
#include "weir/chain/weir.h"

namespace weir {

class Watermark {
 public:
  using Function = void (*)(void* arg, int zone, int above, int64_t in_use);

  Watermark() = default;
  // `arg` must outlive it, and so must the set. Check with operator bool: an empty one has errno.
  Watermark(int zone, long high, long low, Function fn, void* arg)
      : registration_(weir_watermark_register(zone, high, low, fn, arg)) {}
  Watermark(weir_pools* pools, int zone, long high, long low, Function fn, void* arg)
      : registration_(weir_pools_watermark_register(pools, zone, high, low, fn, arg), pools) {}

  // Calls object->*kMethod, a `void (int zone, bool above, int64_t in_use)`.
  template <auto kMethod, typename T>
  static Watermark of(int zone, long high, long low, T* object) {
    return Watermark(zone, high, low, Call<kMethod, T>, object);
  }
  template <auto kMethod, typename T>
  static Watermark of(weir_pools* pools, int zone, long high, long low, T* object) {
    return Watermark(pools, zone, high, low, Call<kMethod, T>, object);
  }

  explicit operator bool() const { return static_cast<bool>(registration_); }

  // Unregisters now.
  void reset() { registration_.reset(); }

 private:
  template <auto kMethod, typename T>
  static void Call(void* arg, int zone, int above, int64_t in_use) {
    (static_cast<T*>(arg)->*kMethod)(zone, above != 0, in_use);
  }

  Registration<weir_watermark_unregister, weir_pools_watermark_unregister> registration_;
};

}  // namespace weir

#endif  // WEIR_CHAIN_WATERMARK_H_
