#include "weir/stats/json.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "tests/stats_json_check.h"
#include "tests/stats_sample.h"
#include "weir/stats/figure.h"

namespace {

using weir::Figure;

TEST(Json, HasEveryKeyOfTheDescription) {
  const std::vector<Figure> figures = {
      {"keys", 12, Figure::Kind::kGauge, Figure::Unit::kNone},
      {"sent", 2.5, Figure::Kind::kCounter, Figure::Unit::kBytes},
      {"age", 1e-7, Figure::Kind::kGauge, Figure::Unit::kSeconds},
  };
  const JsonCheck json(weir::RenderJson(SampleSnapshot(), figures));
  ASSERT_TRUE(json.good()) << json.at();
  const std::map<std::string, std::string> expected = {
      {"schema", "1"},
      {"version", "0.1.0"},
      {"uptime_seconds", "90.5"},
      {"threads", "3"},
      {"memory_bytes", "131072"},
      {"drains", "5"},
      {"drained_objects", "40"},
      {"drops", "7"},
      {"waits", "1"},
      {"copy_failures", "11"},
      {"pullup_failures", "13"},
      {"zones.0.name", "mbuf"},
      {"zones.0.refills", "63"},
      {"zones.0.flushes", "62"},
      {"zones.1.name", "cluster"},
      {"zones.1.size", "2048"},
      {"zones.1.limit", "1000"},
      {"zones.1.low_water", "8"},
      {"zones.1.in_use", "20"},
      {"zones.1.cached_thread", "2"},
      {"zones.1.cached_depot", "4"},
      {"zones.1.cached_slab", "5"},
      {"zones.1.total", "31"},
      {"zones.1.bytes", "65536"},
      {"zones.1.waiting", "1"},
      {"zones.1.allocs", "520"},
      {"zones.1.frees", "500"},
      {"zones.1.failures", "7"},
      {"zones.1.waits", "4"},
      {"zones.1.recalls", "9"},
      {"zones.1.recalled_objects", "33"},
      {"zones.1.drains", "2"},
      {"zones.1.drained_objects", "12"},
      {"zones.1.wait.bounds_seconds.0", "1e-06"},
      {"zones.1.wait.bounds_seconds.14", "10"},
      {"zones.1.wait.counts.7", "1"},
      {"zones.1.wait.counts.14", "2"},
      {"zones.1.wait.count", "3"},
      {"zones.1.wait.sum_seconds", "21.502"},
      {"zones.4.name", "jumbo_16k"},
      {"types.data", "3"},
      {"types.header", "1"},
      {"types.oobdata", "0"},
      {"types.200", "2"},
      {"server.0.name", "keys"},
      {"server.0.kind", "gauge"},
      {"server.0.unit", ""},
      {"server.0.value", "12"},
      {"server.1.kind", "counter"},
      {"server.1.unit", "bytes"},
      {"server.1.value", "2.5"},
      {"server.2.unit", "seconds"},
      {"server.2.value", "1e-07"},
  };
  for (const auto& [path, value] : expected) {
    const auto found = json.values().find(path);
    ASSERT_NE(found, json.values().end()) << path;
    EXPECT_EQ(found->second, value) << path;
  }
  EXPECT_EQ(json.values().count("types.free"), 0u);
}

TEST(Json, OtherSetsAreAnArrayThatIsOnlyThereIfTheyAre) {
  weir_snapshot other = SampleSnapshot();
  other.zones[WEIR_ZONE_CLUSTER].in_use = 4;
  other.drops = 99;
  const std::vector<weir::SetSnapshot> others = {{"a\"b", other}, {"spare", SampleSnapshot()}};
  const JsonCheck json(weir::RenderJson(SampleSnapshot(), {}, others));
  ASSERT_TRUE(json.good()) << json.at();
  EXPECT_EQ(json.values().at("sets.0.name"), "a\\\"b");
  EXPECT_EQ(json.values().at("sets.0.zones.1.in_use"), "4");
  EXPECT_EQ(json.values().at("sets.0.drops"), "99");
  EXPECT_EQ(json.values().at("sets.0.threads"), "3");
  EXPECT_EQ(json.values().at("sets.1.types.200"), "2");
  EXPECT_EQ(json.values().at("zones.1.in_use"), "20");
  EXPECT_EQ(json.values().count("sets.0.copy_failures"), 0u);
  EXPECT_EQ(weir::RenderJson(SampleSnapshot()).find("sets"), std::string::npos);
}

TEST(Json, WritesTheLargestCountsExactly) {
  weir_snapshot s = SampleSnapshot();
  s.zones[0].allocs = std::numeric_limits<uint64_t>::max();
  s.zones[0].limit = std::numeric_limits<int64_t>::max();
  const JsonCheck json(weir::RenderJson(s));
  ASSERT_TRUE(json.good());
  EXPECT_EQ(json.values().at("zones.0.allocs"), "18446744073709551615");
  EXPECT_EQ(json.values().at("zones.0.limit"), "9223372036854775807");
}

TEST(Json, StaysValidWhateverAFigureSays) {
  const std::vector<Figure> figures = {
      {"a\"b\\c\nd\x01\xff \xc3\xbc", std::numeric_limits<double>::quiet_NaN()},
      {"", -std::numeric_limits<double>::infinity()},
      {"big", 1e300},
  };
  const JsonCheck json(weir::RenderJson(SampleSnapshot(), figures));
  ASSERT_TRUE(json.good()) << json.at();
  EXPECT_EQ(json.values().at("server.0.name"), "a\\\"b\\\\c\\u000ad\\u0001\xef\xbf\xbd \xc3\xbc");
  EXPECT_EQ(json.values().at("server.0.value"), "null");
  EXPECT_EQ(json.values().at("server.1.value"), "null");
  EXPECT_EQ(json.values().at("server.2.value"), "1e+300");
}

// The checker itself must be able to say no.
TEST(Json, CheckerFindsFaults) {
  EXPECT_TRUE(JsonCheck(R"({"a":[1,-2.5e3,"\u00ff"],"b":{},"c":null})").good());
  for (const char* bad : {"", "{", "{\"a\":1,}", "[1,]", "{\"a\" 1}", "01", "\"\n\"", "{}x",
                          "{\"a\":1,\"a\":2}", "nan", "\"\\x\""}) {
    EXPECT_FALSE(JsonCheck(bad).good()) << bad;
  }
}

}  // namespace
