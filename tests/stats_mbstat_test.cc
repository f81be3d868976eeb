// The mbstat command: against an exporter, against the server, and against what is neither.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/server_child.h"
#include "tests/stats_http_client.h"
#include "tests/stats_sample.h"
#include "weir/stats/exporter.h"
#include "weir/stats/json.h"
#include "weir/stats/prometheus.h"
#include "weir/stats/rates.h"
#include "weir/stats/text.h"

namespace {

using std::chrono::steady_clock;
using weir::Exporter;
using weir::server::Child;

struct Ended {
  int status;
  std::string output;  // of both kinds
};

Ended RunToEnd(std::vector<std::string> args) {
  args.insert(args.begin(), "stats/mbstat");
  Child child(args);
  std::string output = child.Rest();
  return {child.Wait(), std::move(output)};
}

std::string Url(uint16_t port) { return "http://127.0.0.1:" + std::to_string(port); }

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::unique_ptr<Exporter> StartOrDie(Exporter::Options options) {
  if (options.snapshot == nullptr) {
    options.snapshot = [](weir_snapshot* s) { *s = SampleSnapshot(); };
  }
  std::string error;
  auto exporter = Exporter::Start(std::move(options), &error);
  EXPECT_NE(exporter, nullptr) << error;
  if (exporter == nullptr) std::abort();
  return exporter;
}

// ---- Of an exporter ----

TEST(Mbstat, PrintsWhatTheProcessWould) {
  const auto exporter = StartOrDie({});
  for (const std::string& target : {Url(exporter->port()), exporter->url()}) {
    const Ended text = RunToEnd({target});
    EXPECT_EQ(text.status, 0);
    EXPECT_EQ(text.output, weir::RenderText(SampleSnapshot()));
  }
  EXPECT_EQ(RunToEnd({"-z", Url(exporter->port())}).output, weir::RenderZones(SampleSnapshot()));
  EXPECT_EQ(RunToEnd({Url(exporter->port()), "--zones"}).output,
            weir::RenderZones(SampleSnapshot()));
}

TEST(Mbstat, PassesOnJsonAndMetricsWithWhatTheProgramAdds) {
  Exporter::Options options;
  options.metrics = [](weir::PrometheusText& text) { text.Gauge("app_keys", "Keys.", 42); };
  options.figures = [] { return std::vector<weir::Figure>{{"keys", 42}}; };
  const auto exporter = StartOrDie(options);
  const Ended json = RunToEnd({"--json", Url(exporter->port())});
  EXPECT_EQ(json.status, 0);
  EXPECT_EQ(json.output, weir::RenderJson(SampleSnapshot(), options.figures()));
  EXPECT_EQ(json.output, Ask(exporter->port(), "GET", "/stats.json").body);
  const Ended metrics = RunToEnd({"--prometheus", Url(exporter->port())});
  EXPECT_EQ(metrics.status, 0);
  EXPECT_EQ(metrics.output, weir::RenderPrometheus(SampleSnapshot()) +
                                "# HELP app_keys Keys.\n# TYPE app_keys gauge\napp_keys 42\n");
  EXPECT_EQ(metrics.output, Ask(exporter->port(), "GET", "/metrics").body);
}

TEST(Mbstat, TellsWhoHoldsWhat) {
  Exporter::Options options;
  options.holders = [](void (*visit)(void*, const weir_held*), void* arg) -> uint64_t {
    weir_held young = {};
    young.set = "default";
    young.bytes = 256;
    young.stands_for = 10;
    young.holders = 1;
    young.age_ns = 2000000000;
    weir_held old = young;
    old.zone = WEIR_ZONE_CLUSTER;
    old.age_ns = 90000000000;
    visit(arg, &young);
    visit(arg, &old);
    return 0;
  };
  options.holders_sampled = [] { return int64_t{10}; };
  const auto exporter = StartOrDie(options);
  const Ended all = RunToEnd({"--holders", Url(exporter->port())});
  EXPECT_EQ(all.status, 0);
  EXPECT_EQ(all.output, Ask(exporter->port(), "GET", "/holders").body);
  EXPECT_TRUE(Has(all.output, "One in 10 allocations is recorded.\n")) << all.output;
  EXPECT_TRUE(Has(all.output, "10 x mbuf")) << all.output;
  EXPECT_TRUE(Has(all.output, "10 x cluster")) << all.output;
  const Ended old = RunToEnd({"--holders", "--older=60.5", Url(exporter->port())});
  EXPECT_FALSE(Has(old.output, "10 x mbuf")) << old.output;
  EXPECT_TRUE(Has(old.output, "10 x cluster")) << old.output;
  const Ended oldest = RunToEnd({"--holders", "--older=1234567.25", Url(exporter->port())});
  EXPECT_EQ(oldest.status, 0);
  EXPECT_TRUE(Has(oldest.output, "0 recorded buffers are in use")) << oldest.output;
  EXPECT_EQ(Ask(exporter->port(), "GET", "/holders.json").Header("content-type"),
            "application/json");
  const auto wrong = Ask(exporter->port(), "GET", "/holders?older=soon");
  EXPECT_EQ(wrong.status, 400);
  EXPECT_EQ(wrong.body, "older: 'soon' is not a number of seconds from 0 to 1e+09\n");

  const auto without = StartOrDie({});
  const Ended none = RunToEnd({"--holders", Url(without->port())});
  EXPECT_EQ(none.status, 1);
  EXPECT_TRUE(Has(none.output, "404")) << none.output;
}

TEST(Mbstat, ReachesAUnixSocketAndIpv6) {
  char folder[] = "/tmp/weir_mbstat_XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  Exporter::Options options;
  options.unix_path = std::string(folder) + "/socket";
  {
    const auto exporter = StartOrDie(options);
    for (const std::string& target : {options.unix_path, exporter->url()}) {
      EXPECT_EQ(RunToEnd({target}).output, weir::RenderText(SampleSnapshot())) << target;
    }
  }
  const Ended gone = RunToEnd({options.unix_path});
  EXPECT_EQ(gone.status, 1);
  EXPECT_EQ(gone.output, "mbstat: " + options.unix_path +
                             ": GET /stats.json: cannot connect: No such file or directory\n");
  std::filesystem::remove_all(folder);

  Exporter::Options v6;
  v6.address = "::1";
  v6.snapshot = [](weir_snapshot* s) { *s = SampleSnapshot(); };
  std::string error;
  const auto exporter = Exporter::Start(v6, &error);
  if (exporter == nullptr) GTEST_SKIP() << error;  // a machine without IPv6
  EXPECT_EQ(RunToEnd({exporter->url()}).output, weir::RenderText(SampleSnapshot()));
}

// Each snapshot is one second and a hundred mbufs after the last.
std::atomic<uint64_t> g_snapshots;
void Growing(weir_snapshot* s) {
  const uint64_t n = g_snapshots.fetch_add(1, std::memory_order_relaxed);
  *s = SampleSnapshot();
  s->uptime_ns += n * 1'000'000'000;
  s->zones[WEIR_ZONE_MBUF].allocs += n * 100;
}

TEST(Mbstat, PrintsRatesWithAHeaderAboveEveryTwenty) {
  Exporter::Options options;
  options.snapshot = Growing;
  g_snapshots.store(0, std::memory_order_relaxed);
  const auto exporter = StartOrDie(options);
  const auto start = steady_clock::now();
  const Ended ended = RunToEnd({"-w", "0.1", "-c", "21", Url(exporter->port())});
  EXPECT_GE(steady_clock::now() - start, std::chrono::milliseconds(2100));
  EXPECT_EQ(ended.status, 0);
  weir_snapshot before = SampleSnapshot(), now = SampleSnapshot();
  now.uptime_ns += 1'000'000'000;
  now.zones[WEIR_ZONE_MBUF].allocs += 100;
  const std::string line = weir::RatesLine(before, now);
  EXPECT_TRUE(Has(line, " 100 ")) << line;
  std::string expected = weir::RatesHeader();
  for (int i = 0; i < 20; ++i) expected += line;
  EXPECT_EQ(ended.output, expected + weir::RatesHeader() + line);
  EXPECT_EQ(g_snapshots.load(std::memory_order_relaxed), 22u);
}

TEST(Mbstat, SaysSoWhenTheProgramEndsMeanwhile) {
  auto exporter = StartOrDie({});
  const std::string target = Url(exporter->port());
  Child child({"stats/mbstat", "-w", "0.1", target});
  EXPECT_TRUE(Has(child.Line(), "mbufs"));
  exporter.reset();
  const std::string rest = child.Rest();
  EXPECT_TRUE(Has(rest, "mbstat: " + target + ": GET /stats.json: cannot ")) << rest;
  EXPECT_EQ(child.Wait(), 1);
}

// ---- Of the server ----

TEST(Mbstat, ShowsTheServersMbufs) {
  Child server(
      {"server/weir-server", "--port=0", "--metrics-port=0", "--threads=1", "--max-memory=64mb"});
  server.Line();
  const std::string line = server.Line();
  const size_t at = line.rfind(':');
  ASSERT_NE(at, std::string::npos) << line;
  const auto port = static_cast<uint16_t>(std::atoi(line.c_str() + at + 1));
  const Ended text = RunToEnd({Url(port)});
  EXPECT_EQ(text.status, 0);
  EXPECT_TRUE(Has(text.output, " mbufs in use (current/cache/total)\n")) << text.output;
  EXPECT_EQ(Ask(port, "GET", "/stats.txt").body,
            text.output + "\n" + RunToEnd({"-z", Url(port)}).output);
  EXPECT_TRUE(Has(RunToEnd({"--json", Url(port)}).output, "\"name\":\"connections accepted\""));
  EXPECT_TRUE(Has(RunToEnd({"--prometheus", Url(port)}).output, "weir_server_keys 0\n"));
  server.Signal(SIGTERM);
  EXPECT_TRUE(Has(server.Rest(), " 0 objects left"));
  EXPECT_EQ(server.Wait(), 0);
}

// ---- Of anything else ----

// Takes one connection, reads the request, and then does as it is told.
class Impostor {
 public:
  explicit Impostor(std::function<void(int fd)> behaviour)
      : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(bind(listener_, raw, size), 0);
    EXPECT_EQ(listen(listener_, 1), 0);
    getsockname(listener_, raw, &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, behaviour = std::move(behaviour)] {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      std::string request;
      char part[512];
      while (!Has(request, "\r\n\r\n")) {
        const ssize_t n = recv(fd, part, sizeof part, 0);
        if (n <= 0) break;
        request.append(part, static_cast<size_t>(n));
      }
      behaviour(fd);
      close(fd);
    });
  }
  ~Impostor() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  uint16_t port() const { return port_; }

 private:
  const int listener_;
  uint16_t port_ = 0;
  std::thread thread_;
};

bool Say(int fd, const std::string& text) {
  return send(fd, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

// Until the other side has had enough.
void SayForever(int fd, const std::string& text) {
  while (Say(fd, text)) {
  }
}

bool IsClosed(int fd, int within_ms) {
  pollfd p = {.fd = fd, .events = POLLIN, .revents = 0};
  return poll(&p, 1, within_ms) != 0;
}

std::string Answer(const std::string& type, const std::string& body,
                   const std::string& length = "") {
  return "HTTP/1.1 200 OK\r\nContent-Type: " + type +
         "\r\nContent-Length: " + (length.empty() ? std::to_string(body.size()) : length) +
         "\r\n\r\n" + body;
}

TEST(Mbstat, WhatIsNoAnswerIsAnErrorThatSaysWhy) {
  const std::string json = weir::RenderJson(SampleSnapshot());
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
  const std::string not_ours = "the answer is not what an exporter of weir says: ";
  struct {
    std::string what;
    std::function<void(int)> behaviour;
    std::string says;
    std::vector<std::string> args = {};
  } cases[] = {
      {"nothing", [](int) {}, "cannot read the answer: end of stream"},
      {"another protocol", [](int fd) { Say(fd, "SSH-2.0-OpenSSH_9.2\r\n"); },
       "cannot read the answer: bad version"},
      {"binary", [](int fd) { Say(fd, std::string(5000, '\x16')); },
       "cannot read the answer: bad "},
      {"status", [](int fd) { Say(fd, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"); },
       "the answer is status 404, not 200"},
      {"redirect",
       [](int fd) { Say(fd, "HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"); },
       "the answer is status 302, not 200"},
      {"cut short", [&](int fd) { Say(fd, Answer("application/json", json, "99999")); },
       "cannot read the answer: partial message"},
      {"a page", [](int fd) { Say(fd, Answer("text/html", "<html>")); },
       not_ours + "it is of type 'text/html', not application/json"},
      {"a type to steer terminals", [](int fd) { Say(fd, Answer("a\tb", "{}")); },
       not_ours + "it is of type 'a\\tb', not application/json"},
      {"other JSON", [](int fd) { Say(fd, Answer("application/json", "{\"a\":1}")); },
       not_ours + "schema is missing"},
      {"no JSON", [](int fd) { Say(fd, Answer("application/json", "<html>")); },
       not_ours + "it is not JSON: '<html>'"},
      {"control characters", [&](int fd) { Say(fd, Answer("application/json", json + "\x1b[2J")); },
       not_ours + "it has unprintable bytes"},
      {"other metrics",
       [](int fd) { Say(fd, Answer("text/plain; version=0.0.4", "up 1\n")); },
       not_ours + "there is no weir_build_info in it",
       {"--prometheus"}},
      {"OpenMetrics",
       [](int fd) { Say(fd, Answer("application/openmetrics-text; version=1.0.0", "# EOF\n")); },
       not_ours + "it is of type 'application/openmetrics-text; version=1.0.0', not text/plain; "
                  "version=0.0.4",
       {"--prometheus"}},
      {"an endless head", [&](int fd) { Say(fd, head), SayForever(fd, "X-A: 0123456789\r\n"); },
       "cannot read the answer: its head has more than 16384 bytes"},
      {"an endless body", [&](int fd) { Say(fd, head + "\r\n"), SayForever(fd, json); },
       "cannot read the answer: it has more than 8388608 bytes"},
      {"an endless body in chunks",
       [&](int fd) {
         Say(fd, head + "Transfer-Encoding: chunked\r\n\r\n");
         // Of small ones it takes a million, and under load longer than mbstat waits.
         SayForever(fd, "3e8\r\n" + std::string(1000, ' ') + "\r\n");
       },
       "cannot read the answer: it has more than 8388608 bytes"},
      {"a chunk of a length that is a lie",
       [&](int fd) {
         Say(fd, head + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffff0\r\n");
         IsClosed(fd, 30000);
       },
       "cannot read the answer: it has more than 8388608 bytes"},
      {"a length that is a lie",
       [&](int fd) { Say(fd, Answer("application/json", json, "9223372036854775807")); },
       "cannot read the answer: it has more than 8388608 bytes"},
      {"a length that is no number",
       [&](int fd) { Say(fd, Answer("application/json", json, "99999999999999999999999")); },
       "cannot read the answer: bad Content-Length"},
      {"silence",
       [](int fd) { IsClosed(fd, 30000); },
       "cannot read the answer: not done after 300 ms",
       {"--timeout=0.3"}},
      {"a byte now and then",
       [&](int fd) {
         Say(fd, head);
         while (!IsClosed(fd, 20) && Say(fd, "X")) {
         }
       },
       "cannot read the answer: not done after 300 ms",
       {"--timeout=0.3"}},
  };
  for (auto& c : cases) {
    const Impostor impostor(c.behaviour);
    const std::string target = Url(impostor.port());
    c.args.push_back(target);
    const auto start = steady_clock::now();
    const Ended ended = RunToEnd(c.args);
    EXPECT_EQ(ended.status, 1) << c.what;
    EXPECT_TRUE(ended.output.starts_with("mbstat: " + target + ": GET /")) << ended.output;
    EXPECT_TRUE(Has(ended.output, ": " + c.says)) << c.what << ": " << ended.output;
    EXPECT_TRUE(ended.output.ends_with("\n")) << c.what;
    EXPECT_LT(ended.output.size(), 400u) << c.what;
    EXPECT_LT(steady_clock::now() - start, std::chrono::seconds(20)) << c.what;
  }
}

TEST(Mbstat, WhereNobodyListensIsNamed) {
  uint16_t port;
  {
    const auto exporter = StartOrDie({});
    port = exporter->port();
  }
  const Ended ended = RunToEnd({Url(port)});
  EXPECT_EQ(ended.status, 1);
  EXPECT_EQ(ended.output,
            "mbstat: " + Url(port) + ": GET /stats.json: cannot connect: Connection refused\n");
}

TEST(Mbstat, AnOutputThatCannotBeWrittenIsAnError) {
  const auto exporter = StartOrDie({});
  Child child({"sh", "-c", "exec stats/mbstat " + Url(exporter->port()) + " >/dev/full"});
  EXPECT_EQ(child.Rest(), "mbstat: cannot write to standard output\n");
  EXPECT_EQ(child.Wait(), 1);
}

// ---- Its command line ----

TEST(Mbstat, AWrongOptionIsNamedWithValueAndRange) {
  struct {
    std::vector<std::string> args;
    std::string says;
  } cases[] = {
      {{"-w", "x"}, "-w: 'x' is not a number of seconds from 0.1 to 86400"},
      {{"-w", "nan"}, "-w: 'nan' is not a number of seconds from 0.1 to 86400"},
      {{"--wait=0.01"}, "-w: '0.01' is not a number of seconds from 0.1 to 86400"},
      {{"-w1", "-c", "0"}, "-c: '0' is not a number from 1 to 1000000000"},
      {{"-w1", "--count=1e3"}, "-c: '1e3' is not a number from 1 to 1000000000"},
      {{"--timeout", "0"}, "--timeout: '0' is not a number of seconds from 0.1 to 3600"},
      {{"-c", "3"}, "-c is for -w"},
      {{"-z", "--json"}, "of -z, -w, --holders, --json and --prometheus, only one at a time"},
      {{"--holders", "--older=-1"}, "--older: '-1' is not a number of seconds from 0 to 1e+09"},
      {{"--older=1"}, "--older is for --holders"},
      {{"--nosuch"}, "'--nosuch' is no option, or takes no value; see --help"},
      {{"--json=1"}, "'--json=1' is no option, or takes no value; see --help"},
      {{"-w"}, "'-w': a value is missing; see --help"},
      {{"http://a", "http://b"}, "'http://b': there is a target already"},
      {{"localhost"},
       "target 'localhost': it is neither http://HOST:PORT nor the path of a socket, with a / in "
       "it"},
      {{"https://h"}, "target 'https://h': only http:// is spoken"},
      {{"http://"}, "target 'http://': the host is missing"},
      {{"http://h:0"}, "target 'http://h:0': a port is a number from 1 to 65535"},
      {{"http://h:65536"}, "target 'http://h:65536': a port is a number from 1 to 65535"},
      {{"http://h:"}, "target 'http://h:': a port is a number from 1 to 65535"},
      {{"http://::1"}, "target 'http://::1': an IPv6 address is put in brackets"},
      {{"http://[::1"}, "target 'http://[::1': the bracket is not closed"},
      {{"http://[::1]9"}, "target 'http://[::1]9': a port comes after a colon"},
      {{"http://h/stats.json"},
       "target 'http://h/stats.json': nothing but a host and a port may be in it"},
      {{"unix:"}, "target 'unix:': the path of a socket has 1 to 107 bytes"},
      {{"./" + std::string(106, 'x')}, "the path of a socket has 1 to 107 bytes"},
      {{"a\nb"}, "target 'a\\nb': it is neither "},
  };
  for (const auto& c : cases) {
    const Ended ended = RunToEnd(c.args);
    EXPECT_EQ(ended.status, 2) << c.says;
    EXPECT_TRUE(ended.output.starts_with("mbstat: ")) << ended.output;
    EXPECT_TRUE(Has(ended.output, c.says)) << ended.output;
  }
}

TEST(Mbstat, HelpNamesEveryOption) {
  const Ended ended = RunToEnd({"--help"});
  EXPECT_EQ(ended.status, 0);
  for (const char* option : {"-z, --zones", "-w, --wait", "-c, --count", "--json", "--prometheus",
                             "--timeout", "-h, --help", "http://127.0.0.1:9121"}) {
    EXPECT_TRUE(Has(ended.output, option)) << option;
  }
}

}  // namespace
