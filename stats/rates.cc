#include "weir/stats/rates.h"

#include <cmath>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace weir {
namespace {

struct Zones {
  int first, last;
};
constexpr Zones kMbufs = {WEIR_ZONE_MBUF, WEIR_ZONE_MBUF};
constexpr Zones kClusters = {WEIR_ZONE_CLUSTER, WEIR_ZONE_JUMBO_16K};
// All that are no sum of others.
constexpr Zones kAll = {WEIR_ZONE_MBUF, WEIR_ZONE_JUMBO_16K};

// As many columns as are there, a space in front.
std::string Column(double value, size_t width) {
  std::string text;
  for (const char* unit : {"", "k", "M", "G", "T", "P", "E"}) {
    const bool tenths = value < 9.95 && value != std::floor(value);
    text = absl::StrCat(absl::StrFormat("%.*f", tenths ? 1 : 0, value), unit);
    if (text.size() < width) break;
    value /= 1000;
  }
  return std::string(width > text.size() ? width - text.size() : 0, ' ') + text;
}

double Sum(const weir_snapshot& s, int64_t weir_zone_snapshot::*gauge, Zones zones) {
  double sum = 0;
  for (int i = zones.first; i <= zones.last; ++i) sum += static_cast<double>(s.zones[i].*gauge);
  return sum;
}

// A counter that fell says nothing of what happened.
double Growth(uint64_t before, uint64_t now) {
  return now > before ? static_cast<double>(now - before) : 0;
}

class Rates {
 public:
  Rates(const weir_snapshot& before, const weir_snapshot& now)
      : before_(before), now_(now), seconds_(Growth(before.uptime_ns, now.uptime_ns) / 1e9) {}

  double Of(uint64_t weir_zone_snapshot::*counter, Zones zones) const {
    double sum = 0;
    for (int i = zones.first; i <= zones.last; ++i) {
      sum += Growth(before_.zones[i].*counter, now_.zones[i].*counter);
    }
    return Each(sum);
  }
  double Of(uint64_t weir_snapshot::*counter) const {
    return Each(Growth(before_.*counter, now_.*counter));
  }

 private:
  double Each(double sum) const { return seconds_ == 0 ? 0 : sum / seconds_; }

  const weir_snapshot& before_;
  const weir_snapshot& now_;
  const double seconds_;
};

}  // namespace

std::string RatesHeader() {
  return " ---------mbufs--------- --------clusters------- --mem- -------events/s--------\n"
         "    used alloc/s  free/s    used alloc/s  free/s    MiB  fail  wait recal drain\n";
}

std::string RatesLine(const weir_snapshot& before, const weir_snapshot& now) {
  weir_snapshot nothing;
  weir_snapshot_clear(&nothing);
  const bool new_start = now.uptime_ns < before.uptime_ns;
  const Rates rates(new_start ? nothing : before, now);
  std::string line;
  for (Zones zones : {kMbufs, kClusters}) {
    line += Column(Sum(now, &weir_zone_snapshot::in_use, zones), 8);
    line += Column(rates.Of(&weir_zone_snapshot::allocs, zones), 8);
    line += Column(rates.Of(&weir_zone_snapshot::frees, zones), 8);
  }
  line += Column(Sum(now, &weir_zone_snapshot::bytes, kAll) / 1048576, 7);
  line += Column(rates.Of(&weir_zone_snapshot::failures, kAll), 6);
  line += Column(rates.Of(&weir_zone_snapshot::waits, kAll), 6);
  line += Column(rates.Of(&weir_zone_snapshot::recalls, kAll), 6);
  line += Column(rates.Of(&weir_snapshot::drains), 6);
  return line + "\n";
}

}  // namespace weir
