#include "weir/server/memory.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>

#include "weir/chain/mbuf.h"
#include "weir/chain/weir.h"

namespace weir::server {
namespace {

// The server has no use for the other sizes, but old code linked into it might.
constexpr int64_t kFewObjects = 16;

// Parts of max-memory, in percent: all that is given out, and what text and zones have for sure.
// Without some clusters nothing can be read or sent, whatever is stored.
constexpr int kGivenOut = 95;
constexpr int kLeastText = 6;
constexpr int kLeastZones = 10;
// Parts of what the zones have. Two mbufs for a cluster are 20 %.
constexpr int kFewestMbufs = 12;
constexpr int kMbufs = 20;
constexpr int kMostMbufs = 40;

constexpr int64_t Percent(int64_t whole, int percent) { return whole / 100 * percent; }

// In use to the last few, and far from it.
bool Short(const weir_zone_snapshot& zone) { return zone.in_use > Percent(zone.limit, 97); }
bool Ample(const weir_zone_snapshot& zone) { return zone.in_use < Percent(zone.limit, 92); }

}  // namespace

Memory::Share Memory::ShareOut(int64_t zone_bytes, int mbuf_percent) {
  return {Percent(zone_bytes, mbuf_percent) / MSIZE,
          Percent(zone_bytes, 100 - mbuf_percent) / MCLBYTES};
}

weir_options Memory::ZoneLimits(int64_t max_bytes) {
  Share share = ShareOut(Percent(max_bytes, kGivenOut - kLeastText), kMbufs);
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
      mbuf_percent_(kMbufs),
      handler_(DrainHandler::of<&Memory::Drain>(DrainHandler::kProtocol, "weir-server", this)) {
  Balance();
}

void Memory::SetLimit(int zone, int64_t objects, int64_t in_use) {
  if (in_use > objects) store_.Evict(zone, static_cast<long>(in_use - objects));
  // Refused when more is in use all the same: the next Balance tries again.
  (void)weir_set_limit(zone, static_cast<long>(objects));
}

// One percent at a time towards where both run short together.
void Memory::ChooseMbufPercent(const struct weir_snapshot& snapshot) {
  const weir_zone_snapshot& mbufs = snapshot.zones[WEIR_ZONE_MBUF];
  const weir_zone_snapshot& clusters = snapshot.zones[WEIR_ZONE_CLUSTER];
  if (Short(mbufs) && Ample(clusters)) {
    mbuf_percent_ = std::min(mbuf_percent_ + 1, kMostMbufs);
  } else if (Short(clusters) && Ample(mbufs)) {
    mbuf_percent_ = std::max(mbuf_percent_ - 1, kFewestMbufs);
  }
}

void Memory::Balance() {
  std::lock_guard lock(balancing_);
  struct weir_snapshot snapshot;
  weir_snapshot(&snapshot);
  int64_t zone_bytes = 0;
  for (const weir_zone_snapshot& zone : snapshot.zones) zone_bytes += zone.bytes;
  int64_t text_bytes = static_cast<int64_t>(store_.totals().text_bytes);
  int64_t max = max_.load(std::memory_order_relaxed);
  int64_t all = Percent(max, kGivenOut);
  int64_t least_text = Percent(max, kLeastText);

  int64_t text_limit =
      std::clamp(all - zone_bytes, least_text, all - Percent(max, kLeastZones));
  store_.set_text_limit(static_cast<size_t>(text_limit));
  if (text_bytes > text_limit) store_.TrimAll();

  ChooseMbufPercent(snapshot);
  Share share =
      ShareOut(all - std::clamp(text_bytes, least_text, text_limit), mbuf_percent_);
  const int64_t wanted[] = {share.mbufs, share.clusters};
  for (int zone : {WEIR_ZONE_MBUF, WEIR_ZONE_CLUSTER}) {
    // Small steps are not worth it, least of all downwards, where free objects must be given back.
    int64_t now = snapshot.zones[zone].limit;
    if (std::abs(now - wanted[zone]) * 100 > now) {
      SetLimit(zone, wanted[zone], snapshot.zones[zone].in_use);
    }
  }
  used_.store(zone_bytes + text_bytes, std::memory_order_relaxed);
}

void Memory::SetMax(int64_t max_bytes) {
  max_.store(std::max(max_bytes, kLeast), std::memory_order_relaxed);
  Balance();
}

}  // namespace weir::server
