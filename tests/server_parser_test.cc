// Requests out of bytes, however they are cut, and how much memory that may take.
#include "weir/server/resp_parser.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/in_use.h"
#include "tests/server_client.h"
#include "weir/server/args.h"
#include "weir/server/byte_queue.h"
#include "weir/server/inline_args.h"

namespace weir::server {
namespace {

using Result = RespParser::Result;

Words WordsOf(Args& args) {
  Words words;
  for (size_t i = 0; i < args.size(); ++i) words.emplace_back(args[i]);
  return words;
}

struct Outcome {
  std::vector<Words> requests;
  std::string error;
  bool operator==(const Outcome&) const = default;
};

// Feeds the pieces one by one, each in a cluster of its own if `apart`.
Outcome Parse(const std::vector<std::string>& pieces, RespParser::Limits limits = {}) {
  ByteQueue in;
  Args args;
  RespParser parser(limits);
  Outcome outcome;
  for (const std::string& piece : pieces) {
    EXPECT_TRUE(in.Append(piece));
    for (;;) {
      Result result = parser.Next(in, args);
      if (result == Result::kMore) break;
      if (result == Result::kTooLarge) outcome.error = "too large";
      if (result == Result::kError) outcome.error = parser.error();
      if (result != Result::kRequest) return outcome;
      outcome.requests.push_back(WordsOf(args));
      args.Clear();
    }
  }
  return outcome;
}

TEST(ParserTest, EveryCutGivesTheSame) {
  std::string big(1500, 'b');
  std::string bytes = Encode({"SET", "key", "value"}) + "GET  \"a b\"\r\n" +
                      Encode({"SET", "k", big, ""}) + "\r\n*0\r\nPING\n" + Encode({"ECHO", "\r\n"});
  Outcome whole = Parse({bytes});
  EXPECT_EQ(whole.error, "");
  EXPECT_EQ(whole.requests,
            (std::vector<Words>{{"SET", "key", "value"}, {"GET", "a b"}, {"SET", "k", big, ""},
                                {"PING"}, {"ECHO", "\r\n"}}));
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    ASSERT_TRUE(Parse({bytes.substr(0, cut), bytes.substr(cut)}) == whole) << "cut at " << cut;
  }
  std::vector<std::string> single;
  for (char c : bytes) single.emplace_back(1, c);
  EXPECT_TRUE(Parse(single) == whole);
}

TEST(ParserTest, RandomRequestsInRandomPieces) {
  unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 300; ++round) {
    std::vector<Words> requests;
    std::string bytes;
    for (size_t n = random() % 8 + 1; n > 0; --n) {
      Words words;
      for (size_t k = random() % 5 + 1; k > 0; --k) {
        size_t size = random() % 4 == 0 ? random() % 9000 : random() % 30;
        words.emplace_back(size, static_cast<char>(random()));
      }
      bytes += Encode(words);
      requests.push_back(words);
    }
    std::vector<std::string> pieces;
    size_t most = random() % 2 == 0 ? 20 : 5000;
    for (size_t at = 0; at < bytes.size();) {
      size_t n = random() % most + 1;
      pieces.push_back(bytes.substr(at, n));
      at += n;
    }
    Outcome outcome = Parse(pieces);
    ASSERT_EQ(outcome.error, "");
    ASSERT_TRUE(outcome.requests == requests) << "round " << round;
  }
}

// Whatever comes, it ends with requests, a wish for more, or an error.
TEST(ParserTest, GarbageIsRefusedOrWaitedFor) {
  std::mt19937 random(3);
  for (int round = 0; round < 3000; ++round) {
    std::string bytes;
    for (size_t n = random() % 60; n > 0; --n) {
      bytes += "*$\r\n0123456789-+ \"'\\xP"[random() % 22];
      if (random() % 3 == 0) bytes += "\r\n";
    }
    Outcome whole = Parse({bytes});
    std::vector<std::string> single;
    for (char c : bytes) single.emplace_back(1, c);
    ASSERT_TRUE(Parse(single) == whole) << bytes;
  }
}

TEST(ParserTest, LongValuesStayInTheirClusters) {
  ByteQueue in;
  Args args;
  RespParser parser({});
  std::string value(10000, 'v');
  in.Append(Encode({"SET", "k", value}) + Encode({"GET", "k"}));
  int64_t clusters = InUse(WEIR_ZONE_CLUSTER);
  ASSERT_EQ(parser.Next(in, args), Result::kRequest);
  EXPECT_LE(InUse(WEIR_ZONE_CLUSTER), clusters) << "copied";
  EXPECT_FALSE(args.is_chain(1));
  ASSERT_TRUE(args.is_chain(2));
  EXPECT_EQ(args.length(2), value.size());
  Chain chain = std::move(args.chain(2));
  args.Clear();
  EXPECT_EQ(chain.to_string(), value);
  // Edges that fit an mbuf do not hold a cluster.
  for (const mbuf* m = chain.get(); m != nullptr; m = m->m_next) {
    EXPECT_TRUE(m->m_len > MLEN || !(m->m_flags & M_EXT)) << m->m_len;
  }
  ASSERT_EQ(parser.Next(in, args), Result::kRequest);
  EXPECT_EQ(WordsOf(args), (Words{"GET", "k"}));
}

TEST(ParserTest, KnowsHowMuchIsMissing) {
  ByteQueue in;
  Args args;
  RespParser parser({});
  in.Append("*2\r\n$4\r\nECHO\r\n$5000\r\nabc");
  EXPECT_EQ(parser.Next(in, args), Result::kMore);
  EXPECT_EQ(parser.awaited(in), 5000u + 2 - 3);
  EXPECT_TRUE(parser.in_request());
  in.Append(std::string(4997, 'd') + "\r\n");
  EXPECT_EQ(parser.Next(in, args), Result::kRequest);
  EXPECT_EQ(parser.awaited(in), 0u);
  EXPECT_FALSE(parser.in_request());
  EXPECT_TRUE(in.empty());
}

TEST(ParserTest, CountsFromTheWireTakeNoMemory) {
  ByteQueue in;
  Args args;
  RespParser parser({});
  int64_t mbufs = InUse(WEIR_ZONE_MBUF);
  in.Append("*2147483647\r\n$536870912\r\n");
  EXPECT_EQ(parser.Next(in, args), Result::kMore);
  EXPECT_EQ(args.size(), 0u);
  EXPECT_LE(InUse(WEIR_ZONE_MBUF), mbufs + 1);
}

TEST(ParserTest, RequestsAreBounded) {
  RespParser::Limits limits = {.bulk = 1000, .request = 5000, .line = 100};
  EXPECT_EQ(Parse({"*1\r\n$1001\r\n"}, limits).error, "ERR Protocol error: invalid bulk length");
  EXPECT_EQ(Parse({std::string(101, 'x')}, limits).error,
            "ERR Protocol error: too big inline request");
  EXPECT_EQ(Parse({"*" + std::string(101, '1')}, limits).error,
            "ERR Protocol error: too big mbulk count string");
  // Many words, each within its limit; also many that are empty.
  Words words(10, std::string(900, 'w'));
  EXPECT_EQ(Parse({Encode(words)}, limits).error, "too large");
  EXPECT_EQ(Parse({Encode(Words(1000, ""))}, limits).error, "too large");
  EXPECT_EQ(Parse({Encode(Words(4, std::string(900, 'w')))}, limits).requests.size(), 1u);
}

TEST(ParserTest, WithoutMemoryNothingIsLost) {
  // A queue whose value cannot be cut off, as there is no mbuf for it.
  ByteQueue in;
  Args args;
  RespParser parser({});
  std::string value(3000, 'v');
  in.Append(Encode({"SET", "k", value}) + "PING\r\n");
  struct weir_snapshot snapshot;
  weir_snapshot(&snapshot);
  long limit = static_cast<long>(snapshot.zones[WEIR_ZONE_MBUF].limit);
  std::vector<mbuf*> all;
  ASSERT_EQ(weir_set_limit(WEIR_ZONE_MBUF,
                           static_cast<long>(snapshot.zones[WEIR_ZONE_MBUF].total) + 100), 0);
  while (mbuf* m = m_get(M_DONTWAIT, MT_DATA)) all.push_back(m);
  EXPECT_EQ(parser.Next(in, args), Result::kNoMemory);
  EXPECT_EQ(parser.Next(in, args), Result::kNoMemory);
  for (mbuf* m : all) m_free(m);
  weir_set_limit(WEIR_ZONE_MBUF, limit);
  ASSERT_EQ(parser.Next(in, args), Result::kRequest);
  EXPECT_EQ(WordsOf(args), (Words{"SET", "k", value}));
}

TEST(ByteQueueTest, GivesBackWhatWasAppendedBehindAMark) {
  ByteQueue queue;
  queue.Append("start");
  for (size_t n : {0u, 1u, 300u, 5000u}) {
    ByteQueue::Mark mark = queue.mark();
    queue.Append(std::string(n, 'x'));
    queue.Append(Chain::from(std::string(3000, 'y')), 3000);
    queue.TakeBack(mark);
    EXPECT_EQ(queue.size(), 5u);
    std::string text;
    queue.cursor().read_to(text, 5);
    EXPECT_EQ(text, "start");
  }
  queue.Drop(5);
  EXPECT_TRUE(queue.empty());
  ByteQueue::Mark nothing = queue.mark();
  queue.Append("x");
  queue.TakeBack(nothing);
  EXPECT_TRUE(queue.empty());
}

TEST(ByteQueueTest, HoldsNothingWhenEmpty) {
  int64_t mbufs = InUse(WEIR_ZONE_MBUF);
  ByteQueue queue;
  queue.Append(std::string(10000, 'x'));
  queue.Drop(9999);
  queue.Drop(1);
  EXPECT_EQ(InUse(WEIR_ZONE_MBUF), mbufs);
}

TEST(InlineTest, WordsAndQuotes) {
  struct {
    const char* line;
    Words words;
  } cases[] = {
      {"", {}},
      {" \t ", {}},
      {"a  b\tc", {"a", "b", "c"}},
      {"'a b' \"c d\"", {"a b", "c d"}},
      {"\"\\x41\\n\\\"\"", {"A\n\""}},
      {"'\\'' \"\"", {"'", ""}},
      {"a\"b c\"", {"ab c"}},
  };
  for (const auto& c : cases) {
    Args args;
    EXPECT_TRUE(SplitInline(c.line, args)) << c.line;
    EXPECT_EQ(WordsOf(args), c.words) << c.line;
  }
  for (const char* line : {"\"a", "'a", "\"a\"b", "'a'b", "\"a\\"}) {
    Args args;
    EXPECT_FALSE(SplitInline(line, args)) << line;
  }
}

}  // namespace
}  // namespace weir::server
