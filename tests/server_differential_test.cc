// The same requests to weir-server and to Redis: every byte of every reply is the same.
#include <sys/socket.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "tests/server_child.h"
#include "tests/server_client.h"
#include "weir/server/options.h"
#include "weir/server/server.h"

namespace weir::server {
namespace {

std::string Shown(std::string_view bytes) {
  std::string text;
  for (char c : bytes) {
    if (c == '\r') {
      text += "\\r";
    } else if (c == '\n') {
      text += "\\n";
    } else if (c < ' ' || c > '~') {
      text += "\\?";
    } else {
      text += c;
    }
    if (text.size() > 400) return text + "...";
  }
  return text;
}

uint16_t FreePort() {
  int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at = {};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  ::bind(fd, reinterpret_cast<sockaddr*>(&at), size);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size);
  ::close(fd);
  return ntohs(at.sin_port);
}

class DifferentialTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    redis_port_ = FreePort();
    redis_ = std::make_unique<Child>(std::vector<std::string>{
        "redis-server", "--port", std::to_string(redis_port_), "--bind", "127.0.0.1", "--save", "",
        "--appendonly", "no", "--databases", "1", "--dir", std::filesystem::temp_directory_path()});
    bool up = false;
    for (int i = 0; i < 1000 && !up; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      up = Client(redis_port_).connected();
    }
    ASSERT_TRUE(up) << "redis-server does not run; bazel/setup installs it";
    Options options;
    options.port = 0;
    options.metrics_port = -1;
    options.threads = 2;
    options.max_memory = 64 << 20;
    weir_ = std::make_unique<Server>(options);
    std::string error;
    ASSERT_TRUE(weir_->Start(&error)) << error;
  }
  static void TearDownTestSuite() {
    weir_.reset();
    redis_.reset();
  }

  void SetUp() override {
    Reconnect();
    Same({"FLUSHALL"});
  }
  void Reconnect() {
    ours_ = std::make_unique<Client>(weir_->port());
    theirs_ = std::make_unique<Client>(redis_port_);
  }

  // Both get the bytes, then something that shows where the replies to them end.
  void SameRaw(const std::string& bytes, const std::string& shown, bool sort = false) {
    std::string mark = "end-" + std::to_string(++mark_);
    std::string all = bytes + Encode({"PING", mark});
    ours_->Send(all);
    theirs_->Send(all);
    std::string ours = ours_->ReadUntil(mark + "\r\n");
    std::string theirs = theirs_->ReadUntil(mark + "\r\n");
    if (sort) {
      std::sort(ours.begin(), ours.end());
      std::sort(theirs.begin(), theirs.end());
    }
    ASSERT_EQ(Shown(ours), Shown(theirs)) << "after " << Shown(shown);
    ASSERT_TRUE(ours == theirs) << "after " << Shown(shown);
    ++compared_;
  }
  void Same(const Words& words) {
    std::string shown;
    for (const std::string& word : words) shown += word + " ";
    // Where Redis gives no order.
    bool any_order = !words.empty() && (words[0] == "KEYS" || words[0] == "PUBSUB" ||
                                        words[0] == "CONFIG");
    SameRaw(Encode(words), shown, any_order);
  }
  // Of requests that end the connection: all that comes until then.
  void SameToTheEnd(const std::string& bytes) {
    Reconnect();
    for (auto* client : {ours_.get(), theirs_.get()}) client->Send(bytes);
    EXPECT_EQ(Shown(ours_->ReadToEnd()), Shown(theirs_->ReadToEnd())) << "after " << Shown(bytes);
    Reconnect();
  }
  // A line is split at spaces; '' is the empty word.
  void SameLines(std::initializer_list<const char*> lines) {
    for (std::string line : lines) {
      Words words;
      for (size_t at = 0; at <= line.size();) {
        size_t end = std::min(line.find(' ', at), line.size());
        std::string word = line.substr(at, end - at);
        words.push_back(word == "''" ? "" : word);
        at = end + 1;
      }
      Same(words);
      if (HasFatalFailure()) return;
    }
  }

  static std::unique_ptr<Child> redis_;
  static uint16_t redis_port_;
  static std::unique_ptr<Server> weir_;
  std::unique_ptr<Client> ours_;
  std::unique_ptr<Client> theirs_;
  int mark_ = 0;
  int compared_ = 0;
  std::vector<std::string> expected_;
};

std::unique_ptr<Child> DifferentialTest::redis_;
uint16_t DifferentialTest::redis_port_;
std::unique_ptr<Server> DifferentialTest::weir_;

TEST_F(DifferentialTest, StringsAnswerAlike) {
  SameLines({
      "SET a 1", "GET a", "get a", "GeT a", "GET none", "GET", "GET a b", "SET a", "SET", "SET a ''",
      "GET a", "STRLEN a", "STRLEN none", "STRLEN", "SETNX a 2", "SETNX b 2", "GET b", "SETNX b",
      "SET a 2 NX", "SET c 2 NX", "GET c", "SET none 2 XX", "SET a 3 XX", "GET a", "SET a 1 NX XX",
      "SET a 1 XX NX", "SET a 1 GET", "SET a 2 GET", "SET zz 2 GET", "SET zz 3 NX GET",
      "SET zy 3 NX GET", "SET zx 3 XX GET", "GET zx", "SET a 1 FOO", "SET a 1 EX", "SET a 1 EX 0",
      "SET a 1 EX -1", "SET a 1 EX x", "SET a 1 EX 1.5", "SET a 1 PX 0", "SET a 1 PX abc",
      "SET a 1 EX 10 PX 10", "SET a 1 EX 10 KEEPTTL", "SET a 1 KEEPTTL EX 10", "SET a 1 EX 10 EX 10",
      "SET a 1 EX 9223372036854775807", "SET a 1 PX 9223372036854775807",
      "SET a 1 EX 9223372036854775", "SET a 1 EX 99999999999999999999", "SET a 1 EXAT 0",
      "SET a 1 EXAT -5", "SET a 1 EXAT 9223372036854775807", "SET a 1 EX 100", "TTL a",
      "SET a 2 KEEPTTL", "TTL a", "GET a", "SET a 2", "TTL a", "SET a 2 EX 100 NX", "TTL a",
      "SET a 2 EX 100 XX", "TTL a", "SET a 2 ex 50 xx get", "TTL a", "SET a 2 PX 100000", "TTL a",
      "SET a 2 EXAT 33177117420", "EXPIRETIME a", "PEXPIRETIME a", "SET a 2 PXAT 33177117420123",
      "EXPIRETIME a", "PEXPIRETIME a", "SETEX a 100 v", "TTL a", "GET a", "SETEX a 0 v",
      "SETEX a -1 v", "SETEX a x v", "SETEX a 100", "PSETEX a 100000 w", "TTL a", "PSETEX a 0 v",
      "PSETEX a x v", "GETSET a 1", "GETSET a 2", "GETSET q 1", "GETSET q", "TTL a", "GETDEL q",
      "GETDEL q", "GETDEL", "MSET a 1 b 2 c 3", "MGET a b c d", "MGET a a a", "MGET", "MSET a",
      "MSET a 1 b", "MSET", "MSET a 1 a 2", "GET a", "SET nx 1 nx", "SET px 1 px", "SET px 1 px 1 px",
      "SET get 1 get get",
  });
}

TEST_F(DifferentialTest, PartsAndAppendsAnswerAlike) {
  SameLines({
      "APPEND x hello", "APPEND x ''", "APPEND x world", "GET x", "APPEND x", "STRLEN x",
      "GETRANGE x 0 4", "GETRANGE x 0 -1", "GETRANGE x -5 -1", "GETRANGE x -1 -5", "GETRANGE x 5 3",
      "GETRANGE x 100 200", "GETRANGE x -100 3", "GETRANGE x -100 -200", "GETRANGE x -200 -100",
      "GETRANGE x 0 100", "GETRANGE none 0 1", "GETRANGE x a 1", "GETRANGE x 1 a", "GETRANGE x 1",
      "GETRANGE x 0 9223372036854775807", "GETRANGE x -9223372036854775808 9223372036854775807",
      "GETRANGE x 9 9", "GETRANGE x 10 10", "SUBSTR x 0 3", "SET e ''", "GETRANGE e 0 0",
      "GETRANGE e 0 -1", "APPEND e ''", "GET e",
  });
  for (size_t n : {1u, 100u, 900u, 1023u, 1024u, 1025u, 2048u, 5000u, 70000u}) {
    Same({"APPEND", "long", std::string(n, 'a' + n % 26)});
    Same({"STRLEN", "long"});
    Same({"GET", "long"});
    Same({"GETRANGE", "long", "-1100", "-2"});
    Same({"GETRANGE", "long", "-100", "-2"});
    Same({"APPEND", "long", "tail"});
    Same({"GET", "long"});
    Same({"SET", "long", std::string(n, 'z'), "GET"});
    Same({"INCR", "long"});
    Same({"GETSET", "long", std::string(n, 'y')});
    Same({"SET", "long", "x", "XX", "GET"});
    Same({"SET", "long", std::string(n, 'y'), "NX", "GET"});
    Same({"SET", "other", std::string(n, 'q')});
    Same({"MGET", "long", "other", "long"});
    Same({"GETDEL", "other"});
    Same({"ECHO", std::string(n, 'e')});
  }
}

TEST_F(DifferentialTest, CountersAnswerAlike) {
  SameLines({
      "INCR n", "INCR n", "DECR n", "INCRBY n 10", "DECRBY n 3", "INCRBY n -20", "GET n",
      "INCRBY n x", "INCRBY n 1.5", "INCRBY n ''", "INCRBY n", "INCR", "INCR n 1", "SET n abc",
      "INCR n", "DECR n", "INCRBY n 1", "SET n ''", "INCR n", "SET n 05", "INCR n", "SET n +5",
      "INCR n", "SET n 5.0", "INCR n", "SET n 9223372036854775807", "INCR n", "INCRBY n 1",
      "DECR n", "INCR n", "INCR n", "SET n -9223372036854775808", "DECR n", "DECRBY n 1",
      "INCRBY n -1", "DECRBY n -1", "INCRBY z 9223372036854775807", "INCRBY z 9223372036854775808",
      "DECRBY z -9223372036854775808", "SET n 9223372036854775808", "INCR n", "SET n -0", "INCR n",
      "SET n 0", "DECRBY n 9223372036854775807", "INCRBY n 00", "INCRBY n -00",
      "SET t 5 EX 100", "INCR t", "TTL t", "DECRBY y 5", "GET y",
  });
  Same({"SET", "s", " 1"});
  Same({"INCR", "s"});
  Same({"SET", "s", "1 "});
  Same({"INCR", "s"});
}

TEST_F(DifferentialTest, KeysAnswerAlike) {
  SameLines({
      "MSET a 1 b 2 c 3 abc 4 axc 5", "DEL a", "DEL a", "DEL b c none", "DEL", "DEL abc abc",
      "SET a 1", "UNLINK a axc", "UNLINK", "SET a 1", "SET b 1", "EXISTS a", "EXISTS a a b none",
      "EXISTS", "EXISTS none", "TOUCH a b c", "TOUCH", "TYPE a", "TYPE none", "TYPE", "TYPE a b",
      "DBSIZE", "DBSIZE x", "KEYS *", "KEYS a*", "KEYS ?", "KEYS ??", "KEYS none", "KEYS", "KEYS a b",
      "EXPIRE a 100", "TTL a", "EXPIRE none 100", "EXPIRE a", "EXPIRE a x", "EXPIRE a 1.5",
      "EXPIRE a 100 NX", "EXPIRE b 100 NX", "EXPIRE a 200 XX", "TTL a", "EXPIRE a 300 GT", "TTL a",
      "EXPIRE a 200 GT", "TTL a", "EXPIRE a 100 LT", "TTL a", "EXPIRE a 200 LT", "TTL a",
      "EXPIRE a 1 NX XX", "EXPIRE a 1 NX GT", "EXPIRE a 1 GT LT", "EXPIRE a 1 NX LT",
      "EXPIRE a 1000 XX GT", "TTL a", "EXPIRE a 10 FOO", "EXPIRE a x FOO", "PERSIST a", "TTL a",
      "PERSIST a", "PERSIST none", "PERSIST", "EXPIRE a 100 GT", "EXPIRE a 100 LT", "TTL a",
      "EXPIRE a 9223372036854775807", "EXPIRE a -9223372036854775808", "EXPIRE a 9223372036854775",
      "EXPIRE a 99999999999999999999", "PEXPIRE a 9223372036854775807", "PEXPIRE a 100000", "TTL a",
      "EXPIREAT a 33177117420", "EXPIRETIME a", "PEXPIREAT a 33177117420123", "PEXPIRETIME a",
      "PEXPIRE a x", "PEXPIREAT a", "EXPIREAT a 9223372036854775807", "EXPIRETIME none",
      "PEXPIRETIME none", "TTL none", "PTTL none", "TTL", "PTTL", "SET p 1", "PTTL p", "EXPIRE p 0",
      "EXISTS p", "SET p 1", "EXPIRE p -1", "GET p", "SET p 1", "PEXPIRE p -5", "GET p", "SET p 1",
      "EXPIREAT p 1", "GET p", "SET p 1", "PEXPIREAT p 0", "GET p", "FLUSHDB", "DBSIZE", "SET a 1",
      "FLUSHALL ASYNC", "DBSIZE", "FLUSHALL SYNC", "FLUSHALL FOO", "FLUSHALL SYNC x", "FLUSHDB async",
      "RENAMED", "", "'' a",
  });
}

TEST_F(DifferentialTest, PatternsMatchAlike) {
  for (const char* key : {"hello", "hallo", "hxllo", "hllo", "heello", "a*b", "a?b", "[x]", "a\\b",
                          "", "a]b", "a-b", "a^b", "user:1:name", "user:2:name", "ab", "a"}) {
    Same({"SET", key, "1"});
  }
  for (const char* pattern :
       {"h?llo", "h*llo", "h[ae]llo", "h[^e]llo", "h[a-b]llo", "h[b-a]llo", "*", "**", "*?", "?*",
        "", "a\\*b", "a\\?b", "\\[x\\]", "[[]x]", "[a", "[", "a[", "[]", "[^]", "[^", "a[^]b",
        "a[]b]b", "a[\\]]b", "a[-]b", "a[+--]b", "a[\\-]b", "a\\\\b", "a\\", "\\", "user:*:name",
        "user:[12]:*", "*name", "*:*:*", "*a*b*", "a*?", "h[a-]llo", "h[a", "h[aello", "h[^a",
        "[a-z]*", "[^a-z]*", "a[^-^]b", "a[*]b", "a[?]b", "*\\*", "*]b", "?", "??", "h**llo"}) {
    Same({"KEYS", pattern});
    if (HasFatalFailure()) return;
  }
}

TEST_F(DifferentialTest, ConnectionsAnswerAlike) {
  SameLines({
      "PING", "PING hello", "PING a b", "ping", "ECHO hi", "ECHO", "ECHO a b", "SELECT 0",
      "SELECT 1", "SELECT -1", "SELECT x", "SELECT", "SELECT 99999999999", "CLIENT", "CLIENT FOO",
      "CLIENT FOO bar", "CLIENT GETNAME", "CLIENT SETNAME me", "CLIENT GETNAME", "CLIENT SETNAME",
      "CLIENT SETNAME a b", "CLIENT GETNAME x", "CLIENT ID x", "CLIENT SETNAME ''",
      "CLIENT GETNAME", "client|id", "CONFIG", "CONFIG FOO", "CONFIG GET", "CONFIG GET save",
      "CONFIG GET appendonly", "CONFIG GET SAVE", "CONFIG GET nosuch", "CONFIG GET databases save",
      "CONFIG SET", "CONFIG SET a", "CONFIG SET nosuch 1", "CONFIG SET nosuch 1 x",
      "CONFIG SET maxmemory x", "CONFIG SET maxmemory 1x", "CONFIG RESETSTAT", "CONFIG RESETSTAT x",
      "CONFIG REWRITE", "COMMAND FOO", "COMMAND COUNT x", "MEMORY", "MEMORY FOO", "MEMORY USAGE",
      "MEMORY USAGE none", "MEMORY USAGE none SAMPLES", "MEMORY USAGE none SAMPLES x",
      "MEMORY USAGE none SAMPLES -1", "MEMORY USAGE none SAMPLES 5", "MEMORY USAGE none FOO 5",
      "PUBSUB", "PUBSUB FOO", "NOSUCH", "NOSUCH a b c", "nosuch ''", "RESET", "RESET x",
      "COMMAND INFO nosuch", "MEMORY USAGE a b c d e f",
  });
  Same({"CLIENT", "SETNAME", "with space"});
  Same({"CLIENT", "SETNAME", "with\nline"});
  Same({"nosuch", std::string(200, 'x'), "y"});
  Same({"nosuch", std::string(60, 'x'), std::string(60, 'y'), std::string(60, 'z'), "w"});
  Same({std::string(300, 'c'), "y"});
  Same({std::string(3000, 'c'), std::string(3000, 'd')});
  Same({"new\r\nline", "a\r\nb"});
  Same({"CONFIG", "a\r\nb"});
  Same({"CONFIG", std::string(300, 'c')});
}

TEST_F(DifferentialTest, SubscribersAnswerAlike) {
  SameLines({
      "SUBSCRIBE", "PSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE", "UNSUBSCRIBE a", "PUNSUBSCRIBE a b",
      "PUBLISH", "PUBLISH a", "PUBLISH a b", "PUBSUB NUMPAT", "PUBSUB NUMSUB", "PUBSUB NUMSUB a b",
      "PUBSUB CHANNELS", "SUBSCRIBE a", "PING", "PING hi", "PING a b", "GET a", "PUBLISH a b",
      "SUBSCRIBE a", "SUBSCRIBE a b c", "PSUBSCRIBE x* y*", "SET a 1", "CLIENT ID", "CONFIG GET a",
      "NOSUCH", "GET", "UNSUBSCRIBE a", "UNSUBSCRIBE a", "UNSUBSCRIBE b none", "PUNSUBSCRIBE x*",
      "UNSUBSCRIBE c", "GET a", "UNSUBSCRIBE", "PUNSUBSCRIBE", "GET a", "PUNSUBSCRIBE",
      "SUBSCRIBE a b", "PSUBSCRIBE c", "RESET", "GET a", "SUBSCRIBE a", "UNSUBSCRIBE", "GET a",
  });
  // What others publish arrives as from Redis.
  Same({"SUBSCRIBE", "ch", "other"});
  Same({"PSUBSCRIBE", "c*", "[xyz]"});
  Client ours(weir_->port());
  Client theirs(redis_port_);
  for (const Words& words : std::vector<Words>{{"PUBLISH", "ch", "hello"},
                                               {"PUBLISH", "ch", ""},
                                               {"PUBLISH", "cx", std::string(1023, 'm')},
                                               {"PUBLISH", "other", std::string(1024, 'n')},
                                               {"PUBLISH", "ch", std::string(100000, 'o')},
                                               {"PUBLISH", "nobody", "x"},
                                               {"PUBLISH", "y", "z"},
                                               {"PUBSUB", "NUMSUB", "ch", "no"},
                                               {"PUBSUB", "NUMPAT"},
                                               {"PUBSUB", "CHANNELS", "o*"}}) {
    EXPECT_EQ(Shown(ours.Call(words)), Shown(theirs.Call(words))) << words[1];
  }
  // A message goes to the channel's own subscribers first; the order of patterns is not given.
  for (auto [client, name] : {std::pair(ours_.get(), "ours"), std::pair(theirs_.get(), "theirs")}) {
    std::vector<std::string> got;
    for (int i = 0; i < 8; ++i) got.push_back(Shown(client->Reply()));
    std::sort(got.begin(), got.end());
    std::string all = name;
    if (client == ours_.get()) {
      expected_ = got;
    } else {
      EXPECT_EQ(expected_, got);
    }
  }
}

TEST_F(DifferentialTest, InlineCommandsAnswerAlike) {
  for (const char* line :
       {"PING\r\n", "PING\n", "SET a b\r\nGET a\r\n", "  GET   a  \r\n", "\r\n", "\n\n\r\n",
        "SET \"a b\" 'c d'\r\nGET \"a b\"\r\n", "ECHO \"\\x41\\n\\t\\\"q\\\"\\\\ \\q \\xZZ\"\r\n",
        "ECHO 'it\\'s \\n'\r\n", "ECHO a\"b c\"\r\n", "ECHO \"\"\r\n", "ECHO ''\r\n", "\tPING\t\r\n",
        "ECHO \"\\r\\a\\b\"\r\n", "echo \xff\xfe\r\n", "*0\r\n", "*-1\r\n", "*0\r\nPING\r\n",
        "ECHO 'a'b\r\nPING\r\n"}) {
    if (std::string_view(line).find("'b") == std::string_view::npos) SameRaw(line, line);
    if (HasFatalFailure()) return;
  }
}

TEST_F(DifferentialTest, ProtocolErrorsEndAlike) {
  for (const std::string& bytes : std::vector<std::string>{
           "*x\r\n", "*\r\n", "*1x\r\n", "*99999999999999999999\r\n", "*2147483648\r\n", "*+1\r\n",
           "*01\r\n", "*1\r\nx\r\n", "*1\r\n:1\r\n", "*1\r\n\r\n", "*1\r\n$x\r\n", "*1\r\n$-1\r\n",
           "*1\r\n$\r\n", "*1\r\n$99999999999\r\n", "*1\r\n$ 4\r\nPING\r\n",
           "*2\r\n$4\r\nECHO\r\n+a\r\n", "ECHO \"a\r\n", "ECHO 'a\r\n", "ECHO 'a'b\r\n",
           "ECHO \"a\"b\r\n", "ECHO \"a\\\r\n", "*" + std::string(70000, '1'),
           "*1\r\n$" + std::string(70000, '1'), std::string(70000, 'x'),
           "PING\r\n*1\r\n$4\r\nPING\r\n*1\r\nPING\r\n", "QUIT\r\n", "QUIT now\r\n",
           "SET a b\r\nQUIT\r\nGET a\r\n", "*1\r\n$4\r\nQUIT\r\n", "POST / HTTP/1.1\r\n\r\n",
           "Host: localhost\r\n"}) {
    SameToTheEnd(bytes);
  }
}

TEST_F(DifferentialTest, AnyRequestsAnswerAlike) {
  const unsigned seed = std::random_device()();
  std::mt19937 random(seed);
  SCOPED_TRACE("seed " + std::to_string(seed));
  auto pick = [&](const std::vector<std::string>& from) { return from[random() % from.size()]; };
  const std::vector<std::string> names = {
      "GET", "SET", "SET", "SET", "SETNX", "GETSET", "GETDEL", "MGET", "MSET", "APPEND", "APPEND",
      "STRLEN", "GETRANGE", "DEL", "UNLINK", "EXISTS", "TYPE", "EXPIRE", "PERSIST", "INCR",
      "DECR", "INCRBY", "DECRBY", "DBSIZE", "SETEX", "KEYS", "ECHO", "PING", "EXPIREAT", "TOUCH"};
  const std::vector<std::string> others = {
      "0",  "1",  "-1",  "10", "100", "1000", "-5",  "9223372036854775807", "-9223372036854775808",
      "x",  "",   "abc", "NX", "XX",  "GT",   "LT",  "EX", "PX", "KEEPTTL", "GET", "*", "k?", "1.0",
      std::string(1000, 'm'), std::string(1024, 'n'), std::string(3000, 'o'),
      std::string(20000, 'p')};
  for (int i = 0; i < 4000; ++i) {
    Words words = {pick(names)};
    size_t n = random() % 5;
    for (size_t k = 0; k < n; ++k) {
      // Mostly a key where keys are, and few of them, so that they meet.
      bool key = k == 0 ? random() % 10 != 0 : random() % 4 == 0;
      words.push_back(key ? "k" + std::to_string(random() % 8) : pick(others));
    }
    // Nothing may expire while this runs: the two would not do it at the same instant.
    auto has = [&](const char* word) {
      return std::find(words.begin(), words.end(), word) != words.end();
    };
    if (has("PX") || ((has("EX") || has("EXPIRE") || has("SETEX")) &&
                      (has("1") || has("10") || has("100")))) {
      continue;
    }
    Same(words);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(compared_, 3000);
}

}  // namespace
}  // namespace weir::server
