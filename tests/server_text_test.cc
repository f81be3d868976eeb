// Patterns, numbers and flags.
#include <string>

#include "gtest/gtest.h"
#include "weir/server/glob.h"
#include "weir/server/number.h"
#include "weir/server/options.h"
#include "weir/server/text.h"

namespace weir::server {
namespace {

TEST(GlobTest, Matches) {
  EXPECT_TRUE(GlobMatches("*", "anything"));
  EXPECT_TRUE(GlobMatches("h?llo", "hello"));
  EXPECT_FALSE(GlobMatches("h?llo", "hllo"));
  EXPECT_TRUE(GlobMatches("h*llo", "heeello"));
  EXPECT_TRUE(GlobMatches("h[ae]llo", "hallo"));
  EXPECT_FALSE(GlobMatches("h[^e]llo", "hello"));
  EXPECT_TRUE(GlobMatches("h[a-c]llo", "hbllo"));
  EXPECT_TRUE(GlobMatches("\\*", "*"));
  EXPECT_FALSE(GlobMatches("\\*", "x"));
  EXPECT_TRUE(GlobMatches("*a*b*c", "xxaxxbxxc"));
  EXPECT_FALSE(GlobMatches("*a*b*c", "xxaxxbxx"));
  EXPECT_TRUE(GlobMatches("", ""));
  EXPECT_FALSE(GlobMatches("", "x"));
  EXPECT_FALSE(GlobMatches("*", ""));
}

// Naive matching would take longer than the age of the universe.
TEST(GlobTest, ManyStarsTakeNoTime) {
  std::string pattern;
  for (int i = 0; i < 50; ++i) pattern += "*a";
  EXPECT_FALSE(GlobMatches(pattern + "b", std::string(5000, 'a')));
}

TEST(NumberTest, IntegersHaveOneForm) {
  EXPECT_EQ(ParseInt("0"), 0);
  EXPECT_EQ(ParseInt("-1"), -1);
  EXPECT_EQ(ParseInt("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(ParseInt("-9223372036854775808"), INT64_MIN);
  for (const char* text : {"", "-", "+1", "01", "-0", "-01", " 1", "1 ", "1.0", "x", "1x",
                           "9223372036854775808", "-9223372036854775809"}) {
    EXPECT_EQ(ParseInt(text), std::nullopt) << text;
  }
  EXPECT_EQ(Decimal(INT64_MIN).view(), "-9223372036854775808");
  EXPECT_EQ(Decimal(0).view(), "0");
}

TEST(NumberTest, BytesHaveUnits) {
  EXPECT_EQ(ParseBytes("100"), 100);
  EXPECT_EQ(ParseBytes("1k"), 1000);
  EXPECT_EQ(ParseBytes("1KB"), 1024);
  EXPECT_EQ(ParseBytes("256mb"), 256 << 20);
  EXPECT_EQ(ParseBytes("2Gb"), int64_t{2} << 30);
  for (const char* text : {"", "mb", "1tb", "1 mb", "-1", "9999999999gb"}) {
    EXPECT_EQ(ParseBytes(text), std::nullopt) << text;
  }
}

TEST(OptionsTest, DefaultsAreFilledIn) {
  Parsed parsed = ParseOptions({});
  ASSERT_EQ(parsed.kind, Parsed::kRun);
  EXPECT_GE(parsed.options.threads, 1);
  EXPECT_GE(parsed.options.max_memory, 4 << 20);
  EXPECT_EQ(parsed.options.port, 6379);
  EXPECT_EQ(parsed.options.bind, "127.0.0.1");
}

TEST(OptionsTest, BothFormsOfAFlag) {
  Parsed parsed = ParseOptions({"--port=0", "--max_memory", "64mb", "--threads=3", "--bind=::1"});
  ASSERT_EQ(parsed.kind, Parsed::kRun) << parsed.text;
  EXPECT_EQ(parsed.options.port, 0);
  EXPECT_EQ(parsed.options.max_memory, 64 << 20);
  EXPECT_EQ(parsed.options.threads, 3);
  EXPECT_EQ(parsed.options.bind, "::1");
  EXPECT_LE(parsed.options.max_bulk, 16 << 20) << "one request must not have all memory";
}

}  // namespace
}  // namespace weir::server
