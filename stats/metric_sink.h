// Where metrics go: into text (prometheus_text.h), or to another library (prometheus_cpp.h).
//
// Thread rule: an object belongs to one thread at a time. Everything passed in is copied.
#ifndef WEIR_STATS_METRIC_SINK_H_
#define WEIR_STATS_METRIC_SINK_H_

#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir {

class MetricSink {
 public:
  // Name and value, in the order in which they are written.
  using Label = std::pair<std::string_view, std::string_view>;
  using Labels = std::vector<Label>;

  // A value of any arithmetic type. Integers are written exactly, whatever their size.
  class Value {
   public:
    template <std::signed_integral T>
    Value(T v)  // NOLINT: implicit, so that calls read plainly
        : text_(std::to_string(v)), number_(static_cast<double>(v)) {}
    template <std::unsigned_integral T>
    Value(T v)  // NOLINT
        : text_(std::to_string(v)), number_(static_cast<double>(v)) {}
    Value(double v);  // NOLINT
    const std::string& text() const { return text_; }
    double number() const { return number_; }  // rounded beyond 2^53

   private:
    std::string text_;
    double number_;
  };

  // The finished buckets of a histogram: counts[i] samples were <= bounds[i], cumulatively;
  // `count` samples in all, which add up to `sum`.
  struct HistogramValue {
    std::span<const double> bounds;
    std::span<const uint64_t> counts;
    uint64_t count = 0;
    double sum = 0;
  };

  MetricSink() = default;
  virtual ~MetricSink() = default;
  MetricSink(const MetricSink&) = default;
  MetricSink& operator=(const MetricSink&) = default;

  // Labels in front of those of every sample from now on; {}: none.
  virtual void SetCommon(const Labels& labels) = 0;

  virtual void Gauge(std::string_view name, std::string_view help, Value value,
                     const Labels& labels = {}) = 0;

  // `name` ends in "_total"; where it does not, that is added. No gauge has the same name without
  // it: OpenMetrics would take them for one.
  virtual void Counter(std::string_view name, std::string_view help, Value value,
                       const Labels& labels = {}) = 0;

  // `name` is that of the metric, without _bucket, _sum or _count; no label is called "le".
  virtual void Histogram(std::string_view name, std::string_view help, const HistogramValue& value,
                         const Labels& labels = {}) = 0;
};

}  // namespace weir

#endif  // WEIR_STATS_METRIC_SINK_H_
