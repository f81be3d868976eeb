// Writes metrics in the text formats that Prometheus reads. weir's own metrics go through it, and
// so can those of the program around it:
//
//   PrometheusText text;
//   text.Gauge("app_connections", "Clients connected.", connections);
//   text.Counter("app_commands_total", "Commands served.", gets, {{"command", "get"}});
//   text.Counter("app_commands_total", "Commands served.", sets, {{"command", "set"}});
//   send(text.Render());
//
// The output is always well formed, whatever the order of calls: samples of one metric are
// gathered under one HELP and one TYPE line, names are made legal, labels and help are escaped
// and made valid UTF-8.
// What stays with the caller: a metric's samples differ in their labels.
//
// Thread rule: an object belongs to one thread at a time. Everything passed in is copied.
#ifndef WEIR_STATS_PROMETHEUS_TEXT_H_
#define WEIR_STATS_PROMETHEUS_TEXT_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace weir {

class PrometheusText {
 public:
  enum class Format {
    kPrometheus,   // text format 0.0.4, which every scraper reads
    kOpenMetrics,  // OpenMetrics 1.0
  };
  // Name and value, in the order in which they are written.
  using Label = std::pair<std::string_view, std::string_view>;
  using Labels = std::vector<Label>;

  // A value of any arithmetic type. Integers are written exactly, whatever their size.
  class Value {
   public:
    template <std::signed_integral T>
    Value(T v) : text_(std::to_string(v)) {}  // NOLINT: implicit, so that calls read plainly
    template <std::unsigned_integral T>
    Value(T v) : text_(std::to_string(v)) {}  // NOLINT
    Value(double v);                          // NOLINT
    const std::string& text() const { return text_; }

   private:
    std::string text_;
  };

  // The finished buckets of a histogram: counts[i] samples were <= bounds[i], cumulatively;
  // `count` samples in all, which add up to `sum`.
  struct HistogramValue {
    std::span<const double> bounds;
    std::span<const uint64_t> counts;
    uint64_t count = 0;
    double sum = 0;
  };

  explicit PrometheusText(Format format = Format::kPrometheus) : format_(format) {}

  // Labels in front of those of every sample from now on; {}: none.
  void SetCommon(const Labels& labels);

  void Gauge(std::string_view name, std::string_view help, Value value, const Labels& labels = {});

  // `name` ends in "_total"; where it does not, that is added.
  void Counter(std::string_view name, std::string_view help, Value value,
               const Labels& labels = {});

  // `name` is that of the metric, without _bucket, _sum or _count; no label is called "le".
  void Histogram(std::string_view name, std::string_view help, const HistogramValue& value,
                 const Labels& labels = {});

  // All that was added, in the order in which each metric was first named.
  std::string Render() const;

  // For the Content-Type header of an answer in `format`.
  static const char* ContentType(Format format);

 private:
  struct Family {
    std::string name;
    const char* type;
    std::string help;
    std::string samples;
  };

  Family& FamilyFor(std::string_view name, const char* type, std::string_view help);

  void Append(Family& family, std::string_view suffix, const Labels& labels, std::string_view bound,
              const Value& value);

  const Format format_;
  std::string common_;  // the labels as they are written
  std::vector<Family> families_;
  std::unordered_map<std::string, size_t> index_;  // name -> place in families_
};

}  // namespace weir

#endif  // WEIR_STATS_PROMETHEUS_TEXT_H_
