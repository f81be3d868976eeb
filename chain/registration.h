// What weir::DrainHandler and weir::Watermark hold: something registered, for as long as it lives.
#ifndef WEIR_CHAIN_REGISTRATION_H_
#define WEIR_CHAIN_REGISTRATION_H_

#include <cstdint>
#include <utility>

#include "weir/chain/weir.h"

namespace weir {

// kUnregister and kUnregisterOf are weir_..._unregister and weir_pools_..._unregister.
template <int (*kUnregister)(int64_t), int (*kUnregisterOf)(weir_pools*, int64_t)>
class Registration {
 public:
  Registration() = default;
  // Takes what was registered, unless id < 0; pools is nullptr for the default set.
  explicit Registration(int64_t id, weir_pools* pools = nullptr) : pools_(pools), id_(id) {}
  Registration(Registration&& other) noexcept
      : pools_(other.pools_), id_(std::exchange(other.id_, -1)) {}
  Registration& operator=(Registration&& other) noexcept {
    if (this != &other) {
      reset();
      pools_ = other.pools_;
      id_ = std::exchange(other.id_, -1);
    }
    return *this;
  }
  ~Registration() { reset(); }

  explicit operator bool() const { return id_ >= 0; }

  // Unregisters now.
  void reset() {
    if (id_ < 0) return;
    const int64_t id = std::exchange(id_, -1);
    if (pools_ == nullptr) {
      kUnregister(id);
    } else {
      kUnregisterOf(pools_, id);
    }
  }

 private:
  weir_pools* pools_ = nullptr;
  int64_t id_ = -1;
};

}  // namespace weir

#endif  // WEIR_CHAIN_REGISTRATION_H_
