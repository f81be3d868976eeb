// What a zone says of itself.
#include <algorithm>
#include <numeric>

#include "weir/alloc/pools.h"
#include "weir/alloc/zone.h"

namespace weir {

void Zone::Count(uint64_t& allocs, uint64_t& frees) const {
  uint64_t a[WEIR_NTYPES] = {}, f[WEIR_NTYPES] = {};
  const int n = id_ == WEIR_ZONE_MBUF ? WEIR_NTYPES : 1;
  const uint64_t retyped = id_ == WEIR_ZONE_MBUF ? g_shared.retyped.Read() : 0;
  SumTallies(TallyOf(id_, 0), n, a, f);
  allocs = std::accumulate(a, a + n, uint64_t{0}) - retyped;
  frees = std::accumulate(f, f + n, uint64_t{0}) - retyped;
}

int64_t Zone::InUse() const {
  uint64_t allocs, frees;
  Count(allocs, frees);
  return static_cast<int64_t>(allocs - frees);
}

void Zone::Fill(weir_zone_snapshot& out) const {
  Count(out.allocs, out.frees);
  out.size = static_cast<int64_t>(kObjectBytes[id_]);
  out.limit = limit();
  out.low_water = low_water_.load(std::memory_order_relaxed);  // hint
  out.in_use = static_cast<int64_t>(out.allocs - out.frees);
  g_records.ForEach([&](ThreadRecord& r) {
    out.cached_thread += r.caches[id_].Held();
    out.refills += r.events[id_].refills.Read();
    out.flushes += r.events[id_].flushes.Read();
  });
  out.cached_slab = std::max<int64_t>(0, loose_count_.load(std::memory_order_relaxed));  // hint
  out.total = carved();
  out.in_use = std::min(out.in_use, out.total);
  out.cached_thread = std::min(out.cached_thread, out.total - out.in_use);
  out.cached_slab = std::min(out.cached_slab, out.total - out.in_use - out.cached_thread);
  out.cached_depot = out.total - out.in_use - out.cached_thread - out.cached_slab;
  out.bytes = slabs_.load(std::memory_order_relaxed) * static_cast<int64_t>(kSlabBytes);  // hint
  out.waiting = waiters_.Count();
  out.failures = failures_.Read();
  out.waits = waits_.Read();
  out.recalls = passes_.load(std::memory_order_relaxed);  // counter
  out.recalled_objects = recalled_.Read();
  out.drains = drains_.Read();
  out.drained_objects = drained_.Read();
  out.wait_sum_ns = wait_sum_ns_.Read();
  for (int i = 0; i <= WEIR_WAIT_BUCKETS; ++i) {
    out.wait_count += wait_buckets_[i].Read();
    if (i < WEIR_WAIT_BUCKETS) out.wait_buckets[i] = out.wait_count;
  }
}

}  // namespace weir
