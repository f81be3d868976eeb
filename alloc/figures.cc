// What a set of zones says of itself.
#include <algorithm>

#include "weir/alloc/pools.h"
#include "weir/stats/break.h"

namespace weir {
namespace {

// Operations on objects of a zone, packets included, of the counts of one direction.
uint64_t CountOf(int zone, const uint64_t* counts, uint64_t retyped) {
  uint64_t sum = zone == WEIR_ZONE_MBUF ? -retyped : 0;
  ForEachTally(TalliesOf(zone), [&](int i) { sum += counts[i]; });
  return sum;
}

}  // namespace

int64_t Zone::InUse(const Tallies& sums) const {
  return static_cast<int64_t>(CountOf(id_, sums.allocs, sums.retyped) -
                              CountOf(id_, sums.frees, sums.retyped));
}

int64_t Zone::bytes() const {
  if (pools_.one_by_one) return carved() * static_cast<int64_t>(kObjectBytes[id_]);
  return slabs_.load(std::memory_order_relaxed) * static_cast<int64_t>(kSlabBytes);  // hint
}

void Zone::Fill(weir_zone_snapshot& out, const Tallies& sums) const {
  out.allocs = CountOf(id_, sums.allocs, sums.retyped);
  out.frees = CountOf(id_, sums.frees, sums.retyped);
  out.size = static_cast<int64_t>(kObjectBytes[id_]);
  out.limit = limit();
  out.low_water = low_water_.load(std::memory_order_relaxed);  // hint
  out.in_use = InUse(sums);
  FillCaches(out);
  if (id_ <= WEIR_ZONE_CLUSTER) out.cached_thread += pools_.packets.HeldByThreads();
  out.cached_slab = std::max<int64_t>(0, loose_count_.load(std::memory_order_relaxed));  // hint
  out.total = carved();
  out.in_use = std::min(out.in_use, out.total);
  out.cached_thread = std::min(out.cached_thread, out.total - out.in_use);
  out.cached_slab = std::min(out.cached_slab, out.total - out.in_use - out.cached_thread);
  out.cached_depot = out.total - out.in_use - out.cached_thread - out.cached_slab;
  out.bytes = bytes();
  out.waiting = waiters_.Count();
  out.failures = failures_.Read();
  out.waits = waits_.Read();
  out.drains = drains_.Read();
  out.drained_objects = drained_.Read();
  out.wait_sum_ns = wait_sum_ns_.Read();
  for (int i = 0; i <= WEIR_WAIT_BUCKETS; ++i) {
    out.wait_count += wait_buckets_[i].Read();
    if (i < WEIR_WAIT_BUCKETS) out.wait_buckets[i] = out.wait_count;
  }
}

void Zone::ResetFigures() {
  Caches::ResetFigures();
  for (SharedCounter* c : {&failures_, &delayed_, &waits_, &drains_, &drained_, &wait_sum_ns_}) {
    c->Reset();
  }
  for (SharedCounter& c : wait_buckets_) c.Reset();
}

}  // namespace weir

using weir::ForEachTally;
using weir::TallyRanges;
using weir::ThreadRecord;

namespace {

void SumAllocs(const weir_pools& pools, TallyRanges which, weir::Tallies& out) {
  ForEachTally(which, [&](int i) { out.allocs[i] = pools.shared.allocs[i].Read(); });
  pools.records.ForEach([&](const ThreadRecord& r) {
    ForEachTally(which, [&](int i) { out.allocs[i] += r.allocs.Read(i); });
  });
}

void SumFrees(const weir_pools& pools, TallyRanges which, weir::Tallies& out) {
  out.retyped = pools.shared.retyped.Read();
  ForEachTally(which, [&](int i) { out.frees[i] = pools.shared.frees[i].Read(); });
  pools.records.ForEach([&](const ThreadRecord& r) {
    ForEachTally(which, [&](int i) { out.frees[i] += r.frees[i].Read(); });
  });
}

}  // namespace

void weir_pools::Sum(weir::Tallies& out, weir::TallyRanges which) const {
  if (weir::Broken(weir::kBreakSumOrder)) SumAllocs(*this, which, out);
  // All frees before all allocations: see [K2].
  SumFrees(*this, which, out);
  if (!weir::Broken(weir::kBreakSumOrder)) SumAllocs(*this, which, out);
}

int64_t weir_pools::InUse(int zone) const {
  weir::Tallies sums;
  Sum(sums, weir::TalliesOf(zone));
  return zones[zone].InUse(sums);
}

int64_t weir_pools::InUseAtLeast(int zone) const {
  const TallyRanges which = weir::TalliesOf(zone);
  weir::Tallies sums;
  // The other way round: what was freed meanwhile is taken off, what was allocated is not added.
  SumAllocs(*this, which, sums);
  SumFrees(*this, which, sums);
  return zones[zone].InUse(sums);
}

void weir_pools::Fill(weir_snapshot& out) const {
  records.ForEach([&](const ThreadRecord& r) {
    out.threads += r.life.load(std::memory_order_relaxed) == weir::kClaimed;  // hint
  });
  weir::Tallies sums;
  Sum(sums, weir::kAllTallies);
  for (int i = 0; i < weir::kZones; ++i) zones[i].Fill(out.zones[i], sums);
  packets.Fill(out.zones[WEIR_ZONE_PACKET], sums);
  for (int t = 0; t < WEIR_NTYPES; ++t) {
    out.types[t] = weir::InUseOfType(t, sums);
  }
  out.drains = drains.broadcasts();
  out.drained_objects = drains.drained();
}
