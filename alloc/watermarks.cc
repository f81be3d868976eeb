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
  const int64_t id =
      marks_.Register(static_cast<uint32_t>(zone), {high, low, fn, arg, CountPeaks(zone), false});
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

// [O4] acquire: pairs with [O3]; figures that are read after it are no older than these peaks. Else
// a peak that came behind the figures could count as over.
uint32_t Watermarks::CountPeaks(int zone) const {
  return Peaks::Count(peaks_[zone].load(std::memory_order_acquire));
}

uint64_t Watermarks::TakePeaks(int zone) {
  uint64_t w = peaks_[zone].load(std::memory_order_relaxed);  // hint, revalidated
  // relaxed (counter): the bell has published what is to be found here.
  // ABA: the count only grows.
  while (!peaks_[zone].compare_exchange_weak(
      w, Peaks::Make(Peaks::Count(w), 0), std::memory_order_relaxed, std::memory_order_relaxed)) {
  }
  return w;
}

void Watermarks::NotePeak(int zone, int64_t in_use) {
  const uint32_t peak = static_cast<uint32_t>(std::min<int64_t>(in_use, UINT32_MAX));
  uint64_t w = peaks_[zone].load(std::memory_order_relaxed);  // hint, revalidated
  // [O3] release: pairs with [O4].
  // ABA: the count only grows.
  while (!peaks_[zone].compare_exchange_weak(
      w, Peaks::Make(Peaks::Count(w) + 1, std::max(Peaks::Highest(w), peak)),
      std::memory_order_release, std::memory_order_relaxed)) {
  }
  RingOwnThread();
}

// Each callback once at most in each of the two passes, between which it may leave: so the high
// mark of a short peak and the low one after it are two runs.
void Watermarks::Look(const weir_pools& pools) {
  if (!Any()) return;
  for (int zone = 0; zone < kZones; ++zone) {
    const uint64_t peaks = TakePeaks(zone);
    const uint32_t list = static_cast<uint32_t>(zone);
    marks_.Run(list, [&](Mark& mark) {
      if (mark.above) return;
      int64_t most = pools.InUseAtLeast(zone);
      if (mark.over != Peaks::Count(peaks)) most = std::max<int64_t>(most, Peaks::Highest(peaks));
      if (most < mark.high) return;
      mark.above = true;
      mark.fn(mark.arg, zone, 1, most);
    });
    marks_.Run(list, [&](Mark& mark) {
      if (!mark.above) return;
      const uint32_t count = CountPeaks(zone);
      const int64_t now = std::min(pools.InUse(zone), pools.zones[zone].limit());
      if (now > mark.low || count != CountPeaks(zone)) return;
      mark.above = false;
      mark.over = count;
      mark.fn(mark.arg, zone, 0, now);
    });
  }
}

}  // namespace weir
