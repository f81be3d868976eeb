#include "weir/stats/prometheus.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "tests/stats_prometheus_check.h"
#include "tests/stats_sample.h"
#include "weir/stats/prometheus_text.h"

namespace {

using weir::PrometheusText;

TEST(PrometheusText, GathersSamplesOfAMetricWhateverTheOrderOfCalls) {
  PrometheusText text;
  text.Gauge("a", "First.", 1, {{"x", "1"}});
  text.Counter("b_total", "Second.", 2u);
  text.Gauge("a", "First.", 3, {{"x", "2"}, {"y", "z"}});
  EXPECT_EQ(text.Render(),
            "# HELP a First.\n"
            "# TYPE a gauge\n"
            "a{x=\"1\"} 1\n"
            "a{x=\"2\",y=\"z\"} 3\n"
            "# HELP b_total Second.\n"
            "# TYPE b_total counter\n"
            "b_total 2\n");
}

TEST(PrometheusText, EscapesLabelsAndHelp) {
  PrometheusText text;
  text.Gauge("a", "One\\two\nthree \"four\".", 1, {{"x", "back\\slash \"quote\"\nline"}});
  EXPECT_EQ(text.Render(),
            "# HELP a One\\\\two\\nthree \"four\".\n"
            "# TYPE a gauge\n"
            "a{x=\"back\\\\slash \\\"quote\\\"\\nline\"} 1\n");
}

TEST(PrometheusText, MakesNamesLegal) {
  PrometheusText text;
  text.Gauge("9 lives:a", "", 1, {{"to:be", "1"}, {"", "2"}});
  EXPECT_EQ(text.Render(),
            "# HELP _9_lives:a \n"
            "# TYPE _9_lives:a gauge\n"
            "_9_lives:a{to_be=\"1\",_=\"2\"} 1\n");
}

TEST(PrometheusText, ReplacesWhatIsNotUtf8) {
  const auto rendered = [](const std::string& value) {
    PrometheusText text;
    text.Gauge("a", "", 1, {{"x", value}});
    const std::string all = text.Render();
    const size_t at = all.find("x=\"") + 3;
    return all.substr(at, all.find("\"}") - at);
  };
  const std::string bad = "\xef\xbf\xbd";
  EXPECT_EQ(rendered("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x8c\x8a"),
            "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x8c\x8a");
  EXPECT_EQ(rendered("\xff"), bad);
  EXPECT_EQ(rendered("a\xc3"), "a" + bad);                         // cut off
  EXPECT_EQ(rendered("\xc3z"), bad + "z");                         // the next character survives
  EXPECT_EQ(rendered("\xc0\xaf"), bad + bad);                      // overlong
  EXPECT_EQ(rendered("\xe0\x80\xaf"), bad + bad + bad);            // overlong
  EXPECT_EQ(rendered("\xed\xa0\x80"), bad + bad + bad);            // a surrogate
  EXPECT_EQ(rendered("\xf4\x90\x80\x80"), bad + bad + bad + bad);  // beyond Unicode
}

TEST(PrometheusText, WritesIntegersExactlyAndRealsShortly) {
  EXPECT_EQ(PrometheusText::Value(std::numeric_limits<uint64_t>::max()).text(),
            "18446744073709551615");
  EXPECT_EQ(PrometheusText::Value(std::numeric_limits<int64_t>::min()).text(),
            "-9223372036854775808");
  EXPECT_EQ(PrometheusText::Value(0.1).text(), "0.1");
  EXPECT_EQ(PrometheusText::Value(5.0).text(), "5.0");
  // The spellings that OpenMetrics lists.
  for (const char* canonical : {"1e-10", "1e-06", "1e-05", "0.0001", "0.001", "0.1", "1.0", "10.0",
                                "1000.0", "10000.0", "100000.0", "1e+06", "1e+10"}) {
    EXPECT_EQ(PrometheusText::Value(std::strtod(canonical, nullptr)).text(), canonical);
  }
  EXPECT_EQ(PrometheusText::Value(-0.000123456789012345).text(), "-0.000123456789012345");
  EXPECT_EQ(PrometheusText::Value(123456.7890123).text(), "123456.7890123");
  EXPECT_EQ(PrometheusText::Value(std::numeric_limits<double>::infinity()).text(), "+Inf");
  EXPECT_EQ(PrometheusText::Value(-std::numeric_limits<double>::infinity()).text(), "-Inf");
  EXPECT_EQ(PrometheusText::Value(std::numeric_limits<double>::quiet_NaN()).text(), "NaN");
}

TEST(PrometheusText, CountersEndInTotal) {
  PrometheusText text;
  text.Counter("hits", "Hits.", 1);
  EXPECT_EQ(text.Render(), "# HELP hits_total Hits.\n# TYPE hits_total counter\nhits_total 1\n");
}

TEST(PrometheusText, OpenMetricsNamesCountersWithoutTotalAndEnds) {
  PrometheusText text(PrometheusText::Format::kOpenMetrics);
  text.Counter("hits_total", "\"Hits\".", 1);
  EXPECT_EQ(text.Render(), "# TYPE hits counter\n# HELP hits \\\"Hits\\\".\nhits_total 1\n# EOF\n");
}

TEST(PrometheusText, OpenMetricsSaysUnits) {
  const auto rendered = [](PrometheusText::Format format) {
    PrometheusText text(format);
    text.Counter("sent_bytes_total", "Sent.", 1);
    text.Gauge("age_seconds", "Age.", 2);
    text.Gauge("seconds", "No unit but its name.", 3);
    text.Gauge("microseconds", "Another unit.", 4);
    return text.Render();
  };
  EXPECT_EQ(rendered(PrometheusText::Format::kOpenMetrics),
            "# TYPE sent_bytes counter\n"
            "# UNIT sent_bytes bytes\n"
            "# HELP sent_bytes Sent.\n"
            "sent_bytes_total 1\n"
            "# TYPE age_seconds gauge\n"
            "# UNIT age_seconds seconds\n"
            "# HELP age_seconds Age.\n"
            "age_seconds 2\n"
            "# TYPE seconds gauge\n"
            "# HELP seconds No unit but its name.\n"
            "seconds 3\n"
            "# TYPE microseconds gauge\n"
            "# HELP microseconds Another unit.\n"
            "microseconds 4\n"
            "# EOF\n");
  EXPECT_EQ(rendered(PrometheusText::Format::kPrometheus).find("UNIT"), std::string::npos);
}

TEST(PrometheusText, HistogramsEndInInfinity) {
  const double bounds[] = {0.5, 1};
  const uint64_t counts[] = {1, 4};
  PrometheusText text;
  text.Histogram("h", "H.", {.bounds = bounds, .counts = counts, .count = 9, .sum = 7.25},
                 {{"x", "y"}});
  EXPECT_EQ(text.Render(),
            "# HELP h H.\n"
            "# TYPE h histogram\n"
            "h_bucket{x=\"y\",le=\"0.5\"} 1\n"
            "h_bucket{x=\"y\",le=\"1.0\"} 4\n"
            "h_bucket{x=\"y\",le=\"+Inf\"} 9\n"
            "h_sum{x=\"y\"} 7.25\n"
            "h_count{x=\"y\"} 9\n");
}

TEST(Prometheus, EveryMetricIsThereWithItsTypeAndValue) {
  const PrometheusCheck check = CheckPrometheus(weir::RenderPrometheus(SampleSnapshot()));
  ASSERT_EQ(check.error, "");
  const std::map<std::string, std::string> types = {
      {"weir_build_info", "gauge"},
      {"weir_uptime_seconds", "gauge"},
      {"weir_threads", "gauge"},
      {"weir_in_use", "gauge"},
      {"weir_limit", "gauge"},
      {"weir_low_water", "gauge"},
      {"weir_object_bytes", "gauge"},
      {"weir_waiting", "gauge"},
      {"weir_cached", "gauge"},
      {"weir_memory_bytes", "gauge"},
      {"weir_mbufs", "gauge"},
      {"weir_allocations_total", "counter"},
      {"weir_frees_total", "counter"},
      {"weir_allocation_failures_total", "counter"},
      {"weir_waits_total", "counter"},
      {"weir_recalls_total", "counter"},
      {"weir_recalled_objects_total", "counter"},
      {"weir_cache_refills_total", "counter"},
      {"weir_cache_flushes_total", "counter"},
      {"weir_drains_total", "counter"},
      {"weir_drained_objects_total", "counter"},
      {"weir_requests_denied_total", "counter"},
      {"weir_requests_delayed_total", "counter"},
      {"weir_copy_failures_total", "counter"},
      {"weir_pullup_failures_total", "counter"},
      {"weir_wait_seconds", "histogram"},
  };
  EXPECT_EQ(check.types, types);
  const std::map<std::string, std::string> samples = {
      {"weir_build_info{version=\"0.1.0\"}", "1"},
      {"weir_uptime_seconds", "90.5"},
      {"weir_threads", "3"},
      {"weir_in_use{zone=\"mbuf\"}", "6"},
      {"weir_limit{zone=\"jumbo_16k\"}", "100"},
      {"weir_low_water{zone=\"cluster\"}", "8"},
      {"weir_object_bytes{zone=\"jumbo_9k\"}", "9216"},
      {"weir_waiting{zone=\"cluster\"}", "1"},
      {"weir_cached{zone=\"cluster\",where=\"thread\"}", "2"},
      {"weir_cached{zone=\"cluster\",where=\"depot\"}", "4"},
      {"weir_cached{zone=\"cluster\",where=\"slab\"}", "5"},
      {"weir_memory_bytes{zone=\"cluster\",state=\"in_use\"}", "40960"},
      {"weir_memory_bytes{zone=\"cluster\",state=\"cached\"}", "22528"},
      {"weir_memory_bytes{zone=\"cluster\",state=\"slack\"}", "2048"},
      {"weir_allocations_total{zone=\"mbuf\"}", "1006"},
      {"weir_frees_total{zone=\"mbuf\"}", "1000"},
      {"weir_cache_refills_total{zone=\"mbuf\"}", "63"},
      {"weir_cache_flushes_total{zone=\"mbuf\"}", "62"},
      {"weir_allocation_failures_total{zone=\"cluster\"}", "7"},
      {"weir_waits_total{zone=\"cluster\"}", "4"},
      {"weir_recalls_total{zone=\"cluster\"}", "9"},
      {"weir_recalled_objects_total{zone=\"cluster\"}", "33"},
      {"weir_drains_total{zone=\"cluster\"}", "2"},
      {"weir_drains_total{zone=\"any\"}", "3"},
      {"weir_drained_objects_total{zone=\"cluster\"}", "12"},
      {"weir_drained_objects_total{zone=\"any\"}", "28"},
      {"weir_mbufs{type=\"data\"}", "3"},
      {"weir_mbufs{type=\"oobdata\"}", "0"},
      {"weir_mbufs{type=\"200\"}", "2"},
      {"weir_requests_denied_total", "7"},
      {"weir_requests_delayed_total", "1"},
      {"weir_copy_failures_total", "11"},
      {"weir_pullup_failures_total", "13"},
      {"weir_wait_seconds_bucket{zone=\"cluster\",le=\"0.001\"}", "0"},
      {"weir_wait_seconds_bucket{zone=\"cluster\",le=\"0.005\"}", "1"},
      {"weir_wait_seconds_bucket{zone=\"cluster\",le=\"10.0\"}", "2"},
      {"weir_wait_seconds_bucket{zone=\"cluster\",le=\"+Inf\"}", "3"},
      {"weir_wait_seconds_sum{zone=\"cluster\"}", "21.502"},
      {"weir_wait_seconds_count{zone=\"cluster\"}", "3"},
  };
  for (const auto& [series, value] : samples) {
    const auto found = check.samples.find(series);
    ASSERT_NE(found, check.samples.end()) << series;
    EXPECT_EQ(found->second, value) << series;
  }
  EXPECT_EQ(check.samples.count("weir_mbufs{type=\"free\"}"), 0u);
  EXPECT_EQ(check.samples.count("weir_mbufs{type=\"8\"}"), 0u);
}

TEST(Prometheus, BothFormatsAreWellFormedTogetherWithOtherMetrics) {
  for (auto format : {PrometheusText::Format::kPrometheus, PrometheusText::Format::kOpenMetrics}) {
    PrometheusText text(format);
    weir::AddMetrics(SampleSnapshot(), &text);
    text.Counter("app_commands_total", "Commands.", 4, {{"command", "a\"b\\c\nd"}});
    EXPECT_EQ(CheckPrometheus(text.Render()).error, "");
  }
}

// Counters of a busy process are not all of one instant.
TEST(Prometheus, TornFiguresStayPlausible) {
  weir_snapshot s = SampleSnapshot();
  weir_zone_snapshot& cluster = s.zones[WEIR_ZONE_CLUSTER];
  cluster.wait_buckets[7] = 5;  // above the buckets that follow, and above the count
  cluster.bytes = 0;
  cluster.drains = 50;
  const PrometheusCheck check = CheckPrometheus(weir::RenderPrometheus(s));
  ASSERT_EQ(check.error, "");
  EXPECT_EQ(check.samples.at("weir_wait_seconds_bucket{zone=\"cluster\",le=\"10.0\"}"), "5");
  EXPECT_EQ(check.samples.at("weir_wait_seconds_count{zone=\"cluster\"}"), "5");
  EXPECT_EQ(check.samples.at("weir_memory_bytes{zone=\"cluster\",state=\"slack\"}"), "0");
  EXPECT_EQ(check.samples.at("weir_drains_total{zone=\"any\"}"), "0");
}

TEST(PrometheusText, CommonLabelsComeFirstUntilTheyAreSetAnew) {
  PrometheusText text;
  text.SetCommon({{"a b", "x\"y"}, {"c", "d"}});
  text.Gauge("a", "A.", 1);
  text.Histogram("h", "H.", {.bounds = {}, .counts = {}, .count = 2, .sum = 3.5}, {{"z", "1"}});
  text.SetCommon({});
  text.Gauge("a", "A.", 2);
  EXPECT_EQ(text.Render(),
            "# HELP a A.\n"
            "# TYPE a gauge\n"
            "a{a_b=\"x\\\"y\",c=\"d\"} 1\n"
            "a 2\n"
            "# HELP h H.\n"
            "# TYPE h histogram\n"
            "h_bucket{a_b=\"x\\\"y\",c=\"d\",z=\"1\",le=\"+Inf\"} 2\n"
            "h_sum{a_b=\"x\\\"y\",c=\"d\",z=\"1\"} 3.5\n"
            "h_count{a_b=\"x\\\"y\",c=\"d\",z=\"1\"} 2\n");
}

// The default set's figures, with a label, and the same series of each other set; but once what
// speaks of the process.
TEST(Prometheus, SeriesHaveALabelOfTheirSetWhereThereIsMoreThanOne) {
  weir_snapshot other;
  weir_snapshot_clear(&other);
  other.threads = 9;
  other.zones[WEIR_ZONE_CLUSTER].in_use = 4;
  const std::vector<weir::SetSnapshot> others = {{"tenant", other}, {"spare", other}};
  PrometheusText text;
  weir::AddMetrics(SampleSnapshot(), &text, others);
  const PrometheusCheck check = CheckPrometheus(text.Render());
  ASSERT_EQ(check.error, "");
  const PrometheusCheck alone = CheckPrometheus(weir::RenderPrometheus(SampleSnapshot()));
  EXPECT_EQ(check.types, alone.types);
  int of_process = 0;
  for (const auto& [series, value] : alone.samples) {
    const size_t brace = series.find('{');
    const std::string labelled =
        brace == std::string::npos
            ? series + "{set=\"default\"}"
            : series.substr(0, brace) + "{set=\"default\"," + series.substr(brace + 1);
    const auto found = check.samples.find(labelled);
    if (found == check.samples.end()) {
      ++of_process;
      EXPECT_EQ(check.samples.count(series), 1u) << series;
    } else {
      EXPECT_EQ(found->second, value) << series;
    }
  }
  EXPECT_EQ(of_process, 4);
  EXPECT_EQ(check.samples.at("weir_threads{set=\"tenant\"}"), "9");
  EXPECT_EQ(check.samples.at("weir_in_use{set=\"spare\",zone=\"cluster\"}"), "4");
  EXPECT_EQ(check.samples.at("weir_copy_failures_total"), "11");
  EXPECT_EQ(check.samples.at("weir_build_info{version=\"0.1.0\"}"), "1");
}

// The checker itself must be able to say no.
TEST(Prometheus, CheckerFindsFaults) {
  const std::string a = "# HELP a A.\n# TYPE a gauge\n";
  EXPECT_EQ(CheckPrometheus(a + "a 1\n").error, "");
  for (const std::string& bad : {a + "a 1", a + "a 1\na 2\n", a + "b 1\n", std::string("a 1\n"),
                                 a + a + "a 1\n", a + "a{x=\"\"\"} 1\n", a + "a{1x=\"\"} 1\n",
                                 a + "a one\n", a + "a 1\n\n", std::string("# TYPE a gauge\na 1\n"),
                                 a + "# EOF\na 1\n", a + "# UNIT b_bytes bytes\na 1\n"}) {
    EXPECT_NE(CheckPrometheus(bad).error, "") << bad;
  }
}

}  // namespace
