#include "weir/server/memory.h"

#include <algorithm>
#include <cstddef>

#include "weir/chain/mbuf.h"
#include "weir/chain/weir.h"

namespace weir::server {
namespace {

// The server has no use for the other sizes, but old code linked into it might.
constexpr int64_t kFewObjects = 16;

constexpr int64_t Percent(int64_t whole, int percent) { return whole / 100 * percent; }

}  // namespace

Memory::Share Memory::ShareOut(int64_t zone_bytes) {
  return {Percent(zone_bytes, 20) / MSIZE, Percent(zone_bytes, 80) / MCLBYTES};
}

weir_options Memory::ZoneLimits(int64_t max_bytes) {
  Share share = ShareOut(Percent(max_bytes, 85));
  weir_options options = {};
  options.nmbufs = share.mbufs;
  options.nmbclusters = share.clusters;
  options.nmbjumbop = kFewObjects;
  options.nmbjumbo9 = kFewObjects;
  options.nmbjumbo16 = kFewObjects;
  return options;
}

Memory::Memory(Store& store, int64_t max_bytes)
    : store_(store),
      max_(max_bytes),
      handler_(DrainHandler::of<&Memory::Drain>(DrainHandler::kProtocol, "weir-server", this)) {
  Balance();
}

void Memory::SetLimit(int zone, int64_t objects) {
  // Refused when more is in use: eviction will bring it down, and the next Balance tries again.
  (void)weir_set_limit(zone, static_cast<long>(objects));
}

void Memory::Balance() {
  std::lock_guard lock(balancing_);
  struct weir_snapshot snapshot;
  weir_snapshot(&snapshot);
  int64_t zone_bytes = 0;
  for (const weir_zone_snapshot& zone : snapshot.zones) zone_bytes += zone.bytes;
  int64_t text_bytes = static_cast<int64_t>(store_.totals().text_bytes);
  int64_t max = max_.load(std::memory_order_relaxed);
  int64_t all = Percent(max, 95);
  int64_t least_text = Percent(max, 10);

  int64_t text_limit = std::max(least_text, all - zone_bytes);
  store_.set_text_limit(static_cast<size_t>(text_limit));
  if (text_bytes > text_limit) store_.TrimAll();

  Share share = ShareOut(all - std::max(least_text, std::min(text_bytes, text_limit)));
  const int64_t wanted[] = {share.mbufs, share.clusters};
  for (int zone : {WEIR_ZONE_MBUF, WEIR_ZONE_CLUSTER}) {
    // Small steps are not worth it, least of all downwards, where free objects must be given back.
    int64_t now = snapshot.zones[zone].limit;
    if (std::abs(now - wanted[zone]) * 50 > now) SetLimit(zone, wanted[zone]);
  }
  used_.store(zone_bytes + text_bytes, std::memory_order_relaxed);
}

void Memory::SetMax(int64_t max_bytes) {
  max_.store(std::max(max_bytes, kLeast), std::memory_order_relaxed);
  Balance();
}

}  // namespace weir::server
