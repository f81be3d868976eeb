#include "weir/alloc/options.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "weir/alloc/layout.h"
#include "weir/alloc/memory_limit.h"
#include "weir/alloc/one_by_one.h"
#include "weir/alloc/sampling.h"

namespace weir {
namespace {

struct Known {
  const char* name;
  const char* variable;
  int64_t weir_options::*field;
  int64_t least, most;
};

constexpr int64_t kObjects = int64_t{1} << 31;
constexpr Known kKnown[] = {
    {"nmbufs", "WEIR_NMBUFS", &weir_options::nmbufs, 1, kObjects},
    {"nmbclusters", "WEIR_NMBCLUSTERS", &weir_options::nmbclusters, 1, kObjects},
    {"nmbjumbop", "WEIR_NMBJUMBOP", &weir_options::nmbjumbop, 1, kObjects},
    {"nmbjumbo9", "WEIR_NMBJUMBO9", &weir_options::nmbjumbo9, 1, kObjects},
    {"nmbjumbo16", "WEIR_NMBJUMBO16", &weir_options::nmbjumbo16, 1, kObjects},
    {"mblowat", "WEIR_MBLOWAT", &weir_options::mblowat, 0, kObjects},
    {"mcllowat", "WEIR_MCLLOWAT", &weir_options::mcllowat, 0, kObjects},
    {"wait_limit_ms", "WEIR_WAIT_LIMIT_MS", &weir_options::wait_limit_ms, 0, 86400000},
    {"wait_report_ms", "WEIR_WAIT_REPORT_MS", &weir_options::wait_report_ms, 1, 86400000},
    {"warn_interval_s", "WEIR_WARN_INTERVAL_S", &weir_options::warn_interval_s, 1, 86400},
    {"trim_interval_ms", "WEIR_TRIM_INTERVAL_MS", &weir_options::trim_interval_ms, 10, 86400000},
    {"holders_one_in", "WEIR_HOLDERS_ONE_IN", &weir_options::holders_one_in, -1, kSampleMost},
    {"watermark_interval_ms", "WEIR_WATERMARK_INTERVAL_MS", &weir_options::watermark_interval_ms, 1,
     86400000},
    {"hugepages", "WEIR_HUGEPAGES", &weir_options::hugepages, 0, 1},
    {"region_bytes", "WEIR_REGION_BYTES", &weir_options::region_bytes, 0,
     int64_t{kMaxSlabs} * kSlabBytes},
    {"quarantine", "WEIR_QUARANTINE", &weir_options::quarantine, 0, 1 << 24},
    {"guard_one_in", "WEIR_GUARD_ONE_IN", &weir_options::guard_one_in, 0, 1 << 30},
};

const char* Refuse(const char* name, const char* value, int64_t least, int64_t most) {
  static __thread char text[160];
  snprintf(text, sizeof text, "%s: %.40s is not a number from %ld to %ld", name, value,
           static_cast<long>(least), static_cast<long>(most));
  return text;
}

const char* FromEnvironment(const Known& k, weir_options& options) {
  const char* text = getenv(k.variable);
  if (text == nullptr) return nullptr;
  char* end;
  errno = 0;
  long long value = strtoll(text, &end, 10);
  if (*text == '\0' || *end != '\0' || errno != 0 || value < k.least || value > k.most) {
    return Refuse(k.variable, text, k.least, k.most);
  }
  options.*k.field = value;
  return nullptr;
}

// What the other options leave of the range of one.
const char* CheckRange(int64_t weir_options::*field, int64_t least, int64_t most,
                       const weir_options& options) {
  for (const Known& k : kKnown) {
    if (k.field != field || (options.*field >= least && options.*field <= most)) continue;
    char value[24];
    snprintf(value, sizeof value, "%ld", static_cast<long>(options.*field));
    return Refuse(k.name, value, least, most);
  }
  return nullptr;
}

const char* CheckSlabSource(weir_options& options, bool environment) {
  const char* variable = environment ? getenv("WEIR_SLAB_SOURCE") : nullptr;
  if (variable != nullptr) options.slab_source = variable;
  if (options.slab_source == nullptr) {
    const bool others = options.region_bytes != 0 || options.quarantine != 0;
    options.slab_source = UnderMemcheck() && !others ? "malloc" : "jemalloc";
  }
  for (const char* known : {"jemalloc", "mmap", "malloc"}) {
    if (strcmp(options.slab_source, known) == 0) return nullptr;
  }
  static __thread char text[160];
  snprintf(text, sizeof text, "%s: %.80s is none of jemalloc, mmap and malloc",
           variable != nullptr ? "WEIR_SLAB_SOURCE" : "slab_source", options.slab_source);
  return text;
}

// What cannot be had together.
const char* CheckPairs(const weir_options& o) {
  if (OneByOne(o) && o.region_bytes != 0) {
    return "region_bytes: slab_source is malloc, which puts clusters anywhere";
  }
  if (OneByOne(o) && o.quarantine != 0) {
    return "quarantine: slab_source is malloc, which has what is freed at once";
  }
  if (o.guard_one_in != 0 && o.region_bytes != 0) {
    return "guard_one_in: region_bytes is set, and guarded clusters do not lie in the region";
  }
  return nullptr;
}

// Rounds the region up, and sees that the clusters fit. Only the default set, which is also the one
// that the environment is for, may have one.
const char* CheckRegion(weir_options& o, bool default_set) {
  if (o.region_bytes == 0) return nullptr;
  constexpr int64_t kMost = int64_t{kMaxSlabs} * kSlabBytes, kBlock = kHugeBytes;
  const int64_t least = o.nmbclusters * static_cast<int64_t>(kObjectBytes[WEIR_ZONE_CLUSTER]);
  const char* wrong =
      CheckRange(&weir_options::region_bytes, default_set ? least : 0, default_set ? kMost : 0, o);
  o.region_bytes = (o.region_bytes + kBlock - 1) / kBlock * kBlock;
  return wrong;
}

// Half of the usable memory, shared out so that any mixture fits; no less than a small program
// needs.
void FillDefaults(weir_options& o) {
  int64_t half = UsableMemory() / 2;
  auto share = [half](int64_t& field, int zone, int64_t part) {
    if (field != 0) return;
    int64_t objects = half / part / static_cast<int64_t>(kObjectBytes[zone]);
    field = std::clamp<int64_t>(objects, 1024, kObjects);
  };
  share(o.nmbclusters, WEIR_ZONE_CLUSTER, 4);
  o.nmbclusters = std::min(o.nmbclusters, MostObjects(WEIR_ZONE_CLUSTER, o));
  share(o.nmbjumbop, WEIR_ZONE_JUMBO_PAGE, 4);
  share(o.nmbjumbo9, WEIR_ZONE_JUMBO_9K, 6);
  share(o.nmbjumbo16, WEIR_ZONE_JUMBO_16K, 6);
  if (o.nmbufs == 0) {  // at least one for each cluster
    int64_t all = o.nmbclusters + o.nmbjumbop + o.nmbjumbo9 + o.nmbjumbo16;
    share(o.nmbufs, WEIR_ZONE_MBUF, 5);
    o.nmbufs = std::min(std::max(o.nmbufs, all), kObjects);
  }
  if (o.holders_one_in == 0) o.holders_one_in = kSampleDefault;
  if (o.wait_report_ms == 0) o.wait_report_ms = 10000;
  if (o.warn_interval_s == 0) o.warn_interval_s = 60;
  if (o.watermark_interval_ms == 0) o.watermark_interval_ms = 100;
}

}  // namespace

bool OneByOne(const weir_options& options) { return strcmp(options.slab_source, "malloc") == 0; }

int64_t MostObjects(int zone, const weir_options& options) {
  if (zone != WEIR_ZONE_CLUSTER || options.region_bytes == 0) return kMaxObjects;
  return options.region_bytes / static_cast<int64_t>(kObjectBytes[zone]);
}

const char* ResolveOptions(weir_options& options, bool environment) {
  for (const Known& k : kKnown) {
    int64_t value = options.*k.field;
    if (value != 0 && (value < k.least || value > k.most)) {
      char text[24];
      snprintf(text, sizeof text, "%ld", static_cast<long>(value));
      return Refuse(k.name, text, k.least, k.most);
    }
    if (!environment) continue;
    if (const char* wrong = FromEnvironment(k, options)) return wrong;
  }
  if (const char* wrong = CheckSlabSource(options, environment)) return wrong;
  if (const char* wrong = CheckPairs(options)) return wrong;
  if (const char* wrong = CheckRegion(options, environment)) return wrong;
  if (!environment) {
    // One thread trims and watches all sets, and all are sampled alike: the default set's to say.
    for (auto field : {&weir_options::trim_interval_ms, &weir_options::watermark_interval_ms,
                       &weir_options::holders_one_in}) {
      if (const char* wrong = CheckRange(field, 0, 0, options)) return wrong;
    }
  }
  FillDefaults(options);
  if (const char* wrong = CheckRange(&weir_options::mblowat, 0, options.nmbufs, options)) {
    return wrong;
  }
  return CheckRange(&weir_options::mcllowat, 0, options.nmbclusters, options);
}

}  // namespace weir
