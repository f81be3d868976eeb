#include "weir/stats/prometheus_cpp.h"

#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "weir/stats/metric_sink.h"
#include "weir/stats/prometheus.h"

namespace weir {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

// Gathers samples of one metric in one family, in the order in which they were first named.
class Families : public MetricSink {
 public:
  void SetCommon(const Labels& labels) override {
    common_.clear();
    for (const auto& [name, value] : labels) common_.emplace_back(name, value);
  }

  void Gauge(std::string_view name, std::string_view help, Value value,
             const Labels& labels) override {
    Add(name, help, MetricType::Gauge, labels).gauge.value = value.number();
  }

  void Counter(std::string_view name, std::string_view help, Value value,
               const Labels& labels) override {
    Add(name, help, MetricType::Counter, labels).counter.value = value.number();
  }

  void Histogram(std::string_view name, std::string_view help, const HistogramValue& value,
                 const Labels& labels) override {
    ClientMetric::Histogram& histogram = Add(name, help, MetricType::Histogram, labels).histogram;
    for (size_t i = 0; i < value.bounds.size() && i < value.counts.size(); ++i) {
      histogram.bucket.push_back({value.counts[i], value.bounds[i]});
    }
    histogram.bucket.push_back({value.count, std::numeric_limits<double>::infinity()});
    histogram.sample_count = value.count;
    histogram.sample_sum = value.sum;
  }

  std::vector<MetricFamily> Take() && { return std::move(families_); }

 private:
  ClientMetric& Add(std::string_view name, std::string_view help, MetricType type,
                    const Labels& labels) {
    const auto [it, is_new] = index_.try_emplace(std::string(name), families_.size());
    if (is_new) families_.push_back({std::string(name), std::string(help), type, {}});
    ClientMetric& metric = families_[it->second].metric.emplace_back();
    for (const auto& [label, value] : common_) metric.label.push_back({label, value});
    for (const auto& [label, value] : labels) {
      metric.label.push_back({std::string(label), std::string(value)});
    }
    return metric;
  }

  std::vector<std::pair<std::string, std::string>> common_;
  std::vector<MetricFamily> families_;
  std::unordered_map<std::string, size_t> index_;  // name -> place in families_
};

}  // namespace

PrometheusCollectable::PrometheusCollectable(void (*snapshot)(struct weir_snapshot*), Sets sets)
    : snapshot_(snapshot), sets_(std::move(sets)) {}

std::vector<MetricFamily> PrometheusCollectable::Collect() const {
  weir_snapshot snapshot;
  snapshot_(&snapshot);
  Families families;
  AddMetrics(snapshot, &families, sets_ ? sets_() : std::vector<SetSnapshot>());
  return std::move(families).Take();
}

}  // namespace weir
