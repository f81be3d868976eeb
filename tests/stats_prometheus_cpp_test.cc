#include "weir/stats/prometheus_cpp.h"

#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "tests/stats_prometheus_check.h"
#include "tests/stats_sample.h"
#include "weir/stats/prometheus.h"
#include "weir/stats/prometheus_text.h"

namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;
using weir::PrometheusCollectable;

void Sample(weir_snapshot* snapshot) { *snapshot = SampleSnapshot(); }

std::vector<weir::SetSnapshot> Tenant() {
  weir_snapshot other = SampleSnapshot();
  other.threads = 9;
  other.zones[WEIR_ZONE_CLUSTER].in_use = 4;
  return {{"tenant \"a\"", other}};
}

PrometheusCheck TextOf(const std::vector<weir::SetSnapshot>& sets) {
  weir::PrometheusText text;
  weir::AddMetrics(SampleSnapshot(), &text, sets);
  return CheckPrometheus(text.Render());
}

// prometheus-cpp's own serializer and ours print the same series, types and values.
void ExpectTheSame(const std::vector<MetricFamily>& families, const PrometheusCheck& text) {
  const PrometheusCheck theirs = CheckPrometheus(prometheus::TextSerializer().Serialize(families));
  ASSERT_EQ(theirs.error, "");
  ASSERT_EQ(text.error, "");
  EXPECT_GT(text.samples.size(), 100u);
  EXPECT_EQ(theirs.types, text.types);
  ASSERT_EQ(theirs.samples.size(), text.samples.size());
  for (const auto& [series, value] : text.samples) {
    // How the bounds of buckets are written is each one's own affair: 1.0 is 1.
    std::string name = series;
    const size_t at = name.find("le=\"") == std::string::npos ? name.npos : name.find(".0\"}");
    if (at != name.npos) name.erase(at, 2);
    const auto found = theirs.samples.find(name);
    ASSERT_NE(found, theirs.samples.end()) << series;
    EXPECT_EQ(std::strtod(found->second.c_str(), nullptr), std::strtod(value.c_str(), nullptr))
        << series;
  }
}

TEST(PrometheusCpp, SaysWhatTheTextSays) {
  ExpectTheSame(PrometheusCollectable(Sample).Collect(), TextOf({}));
}

TEST(PrometheusCpp, OtherSetsToo) {
  ExpectTheSame(PrometheusCollectable(Sample, Tenant).Collect(), TextOf(Tenant()));
}

TEST(PrometheusCpp, EachFamilyIsThereOnceWithItsHelp) {
  const std::vector<MetricFamily> families = PrometheusCollectable(Sample, Tenant).Collect();
  ASSERT_EQ(families.size(), TextOf({}).types.size());
  for (const MetricFamily& family : families) {
    EXPECT_NE(family.help, "") << family.name;
    EXPECT_FALSE(family.metric.empty()) << family.name;
    EXPECT_EQ(family.type == MetricType::Counter, family.name.ends_with("_total")) << family.name;
  }
}

// The control of what compares: a value that is off, and a series too many, are seen.
TEST(PrometheusCpp, TheComparisonSeesADifference) {
  const PrometheusCheck text = TextOf({});
  std::vector<MetricFamily> families = PrometheusCollectable(Sample).Collect();
  families[3].metric[1].gauge.value += 1;
  const PrometheusCheck theirs = CheckPrometheus(prometheus::TextSerializer().Serialize(families));
  EXPECT_EQ(theirs.error, "");
  int different = 0;
  for (const auto& [series, value] : theirs.samples) {
    const auto found = text.samples.find(series);
    if (found != text.samples.end() && std::stod(found->second) != std::stod(value)) ++different;
  }
  EXPECT_EQ(different, 1);
}

TEST(PrometheusCpp, StandsBesideARegistrysOwnMetrics) {
  // As an Exposer collects it: through the base class, each time anew.
  static int64_t in_use = 1;
  const std::shared_ptr<prometheus::Collectable> collectable =
      std::make_shared<PrometheusCollectable>([](weir_snapshot* snapshot) {
        *snapshot = SampleSnapshot();
        snapshot->zones[WEIR_ZONE_MBUF].in_use = in_use++;
      });
  for (double expected : {1, 2}) {
    for (const MetricFamily& family : collectable->Collect()) {
      if (family.name != "weir_in_use") continue;
      EXPECT_EQ(family.metric[0].gauge.value, expected);
    }
  }
  EXPECT_EQ(in_use, 3);
}

}  // namespace
