#include "weir/stats/prometheus.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "weir/stats/prometheus_text.h"

namespace weir {
namespace {

struct ZoneGauge {
  const char* name;
  int64_t weir_zone_snapshot::*field;
  const char* help;
};

struct ZoneCounter {
  const char* name;
  uint64_t weir_zone_snapshot::*field;
  const char* help;
};

constexpr ZoneGauge kGauges[] = {
    {"weir_in_use", &weir_zone_snapshot::in_use, "Objects held by callers."},
    {"weir_limit", &weir_zone_snapshot::limit, "Most objects that may exist; 0 is no limit."},
    {"weir_low_water", &weir_zone_snapshot::low_water, "Objects that trimming leaves in place."},
    {"weir_object_bytes", &weir_zone_snapshot::size, "Size of an object."},
    {"weir_waiting", &weir_zone_snapshot::waiting, "Threads that wait for an object now."},
};

constexpr ZoneCounter kCounters[] = {
    {"weir_allocations_total", &weir_zone_snapshot::allocs, "Objects handed out."},
    {"weir_frees_total", &weir_zone_snapshot::frees, "Objects given back."},
    {"weir_allocation_failures_total", &weir_zone_snapshot::failures,
     "Allocations that ended without an object."},
    {"weir_waits_total", &weir_zone_snapshot::waits, "Allocations that had to wait."},
    {"weir_recalls_total", &weir_zone_snapshot::recalls, "Recall passes over all thread caches."},
    {"weir_recalled_objects_total", &weir_zone_snapshot::recalled_objects,
     "Objects that recalls brought back from thread caches."},
    {"weir_cache_refills_total", &weir_zone_snapshot::refills,
     "Times a thread cache was refilled from the depot or a slab."},
    {"weir_cache_flushes_total", &weir_zone_snapshot::flushes,
     "Times a thread cache was flushed to the depot."},
};

// By division: a product with 1e-9 would not be the nearest double, and would print badly.
double Seconds(uint64_t ns) { return static_cast<double>(ns) / 1e9; }

void AddPlaces(const weir_zone_snapshot& zone, MetricSink* sink) {
  const auto cached = [&](const char* where, int64_t objects) {
    sink->Gauge("weir_cached", "Free objects, by where they are.", objects,
                {{"zone", zone.name}, {"where", where}});
  };
  cached("thread", zone.cached_thread);
  cached("depot", zone.cached_depot);
  cached("slab", zone.cached_slab);

  const auto memory = [&](const char* state, int64_t bytes) {
    sink->Gauge("weir_memory_bytes",
                "Memory held from the slab source: in_use, cached (free objects) or slack (no "
                "object).",
                bytes, {{"zone", zone.name}, {"state", state}});
  };
  const int64_t used = zone.in_use * zone.size;
  const int64_t free = (zone.cached_thread + zone.cached_depot + zone.cached_slab) * zone.size;
  memory("in_use", used);
  memory("cached", free);
  memory("slack", std::max<int64_t>(zone.bytes - used - free, 0));
}

void AddWaitTimes(const weir_zone_snapshot& zone, MetricSink* sink) {
  std::array<double, WEIR_WAIT_BUCKETS> bounds;
  std::array<uint64_t, WEIR_WAIT_BUCKETS> counts;
  // Counters of a busy process are not read at one instant; a histogram must still never fall.
  uint64_t so_far = 0;
  for (int i = 0; i < WEIR_WAIT_BUCKETS; ++i) {
    bounds[i] = Seconds(weir_wait_bound_ns(i));
    counts[i] = so_far = std::max(so_far, zone.wait_buckets[i]);
  }
  sink->Histogram("weir_wait_seconds", "How long allocations waited.",
                  {.bounds = bounds,
                   .counts = counts,
                   .count = std::max(so_far, zone.wait_count),
                   .sum = Seconds(zone.wait_sum_ns)},
                  {{"zone", zone.name}});
}

// Drains are broadcast for a zone that ran short, or by m_reclaim() for none in particular. Sums
// over the label are the process's figures.
void AddDrains(const weir_snapshot& snapshot, MetricSink* sink) {
  uint64_t drains = 0, objects = 0;
  const auto add = [&](const char* zone, uint64_t count, uint64_t freed) {
    const MetricSink::Labels labels = {{"zone", zone}};
    sink->Counter("weir_drains_total",
                  "Drain broadcasts, by the zone that ran short; \"any\" where m_reclaim() was "
                  "called.",
                  count, labels);
    sink->Counter("weir_drained_objects_total",
                  "Objects that drain handlers said they freed, by the zone that ran short.", freed,
                  labels);
    drains += count;
    objects += freed;
  };
  for (const weir_zone_snapshot& zone : snapshot.zones) {
    add(zone.name, zone.drains, zone.drained_objects);
  }
  add("any", snapshot.drains - std::min(drains, snapshot.drains),
      snapshot.drained_objects - std::min(objects, snapshot.drained_objects));
}

void AddTypes(const weir_snapshot& snapshot, MetricSink* sink) {
  for (int type = 0; type < WEIR_NTYPES; ++type) {
    // Series of the usual types exist from the start; type 0, "free", holds nothing unless
    // somebody's code is wrong.
    const char* name = weir_type_name(type);
    if (snapshot.types[type] == 0 && (name == nullptr || type == 0)) continue;
    const std::string label = name != nullptr ? name : std::to_string(type);
    sink->Gauge("weir_mbufs", "Mbufs in use, by type.", snapshot.types[type], {{"type", label}});
  }
}

void AddSet(const weir_snapshot& snapshot, MetricSink* sink) {
  sink->Gauge("weir_threads", "Threads that hold a cache.", snapshot.threads);
  for (const weir_zone_snapshot& zone : snapshot.zones) {
    for (const ZoneGauge& gauge : kGauges) {
      sink->Gauge(gauge.name, gauge.help, zone.*gauge.field, {{"zone", zone.name}});
    }
    AddPlaces(zone, sink);
    for (const ZoneCounter& counter : kCounters) {
      sink->Counter(counter.name, counter.help, zone.*counter.field, {{"zone", zone.name}});
    }
    AddWaitTimes(zone, sink);
  }
  AddDrains(snapshot, sink);
  AddTypes(snapshot, sink);
  sink->Counter("weir_requests_denied_total", "Requests for memory denied (m_drops).",
                snapshot.drops);
  sink->Counter("weir_requests_delayed_total",
                "Requests for memory met only after a drain (m_wait).", snapshot.waits);
}

}  // namespace

void AddMetrics(const weir_snapshot& snapshot, MetricSink* sink,
                std::span<const SetSnapshot> others) {
  sink->Gauge("weir_build_info", "Constant 1, with the version of weir.", 1,
              {{"version", snapshot.version}});
  sink->Gauge("weir_uptime_seconds", "Time since weir came up.", Seconds(snapshot.uptime_ns));
  if (!others.empty()) sink->SetCommon({{"set", "default"}});
  AddSet(snapshot, sink);
  for (const SetSnapshot& set : others) {
    sink->SetCommon({{"set", set.name}});
    AddSet(set.figures, sink);
  }
  sink->SetCommon({});
  sink->Counter("weir_copy_failures_total", "Copies of chains that failed (MCFail).",
                snapshot.copy_failures);
  sink->Counter("weir_pullup_failures_total", "Pull-ups that failed (MPFail).",
                snapshot.pullup_failures);
}

std::string RenderPrometheus(const weir_snapshot& snapshot) {
  PrometheusText text;
  AddMetrics(snapshot, &text);
  return text.Render();
}

}  // namespace weir
