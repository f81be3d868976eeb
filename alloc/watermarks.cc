#include "weir/alloc/watermarks.h"

#include <algorithm>
#include <cerrno>

#include "weir/alloc/own_thread.h"
#include "weir/alloc/pools.h"

namespace weir {

int64_t Watermarks::Register(int zone, int64_t high, int64_t low, WatermarkFn fn, void* arg) {
  if (const int error = KeepOwnThread()) {
    errno = error;
    return -1;
  }
  const int64_t id = marks_.Register(static_cast<uint32_t>(zone), {high, low, fn, arg, false});
  if (id < 0) {
    LeaveOwnThread();
    errno = ENOMEM;
    return -1;
  }
  registered_.fetch_add(1, std::memory_order_relaxed);  // counter
  RingOwnThread();                                      // it may be above already
  return id;
}

bool Watermarks::Unregister(int64_t id) {
  if (!marks_.Unregister(id)) return false;
  Removed(1);
  return true;
}

void Watermarks::UnregisterAll() { Removed(marks_.UnregisterAll()); }

void Watermarks::Removed(int n) {
  registered_.fetch_sub(n, std::memory_order_relaxed);  // counter
  for (; n > 0; --n) LeaveOwnThread();
}

void Watermarks::NotePeak(int zone, int64_t in_use) {
  int64_t seen = peaks_[zone].load(std::memory_order_relaxed);  // counter
  while (seen < in_use && !peaks_[zone].compare_exchange_weak(
                              seen, in_use, std::memory_order_relaxed, std::memory_order_relaxed)) {
  }
  RingOwnThread();
}

// Each callback once at most in each of the two passes, between which it may leave: so the high
// mark of a short peak and the low one after it are two runs.
void Watermarks::Look(const weir_pools& pools) {
  if (!Any()) return;
  for (int zone = 0; zone < kZones; ++zone) {
    const auto in_use = [&] { return std::min(pools.InUse(zone), pools.zones[zone].limit()); };
    const int64_t peak = peaks_[zone].exchange(0, std::memory_order_relaxed);  // counter
    const uint32_t list = static_cast<uint32_t>(zone);
    marks_.Run(list, [&](Mark& mark) {
      if (mark.above) return;
      const int64_t most = std::max(peak, in_use());
      if (most < mark.high) return;
      mark.above = true;
      mark.fn(mark.arg, zone, 1, most);
    });
    marks_.Run(list, [&](Mark& mark) {
      if (!mark.above) return;
      const int64_t now = in_use();
      if (now > mark.low) return;
      mark.above = false;
      mark.fn(mark.arg, zone, 0, now);
    });
  }
}

}  // namespace weir
