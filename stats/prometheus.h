// A snapshot as Prometheus metrics. Names begin with "weir_"; the label "zone" has the names of
// weir_zone_name(). Seconds and bytes are the units, as Prometheus asks for.
//
// Thread rule: pure functions of their arguments.
#ifndef WEIR_STATS_PROMETHEUS_H_
#define WEIR_STATS_PROMETHEUS_H_

#include <span>
#include <string>

#include "weir/stats/metric_sink.h"
#include "weir/stats/set_snapshot.h"
#include "weir/stats/snapshot.h"

namespace weir {

// Adds all of weir's metrics to `sink`, a PrometheusText for example. If there are other sets of
// zones than the default one, whose `snapshot` is, all series but the process's own have a label
// "set", which is "default" or the name.
void AddMetrics(const struct weir_snapshot& snapshot, MetricSink* sink,
                std::span<const SetSnapshot> others = {});

// Weir's metrics alone, in text format 0.0.4.
std::string RenderPrometheus(const struct weir_snapshot& snapshot);

}  // namespace weir

#endif  // WEIR_STATS_PROMETHEUS_H_
