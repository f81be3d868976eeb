// Watermarks of a set of zones: callbacks that are told when what is in use of a zone comes to a
// high mark, and when it has gone down to a low one again.
//
//            in_use >= high: fn(above = 1)
//     below ------------------------------> above
//           <------------------------------
//            in_use <= low: fn(above = 0)
//
// Nobody counts for it: the thread of weir's own (alloc/own_thread.h) looks at the figures every
// so often. A peak between two looks would be missed, but not the one that matters: an allocation
// that finds its zone at the limit leaves what was in use there (NotePeak), and rings for the
// thread. A look takes such peaks for the high marks and the present figure for the low ones, so
// that after a short peak fn is called twice, high and low. Which order makes this safe is said in
// reclaim/bell.h.
//
// A peak is told once: peaks are counted, and a mark that comes to be below remembers how many
// there had been when the figure was read, for those are over. If there was one more while it was
// read, it may have come before or after, and the mark stays above until the next look.
//
//   operation            may race with   progress
//   Register             everything      takes the lock of LockStart
//   Unregister           everything      waits only for its own callback, running elsewhere
//   Any, NotePeak        everything      wait-free, lock-free
//   Look                 everything but another Look
#ifndef WEIR_ALLOC_WATERMARKS_H_
#define WEIR_ALLOC_WATERMARKS_H_

#include <cstdint>

#include "weir/alloc/layout.h"
#include "weir/reclaim/callbacks.h"
#include "weir/stats/atomic.h"

struct weir_pools;

namespace weir {

using WatermarkFn = void (*)(void* arg, int zone, int above, int64_t in_use);

class Watermarks {
 public:
  // An id >= 0, or -1 with errno: ENOMEM, or EAGAIN if there can be no thread.
  int64_t Register(int zone, int64_t high, int64_t low, WatermarkFn fn, void* arg);

  // True once fn is not running and will never run again; false if there is no such id.
  bool Unregister(int64_t id);
  // Not under the lock of LockStart, which a callback that it waits for may want.
  void UnregisterAll();

  // Whether peaks are to be noted.
  bool Any() const { return registered_.load(std::memory_order_relaxed) != 0; }  // hint
  // So many objects of the zone were in use at once.
  void NotePeak(int zone, int64_t in_use);

  // Calls whom there is something to tell. The set is the one that it is part of.
  void Look(const weir_pools& pools);

  void AfterFork() { marks_.AfterFork(); }

 private:
  struct Mark {
    int64_t high, low;
    WatermarkFn fn;
    void* arg;
    uint32_t over;  // peaks that there had been when it was below
    bool above;
  };
  // Peaks so far, and the highest since the last look.
  struct Peaks {
    static constexpr uint64_t Make(uint32_t count, uint32_t highest) {
      return static_cast<uint64_t>(count) << 32 | highest;
    }
    static constexpr uint32_t Count(uint64_t w) { return static_cast<uint32_t>(w >> 32); }
    static constexpr uint32_t Highest(uint64_t w) { return static_cast<uint32_t>(w); }
  };

  void Removed(int n);
  uint32_t CountPeaks(int zone) const;
  uint64_t TakePeaks(int zone);

  Callbacks<Mark, kZones> marks_;
  Atomic<int64_t> registered_{0};
  Atomic<uint64_t> peaks_[kZones] = {};
};

}  // namespace weir

#endif  // WEIR_ALLOC_WATERMARKS_H_
