#include "weir/server/memory.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <utility>

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
// What text that is short leaves of the zones' memory beyond what is in use.
constexpr int kReserve = 2;
// Parts of what the zones have. Two mbufs for a cluster are 20 %.
constexpr int kFewestMbufs = 12;
constexpr int kMbufs = 20;
constexpr int kMostMbufs = 40;

constexpr int64_t Percent(int64_t whole, int percent) { return whole / 100 * percent; }

// Parts of a zone's limit that are in use when it is short, and when it is far from it.
constexpr int kShort = 97;
constexpr int kAmple = 92;

constexpr int kZones[] = {WEIR_ZONE_MBUF, WEIR_ZONE_CLUSTER};

int64_t BytesHeld(const struct weir_snapshot& snapshot) {
  int64_t bytes = 0;
  for (const weir_zone_snapshot& zone : snapshot.zones) bytes += zone.bytes;
  return bytes;
}

int64_t BytesInUse(const struct weir_snapshot& snapshot) {
  int64_t bytes = 0;
  for (const weir_zone_snapshot& zone : snapshot.zones) bytes += zone.in_use * zone.size;
  return bytes;
}

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

// Towards where both run short together: to the proportion of what is in use, and a percent at
// least, as of the one that is short more is wanted than that.
void Memory::ChooseMbufPercent(const struct weir_snapshot& snapshot) {
  bool is_short[2], is_ample[2];
  int64_t bytes[2];
  for (int zone : kZones) {
    const weir_zone_snapshot& now = snapshot.zones[zone];
    is_short[zone] = std::exchange(drains_[zone], now.drains) != now.drains ||
                     now.in_use > Percent(now.limit, kShort);
    is_ample[zone] = now.in_use < Percent(now.limit, kAmple);
    bytes[zone] = now.in_use * now.size;
  }
  const int64_t all = std::max<int64_t>(bytes[WEIR_ZONE_MBUF] + bytes[WEIR_ZONE_CLUSTER], 1);
  const int percent = static_cast<int>(100 * bytes[WEIR_ZONE_MBUF] / all);
  if (is_short[WEIR_ZONE_MBUF] && is_ample[WEIR_ZONE_CLUSTER]) {
    mbuf_percent_ = std::min(std::max(percent, mbuf_percent_ + 1), kMostMbufs);
  } else if (is_short[WEIR_ZONE_CLUSTER] && is_ample[WEIR_ZONE_MBUF]) {
    mbuf_percent_ = std::max(std::min(percent, mbuf_percent_ - 1), kFewestMbufs);
  }
}

void Memory::ShareOutToZones(int64_t bytes, const struct weir_snapshot& snapshot) {
  ChooseMbufPercent(snapshot);
  Share share = ShareOut(bytes, mbuf_percent_);
  const int64_t wanted[] = {share.mbufs, share.clusters};
  for (int zone : kZones) {
    // Small steps are not worth it, least of all downwards, where free objects must be given back.
    int64_t now = snapshot.zones[zone].limit;
    if (std::abs(now - wanted[zone]) * 100 > now) {
      SetLimit(zone, wanted[zone], snapshot.zones[zone].in_use);
    }
  }
}

void Memory::Balance() {
  std::lock_guard lock(balancing_);
  const int64_t max = max_.load(std::memory_order_relaxed);
  const int64_t all = Percent(max, kGivenOut);
  const int64_t least_text = Percent(max, kLeastText);
  const int64_t most_text = all - Percent(max, kLeastZones);

  struct weir_snapshot snapshot;
  weir_snapshot(&snapshot);
  const int64_t text_bytes = static_cast<int64_t>(store_.text_bytes());
  int64_t text = text_bytes;
  const bool text_is_short = store_.TakeTextWasShort();
  // What is free in the zones is of more use to text then, but for some to read into.
  if (text_is_short) text = std::max(text, all - BytesInUse(snapshot) - Percent(max, kReserve));
  const int64_t zones = all - std::clamp(text, least_text, most_text);
  ShareOutToZones(zones, snapshot);
  // A lower limit leaves what is free where it is as long as its slab holds something in use, and
  // that may be gone by now.
  if (text_is_short) weir_trim_to(zones);

  weir_snapshot(&snapshot);
  const int64_t zone_bytes = BytesHeld(snapshot);
  const int64_t text_limit = std::clamp(all - zone_bytes, least_text, most_text);
  store_.set_text_limit(static_cast<size_t>(text_limit));
  store_.TrimAll();
  used_.store(zone_bytes + static_cast<int64_t>(store_.text_bytes()), std::memory_order_relaxed);
}

bool Memory::BalanceIfCrossed() {
  if (!store_.TakeWasCrossed()) return false;
  Balance();
  return true;
}

void Memory::SetMax(int64_t max_bytes) {
  max_.store(std::max(max_bytes, kLeast), std::memory_order_relaxed);
  Balance();
}

}  // namespace weir::server
