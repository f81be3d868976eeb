// Keeps the server within --max-memory. The memory goes to weir's zones, whose limits weir itself
// enforces, and to text (keys, small values, tables), which Store does:
//
//   |<------------------- 95 % of max-memory ------------------>|
//   | mbufs :      clusters                      :     text     | connections, allocator |
//
// What one does not use the others may: Balance moves the lines between them, some times a second,
// and at once when a value of one kind had to go for memory of the other. When a zone is at its
// limit, the drain handler evicts least recently used values, whichever they hold.
//
// Thread rule: any thread; Balance and SetMax one at a time.
#ifndef WEIR_SERVER_MEMORY_H_
#define WEIR_SERVER_MEMORY_H_

#include <atomic>
#include <cstdint>
#include <mutex>

#include "weir/alloc/options.h"
#include "weir/chain/drain_handler.h"
#include "weir/server/store.h"
#include "weir/stats/snapshot.h"

namespace weir::server {

class Memory {
 public:
  static constexpr int64_t kLeast = 4 * 1024 * 1024;

  // Limits for weir_init() that suit `max_bytes`.
  static weir_options ZoneLimits(int64_t max_bytes);

  // max_bytes >= kLeast.
  Memory(Store& store, int64_t max_bytes);

  // To be called some times a second, without locks of the store.
  void Balance();
  // The same if a line should move now; costs next to nothing otherwise. Returns whether it did.
  bool BalanceIfCrossed();
  void SetMax(int64_t max_bytes);
  int64_t max() const { return max_.load(std::memory_order_relaxed); }
  // Held by zones and text now, caches included.
  int64_t used() const { return used_.load(std::memory_order_relaxed); }

  // For whoever found no memory: gives what a drain has freed to the zone that wants it, or evicts,
  // as another thread's drain may be under way. Without locks of the store.
  bool MakeRoom() { return BalanceIfCrossed() || store_.Evict(-1, 0) > 0; }

 private:
  struct Share {
    int64_t mbufs;
    int64_t clusters;
  };
  static Share ShareOut(int64_t zone_bytes, int mbuf_percent);
  void ChooseMbufPercent(const struct weir_snapshot& snapshot);
  void ShareOutToZones(int64_t bytes, const struct weir_snapshot& snapshot);
  long Drain(int zone, long wanted) { return store_.Evict(zone, wanted); }
  void SetLimit(int zone, int64_t objects, int64_t in_use);

  Store& store_;
  std::atomic<int64_t> max_;
  std::atomic<int64_t> used_{0};
  std::mutex balancing_;
  int mbuf_percent_;  // of what the zones have; depends on how long the values are
  uint64_t drains_[2] = {};  // of mbufs and clusters, when it was last chosen
  DrainHandler handler_;
};

}  // namespace weir::server

#endif  // WEIR_SERVER_MEMORY_H_
