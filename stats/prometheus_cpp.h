// weir's metrics for a program that serves its own with prometheus-cpp already:
//
//   auto mbufs = std::make_shared<weir::PrometheusCollectable>(weir_snapshot);
//   exposer.RegisterCollectable(mbufs);  // which keeps a weak pointer: hold on to `mbufs`
//
// The same metrics as /metrics of weir's exporter, from a snapshot taken at each scrape. Values are
// doubles there, so counters beyond 2^53 are rounded.
//
// Thread rule: any thread may collect, at once with others, if the callbacks allow it.
#ifndef WEIR_STATS_PROMETHEUS_CPP_H_
#define WEIR_STATS_PROMETHEUS_CPP_H_

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <functional>
#include <vector>

#include "weir/stats/set_snapshot.h"
#include "weir/stats/snapshot.h"

namespace weir {

class PrometheusCollectable : public prometheus::Collectable {
 public:
  using Sets = std::function<std::vector<SetSnapshot>()>;

  // `sets`: of sets of zones besides the default one, whose snapshot() is.
  explicit PrometheusCollectable(void (*snapshot)(struct weir_snapshot*), Sets sets = nullptr);

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  void (*const snapshot_)(struct weir_snapshot*);
  const Sets sets_;
};

}  // namespace weir

#endif  // WEIR_STATS_PROMETHEUS_CPP_H_
