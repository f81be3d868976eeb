#include "weir/stats/read_json.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "tests/stats_sample.h"
#include "weir/stats/json.h"

namespace {

using weir::ReadJson;
using weir::ReadSnapshot;
using weir::RenderJson;

const std::vector<weir::Figure> kFigures = {
    {"keys", 12},
    {"sent", 2.5, weir::Figure::Kind::kCounter, weir::Figure::Unit::kBytes},
    {"not a number", std::numeric_limits<double>::quiet_NaN()},
};

std::string Sample() { return RenderJson(SampleSnapshot(), kFigures); }

// What is wrong with the text, or "" if nothing is.
std::string Wrong(const std::string& text) {
  ReadSnapshot snapshot;
  std::string error;
  return ReadJson(text, &snapshot, &error) ? "" : error.empty() ? "nothing said" : error;
}

std::string With(std::string text, const std::string& old, const std::string& now) {
  const size_t at = text.find(old);
  EXPECT_NE(at, std::string::npos) << old;
  return at == std::string::npos ? text : text.replace(at, old.size(), now);
}

std::string Again(const std::string& text) {
  ReadSnapshot snapshot;
  std::string error;
  EXPECT_TRUE(ReadJson(text, &snapshot, &error)) << error << "\n" << text;
  return RenderJson(snapshot.figures);
}

TEST(ReadJson, WhatIsWrittenIsReadAgain) {
  EXPECT_EQ(Again(Sample()), RenderJson(SampleSnapshot()));

  weir_snapshot empty;
  weir_snapshot_clear(&empty);
  EXPECT_EQ(Again(RenderJson(empty)), RenderJson(empty));

  weir_snapshot full = SampleSnapshot();
  full.version = "10.20.30-rc1+debian";
  full.uptime_ns = uint64_t{86400} * 20 * 1'000'000'000 + 123'456'789;
  for (weir_zone_snapshot& zone : full.zones) {
    zone.limit = zone.cached_depot = std::numeric_limits<int64_t>::max();
    zone.allocs = zone.drained_objects = std::numeric_limits<uint64_t>::max();
  }
  for (int64_t& count : full.types) count = 1;
  full.drops = std::numeric_limits<uint64_t>::max();
  EXPECT_EQ(Again(RenderJson(full)), RenderJson(full));
}

TEST(ReadJson, EveryFigureIsReadIntoItsField) {
  ReadSnapshot snapshot;
  std::string error;
  ASSERT_TRUE(ReadJson(Sample(), &snapshot, &error)) << error;
  EXPECT_EQ(snapshot.figures.uptime_ns, 90'500'000'000u);
  EXPECT_EQ(snapshot.figures.zones[WEIR_ZONE_CLUSTER].wait_sum_ns, 21'502'000'000u);
  EXPECT_EQ(snapshot.figures.zones[WEIR_ZONE_CLUSTER].cached_slab, 5);
  EXPECT_EQ(snapshot.figures.types[200], 2);
  EXPECT_EQ(snapshot.figures.pullup_failures, 13u);
  EXPECT_STREQ(snapshot.figures.version, "0.1.0");
}

// Each of the sample's keys in turn is called something else.
TEST(ReadJson, EveryKeyOfTheDescriptionMustBeThere) {
  const std::string sample = Sample();
  int keys = 0;
  for (size_t at = 0; (at = sample.find("\":", at)) != std::string::npos; ++at) {
    const size_t from = sample.rfind('"', at - 1) + 1;
    const std::string key = sample.substr(from, at - from);
    if (key == "200") continue;  // is there because such mbufs are
    ++keys;
    std::string other = sample;
    other[from] = other[from] == 'z' ? 'y' : 'z';
    const std::string wrong = Wrong(other);
    const bool type = sample.find("\"types\":") + 1 < from && from < sample.find("\"server\":");
    if (type) {
      EXPECT_NE(wrong.find("is no type of mbuf"), std::string::npos) << key << ": " << wrong;
    } else {
      EXPECT_TRUE(wrong.ends_with(key + " is missing")) << key << ": " << wrong;
    }
  }
  EXPECT_GT(keys, 6 * 26);
}

TEST(ReadJson, WhatIsNotInTheDescriptionIsPassedOver) {
  const std::string known = RenderJson(SampleSnapshot());
  EXPECT_EQ(Again(With(known, "{", R"({"holders":[{"a":[]},null],)")), known);
  EXPECT_EQ(Again(With(known, "{\"name\"", R"({"colour":"\u00e9","name")")), known);
  EXPECT_EQ(Again(With(known, "\"zones\":[", R"("zones":[{"name":"huge"},)")), known);
  const std::vector<weir::SetSnapshot> others = {{"tenant", SampleSnapshot()}};
  EXPECT_EQ(Again(RenderJson(SampleSnapshot(), {}, others)), known);
  EXPECT_EQ(Again(" \n" + known + "\n"), known);
}

TEST(ReadJson, WrongValuesAreNamedWithTheirKey) {
  struct {
    const char *old, *now, *says;
  } cases[] = {
      {R"("schema":1)", R"("schema":2)", "schema is not 1, the only one known"},
      {R"("limit":1000)", R"("limit":-1)",
       "zones.cluster.limit is not a whole number from 0 to 2^63 - 1"},
      {R"("limit":1000)", R"("limit":9223372036854775808)",
       "zones.cluster.limit is not a whole number from 0 to 2^63 - 1"},
      {R"("allocs":520)", R"("allocs":18446744073709551616)",
       "zones.cluster.allocs is not a whole number from 0 to 2^64 - 1"},
      {R"("allocs":520)", R"("allocs":520.0)",
       "zones.cluster.allocs is not a whole number from 0 to 2^64 - 1"},
      {R"("allocs":520)", R"("allocs":"520")",
       "zones.cluster.allocs is not a whole number from 0 to 2^64 - 1"},
      {R"("drops":7)", R"("drops":null)", "drops is not a whole number from 0 to 2^64 - 1"},
      {R"("uptime_seconds":90.5)", R"("uptime_seconds":-1)",
       "uptime_seconds is not a number from 0"},
      {R"("uptime_seconds":90.5)", R"("uptime_seconds":1e12)",
       "uptime_seconds is not a number of seconds from 0 to 18400000000"},
      {R"("version":"0.1.0")", R"("version":"\u001b[2J")",
       "version is not 1 to 64 letters and figures"},
      {R"("version":"0.1.0")", R"("version":"")", "version is not 1 to 64 letters and figures"},
      {R"("name":"cluster")", R"("name":"mbuf")", "zones.mbuf is there twice"},
      {R"("name":"packet")", R"("name":"pocket")", "zones.packet is missing"},
      {R"("name":"packet")", R"("name":7)", "zones.name is not a string"},
      {R"("bounds_seconds":[1e-06,)", R"("bounds_seconds":[2e-06,)",
       "zones.mbuf.wait.bounds_seconds.0 is another bound than ours"},
      {R"("counts":[0,)", R"("counts":[)",
       "zones.mbuf.wait.counts is not an array of the right length"},
      {R"("types":{)", R"("types":{"256":1,)", "types: '256' is no type of mbuf"},
      {R"("types":{)", R"("types":{"1":1,)", "types: '1' is no type of mbuf"},
      {R"("kind":"gauge")", R"("kind":"gouge")", "server.kind is not gauge or counter"},
      {R"("drops":7)", R"("drops":7,"drops":7)", "key 'drops' is there twice"},
      {R"("drops":7)", R"("a":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]],"drops":7)",
       "it is nested too deeply"},
  };
  for (const auto& c : cases) EXPECT_EQ(Wrong(With(Sample(), c.old, c.now)), c.says);
}

TEST(ReadJson, WhatIsNoJsonIsQuotedWithoutItsControlCharacters) {
  EXPECT_EQ(Wrong(""), "it is not JSON: ''");
  EXPECT_EQ(Wrong("\x1b[2J<html>"), "it is not JSON: '\\x1b[2J<html>'");
  EXPECT_EQ(Wrong(Sample() + "x").substr(0, 26), "it is not JSON: '{\\\"schema");
  EXPECT_EQ(Wrong("[]"), "schema is missing");
  EXPECT_EQ(Wrong("null"), "schema is missing");
  EXPECT_EQ(Wrong(std::string(1'000'000, '[')), "it is nested too deeply");
}

// Bytes changed, cut out, put in and doubled at random: what is taken, is what the description
// says.
TEST(ReadJson, SurvivesRandomChanges) {
  const auto seed =
      static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const auto below = [&random](size_t n) { return static_cast<size_t>(random() % n); };
  const std::string words[] = {"\"",
                               "{",
                               "}",
                               "[",
                               "]",
                               ",",
                               ":",
                               "0",
                               "-",
                               "1e999",
                               "null",
                               "\\u",
                               "\xff",
                               std::string(1, '\0'),
                               "18446744073709551615",
                               "\"zones\":"};
  const std::string sample = Sample();
  int taken = 0, refused = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string text = sample;
    for (size_t changes = 1 + below(3); changes > 0; --changes) {
      const size_t at = below(text.size());
      const size_t length = below(std::min<size_t>(text.size() - at, 40));
      switch (below(5)) {
        case 0:
          text[at] = static_cast<char>(random());
          break;
        case 1:
          text[at] = "0123456789"[below(10)];
          break;
        case 2:
          text.erase(at, length);
          break;
        case 3:
          text.insert(at, text.substr(below(text.size()), length));
          break;
        default:
          text.insert(at, words[below(std::size(words))]);
      }
    }
    ReadSnapshot snapshot;
    std::string error;
    if (ReadJson(text, &snapshot, &error)) {
      ++taken;
      const std::string once = RenderJson(snapshot.figures);
      ASSERT_EQ(Again(once), once);
      for (const weir_zone_snapshot& zone : snapshot.figures.zones) ASSERT_GE(zone.in_use, 0);
    } else {
      ++refused;
      ASSERT_FALSE(error.empty());
      for (char c : error) ASSERT_TRUE(c >= ' ' && c < '\x7f') << error;
    }
  }
  EXPECT_GT(taken, 0);
  EXPECT_GT(refused, 0);
}

}  // namespace
