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
// What stays with the caller: a metric's samples differ in their labels, and what metric_sink.h
// says of names.
//
// Thread rule: an object belongs to one thread at a time. Everything passed in is copied.
#ifndef WEIR_STATS_PROMETHEUS_TEXT_H_
#define WEIR_STATS_PROMETHEUS_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "weir/stats/metric_sink.h"

namespace weir {

class PrometheusText : public MetricSink {
 public:
  enum class Format {
    kPrometheus,   // text format 0.0.4, which every scraper reads
    kOpenMetrics,  // OpenMetrics 1.0; says the unit of what is called _seconds or _bytes
  };
  explicit PrometheusText(Format format = Format::kPrometheus) : format_(format) {}

  void SetCommon(const Labels& labels) override;
  void Gauge(std::string_view name, std::string_view help, Value value,
             const Labels& labels = {}) override;
  void Counter(std::string_view name, std::string_view help, Value value,
               const Labels& labels = {}) override;
  void Histogram(std::string_view name, std::string_view help, const HistogramValue& value,
                 const Labels& labels = {}) override;

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
