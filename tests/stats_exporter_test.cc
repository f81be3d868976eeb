#include "weir/stats/exporter.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/stats_http_client.h"
#include "tests/stats_json_check.h"
#include "tests/stats_prometheus_check.h"
#include "tests/stats_sample.h"
#include "weir/stats/prometheus.h"
#include "weir/stats/text.h"

namespace {

using weir::Exporter;

void Sample(weir_snapshot* snapshot) { *snapshot = SampleSnapshot(); }

Exporter::Options SampleOptions() {
  Exporter::Options options;
  options.snapshot = Sample;
  return options;
}

std::unique_ptr<Exporter> StartOrDie(const Exporter::Options& options = SampleOptions()) {
  std::string error;
  auto exporter = Exporter::Start(options, &error);
  EXPECT_NE(exporter, nullptr) << error;
  if (exporter == nullptr) std::abort();
  return exporter;
}

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Exporter, PortZeroIsPickedAndTold) {
  const auto one = StartOrDie();
  const auto two = StartOrDie();
  EXPECT_NE(one->port(), 0);
  EXPECT_NE(one->port(), two->port());
  EXPECT_EQ(one->url(), "http://127.0.0.1:" + std::to_string(one->port()) + "/");
}

TEST(Exporter, EachPathHasItsContentAndType) {
  const auto exporter = StartOrDie();
  const auto metrics = Ask(exporter->port(), "GET", "/metrics");
  EXPECT_EQ(metrics.status, 200);
  EXPECT_EQ(metrics.Header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(metrics.body, weir::RenderPrometheus(SampleSnapshot()));

  const auto json = Ask(exporter->port(), "GET", "/stats.json?whatever=1");
  EXPECT_EQ(json.status, 200);
  EXPECT_EQ(json.Header("content-type"), "application/json");
  EXPECT_TRUE(JsonCheck(json.body).good());

  const auto text = Ask(exporter->port(), "GET", "/stats.txt");
  EXPECT_EQ(text.status, 200);
  EXPECT_TRUE(Has(text.body, weir::RenderText(SampleSnapshot())));

  const auto health = Ask(exporter->port(), "GET", "/healthz");
  EXPECT_EQ(health.status, 200);
  EXPECT_EQ(health.body, "ok\n");

  const auto page = Ask(exporter->port(), "GET", "/");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.Header("content-type"), "text/html; charset=utf-8");

  for (const char* path : {"/nothing", "/metrics/", "//", "/../metrics", "/page.js", "*"}) {
    EXPECT_EQ(Ask(exporter->port(), "GET", path).status, 404) << path;
  }
}

TEST(Exporter, EveryAnswerIsClosedToMischief) {
  const auto exporter = StartOrDie();
  for (const char* path : {"/", "/metrics", "/stats.json", "/stats.txt", "/healthz", "/none"}) {
    const auto answer = Ask(exporter->port(), "GET", path);
    EXPECT_EQ(answer.Header("cache-control"), "no-store") << path;
    EXPECT_EQ(answer.Header("x-content-type-options"), "nosniff") << path;
    EXPECT_TRUE(Has(answer.Header("content-security-policy"), "default-src 'none'")) << path;
    EXPECT_TRUE(Has(answer.Header("content-security-policy"), "frame-ancestors 'none'")) << path;
    EXPECT_EQ(answer.Header("access-control-allow-origin"), "") << path;
  }
}

TEST(Exporter, HeadIsGetWithoutTheBody) {
  const auto exporter = StartOrDie();
  for (const char* path : {"/", "/metrics", "/stats.json", "/none"}) {
    const auto get = Ask(exporter->port(), "GET", path);
    const auto head = Ask(exporter->port(), "HEAD", path);
    EXPECT_EQ(head.status, get.status) << path;
    EXPECT_EQ(head.Header("content-length"), get.Header("content-length")) << path;
    EXPECT_EQ(head.Header("content-type"), get.Header("content-type")) << path;
    EXPECT_EQ(head.body, "") << path;
    EXPECT_EQ(get.Header("content-length"), std::to_string(get.body.size())) << path;
  }
}

TEST(Exporter, OtherMethodsAreRefused) {
  const auto exporter = StartOrDie();
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "get", "X"}) {
    const auto answer = Ask(exporter->port(), method, "/metrics", "Content-Length: 5\r\n", "hello");
    EXPECT_EQ(answer.status, 405) << method;
    EXPECT_EQ(answer.Header("allow"), "GET, HEAD") << method;
  }
  // Nobody who reads figures sends a body.
  EXPECT_EQ(Ask(exporter->port(), "GET", "/", "Content-Length: 5\r\n", "hello").status, 0);
  EXPECT_EQ(Ask(exporter->port(), "GET", "/healthz").status, 200);
}

TEST(Exporter, SpeaksOpenMetricsToWhoAsksForIt) {
  const auto exporter = StartOrDie();
  // What Debian's Prometheus says.
  const auto answer =
      Ask(exporter->port(), "GET", "/metrics",
          "Accept: application/openmetrics-text;version=1.0.0,application/openmetrics-text;"
          "version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\n");
  EXPECT_EQ(answer.Header("content-type"),
            "application/openmetrics-text; version=1.0.0; charset=utf-8");
  EXPECT_TRUE(answer.body.ends_with("# EOF\n"));
  EXPECT_EQ(CheckPrometheus(answer.body).error, "");
  // In a second header of the name, in any case.
  EXPECT_TRUE(Ask(exporter->port(), "GET", "/metrics",
                  "Accept: text/plain;q=0.5\r\naccept: application/openmetrics-text\r\n")
                  .body.ends_with("# EOF\n"));
  EXPECT_EQ(Ask(exporter->port(), "GET", "/metrics",
                "Accept: application/openmetrics-text;q=0.4, text/plain;q=0.5\r\n")
                .Header("content-type"),
            "text/plain; version=0.0.4; charset=utf-8");
}

TEST(Exporter, TheProgramsOwnFiguresAreAmongThem) {
  Exporter::Options options = SampleOptions();
  options.metrics = [](weir::PrometheusText& text) {
    text.Gauge("app_connections", "Clients.", 42);
  };
  options.figures = [] { return std::vector<weir::Figure>{{"connections", 42}}; };
  const auto exporter = StartOrDie(options);
  const PrometheusCheck metrics = CheckPrometheus(Ask(exporter->port(), "GET", "/metrics").body);
  EXPECT_EQ(metrics.error, "");
  EXPECT_EQ(metrics.samples.at("app_connections"), "42");
  EXPECT_EQ(metrics.samples.at("weir_threads"), "3");
  const JsonCheck json(Ask(exporter->port(), "GET", "/stats.json").body);
  ASSERT_TRUE(json.good());
  EXPECT_EQ(json.values().at("server.0.name"), "connections");
  EXPECT_EQ(json.values().at("server.0.value"), "42");
}

TEST(Exporter, OtherSetsOfZonesAreInEveryAnswer) {
  Exporter::Options options = SampleOptions();
  options.sets = [] { return std::vector<weir::SetSnapshot>{{"tenant", SampleSnapshot()}}; };
  const auto exporter = StartOrDie(options);
  EXPECT_TRUE(Has(Ask(exporter->port(), "GET", "/metrics").body,
                  "weir_in_use{set=\"tenant\",zone=\"cluster\"} 20\n"));
  const JsonCheck json(Ask(exporter->port(), "GET", "/stats.json").body);
  ASSERT_TRUE(json.good());
  EXPECT_EQ(json.values().at("sets.0.name"), "tenant");
  EXPECT_TRUE(Has(Ask(exporter->port(), "GET", "/stats.txt").body,
                  "\nSet tenant:\n" + weir::RenderText(SampleSnapshot())));
}

TEST(Exporter, HealthIsWhatTheProgramSays) {
  std::atomic<bool> well = true;
  Exporter::Options options = SampleOptions();
  options.healthy = [&well](std::string* reason) {
    *reason = "loading";
    return well.load(std::memory_order_relaxed);
  };
  const auto exporter = StartOrDie(options);
  EXPECT_EQ(Ask(exporter->port(), "GET", "/healthz").status, 200);
  well.store(false, std::memory_order_relaxed);
  const auto answer = Ask(exporter->port(), "GET", "/healthz");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.body, "loading\n");
}

TEST(Exporter, ACallbackThatThrowsCostsItsRequestOnly) {
  Exporter::Options options = SampleOptions();
  options.figures = []() -> std::vector<weir::Figure> { throw std::runtime_error("no"); };
  const auto exporter = StartOrDie(options);
  EXPECT_EQ(Ask(exporter->port(), "GET", "/stats.json").status, 500);
  EXPECT_EQ(Ask(exporter->port(), "GET", "/metrics").status, 200);
}

TEST(Exporter, ThePageAllowsItsOwnScriptAndNothingElse) {
  Exporter::Options options = SampleOptions();
  options.title = "<script>alert('@SCRIPT@')</script>";
  const auto exporter = StartOrDie(options);
  const auto page = Ask(exporter->port(), "GET", "/");
  const std::string policy = page.Header("content-security-policy");
  const size_t at = policy.find("script-src 'nonce-");
  ASSERT_NE(at, std::string::npos) << policy;
  const std::string nonce = policy.substr(at + 18, 32);
  EXPECT_TRUE(Has(page.body, "<script nonce=\"" + nonce + "\">"));
  EXPECT_TRUE(Has(page.body, "<style nonce=\"" + nonce + "\">"));
  EXPECT_TRUE(Has(page.body, "&lt;script&gt;alert(&#39;@SCRIPT@&#39;)&lt;/script&gt;"));
  EXPECT_FALSE(Has(page.body, "<script>"));
  EXPECT_FALSE(Has(page.body, "@NONCE@"));
  EXPECT_FALSE(Has(page.body, "@STYLE@"));
  EXPECT_FALSE(Has(page.body, "https://"));  // nothing from elsewhere
  EXPECT_FALSE(Has(page.body, "src="));
  const auto again = Ask(exporter->port(), "GET", "/");
  EXPECT_FALSE(Has(again.body, nonce));
}

// A path for a socket of the test's own; /tmp, as a test's own folder may have too long a name.
class SocketFile {
 public:
  SocketFile() {
    char folder[] = "/tmp/weir_exporter_XXXXXX";
    folder_ = mkdtemp(folder);
    path_ = folder_ + "/socket";
  }
  ~SocketFile() { std::filesystem::remove_all(folder_); }
  const std::string& path() const { return path_; }

 private:
  std::string folder_, path_;
};

std::string WhyNot(const std::string& path) {
  Exporter::Options options = SampleOptions();
  options.unix_path = path;
  std::string error;
  EXPECT_EQ(Exporter::Start(options, &error), nullptr) << path;
  return error;
}

TEST(Exporter, AUnixSocketServesTheSameToItsUserAndGoesWithIt) {
  const SocketFile file;
  Exporter::Options options = SampleOptions();
  options.unix_path = file.path();
  {
    const auto exporter = StartOrDie(options);
    EXPECT_EQ(exporter->port(), 0);
    EXPECT_EQ(exporter->url(), "unix:" + file.path());
    EXPECT_EQ(Ask(file.path(), "GET", "/healthz").body, "ok\n");
    EXPECT_EQ(Ask(file.path(), "GET", "/metrics").body, weir::RenderPrometheus(SampleSnapshot()));
    EXPECT_EQ(Ask(file.path(), "POST", "/metrics").status, 405);
    EXPECT_EQ(std::filesystem::status(file.path()).permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    // Another one is told so, and changes nothing.
    EXPECT_EQ(WhyNot(file.path()),
              "cannot listen on unix:" + file.path() + ": Address already in use");
    EXPECT_EQ(Ask(file.path(), "GET", "/healthz").status, 200);
  }
  EXPECT_FALSE(std::filesystem::exists(file.path()));
}

TEST(Exporter, ASocketFileThatWasLeftBehindIsReplacedAndNothingElseIs) {
  const SocketFile file;
  Exporter::Options options = SampleOptions();
  options.unix_path = file.path();
  {
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    file.path().copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    close(fd);
  }
  ASSERT_TRUE(std::filesystem::is_socket(file.path()));
  {
    const auto exporter = StartOrDie(options);
    EXPECT_EQ(Ask(file.path(), "GET", "/healthz").status, 200);
    // Somebody else's in its place stays.
    std::filesystem::remove(file.path());
    std::filesystem::create_directory(file.path());
  }
  EXPECT_TRUE(std::filesystem::is_directory(file.path()));
  EXPECT_EQ(WhyNot(file.path()),
            "cannot listen on unix:" + file.path() + ": Address already in use");
  EXPECT_TRUE(std::filesystem::is_directory(file.path()));
  std::filesystem::remove(file.path());
  fclose(fopen(file.path().c_str(), "w"));
  EXPECT_EQ(WhyNot(file.path()),
            "cannot listen on unix:" + file.path() + ": Address already in use");
  EXPECT_TRUE(std::filesystem::is_regular_file(file.path()));
}

TEST(Exporter, AWrongPathIsNamedWithWhatIsWrongWithIt) {
  const std::string longest(107, 'x');
  EXPECT_EQ(WhyNot("/" + longest),
            "cannot listen on unix:/" + longest + ": a path has 1 to 107 bytes");
  EXPECT_EQ(WhyNot("/nowhere/socket"),
            "cannot listen on unix:/nowhere/socket: No such file or directory");
}

TEST(Exporter, AConnectionServesManyRequests) {
  const auto exporter = StartOrDie();
  HttpClient client(exporter->port());
  const std::string request = "GET /healthz HTTP/1.1\r\nHost: x\r\n";
  std::string many;
  for (int i = 0; i < 50; ++i) many += request + "\r\n";
  client.Say(many + request + "Connection: close\r\n\r\n");
  const std::string all = client.ReadAll();
  size_t answers = 0;
  for (size_t at = 0; (at = all.find("HTTP/1.1 200 OK", at)) != std::string::npos; ++at) ++answers;
  EXPECT_EQ(answers, 51u);
}

TEST(Exporter, ManyClientsAtOnceAreAllServed) {
  const auto exporter = StartOrDie();
  const std::string expected = weir::RenderPrometheus(SampleSnapshot());
  std::atomic<int> good = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&] {
      for (int n = 0; n < 25; ++n) {
        if (Ask(exporter->port(), "GET", "/metrics").body == expected) {
          good.fetch_add(1, std::memory_order_relaxed);
        }
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(good.load(std::memory_order_relaxed), 8 * 25);
}

TEST(Exporter, ConnectionsBeyondTheLimitAreClosedAndRoomComesBack) {
  Exporter::Options options = SampleOptions();
  options.max_connections_per_ip = 4;
  const auto exporter = StartOrDie(options);
  {
    std::vector<HttpClient> idle;
    for (int i = 0; i < 4; ++i) {
      idle.emplace_back(exporter->port());
      // Half a request keeps it open. Connections are accepted in the order in which they came.
      idle.back().Say("GET /healthz HTTP/1.1\r\nHost: x\r\n");
    }
    HttpClient fifth(exporter->port());
    EXPECT_TRUE(fifth.ClosedOn());
  }
  // Those four are closed now, which the exporter learns in its own time.
  int status = 0;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (status == 0 && std::chrono::steady_clock::now() < deadline) {
    status = Ask(exporter->port(), "GET", "/healthz").status;
    std::this_thread::yield();
  }
  EXPECT_EQ(status, 200);
}

TEST(Exporter, AClientThatSaysNothingIsClosed) {
  Exporter::Options options = SampleOptions();
  options.timeout_seconds = 1;
  const auto exporter = StartOrDie(options);
  HttpClient silent(exporter->port());
  HttpClient slow(exporter->port());
  slow.Say("GET /metr");
  EXPECT_TRUE(silent.ClosedOn());
  EXPECT_TRUE(slow.ReadAll().find("200 OK") == std::string::npos);
  EXPECT_EQ(Ask(exporter->port(), "GET", "/healthz").status, 200);
}

TEST(Exporter, RequestsThatAreTooLargeAreRefused) {
  const auto exporter = StartOrDie();
  const std::string large(100'000, 'a');
  for (const auto& answer : {Ask(exporter->port(), "GET", "/" + large),
                             Ask(exporter->port(), "GET", "/", "X-Large: " + large + "\r\n")}) {
    // It may have closed before all was said, which loses the answer.
    EXPECT_TRUE(answer.status == 0 || (answer.status >= 400 && answer.status < 500))
        << answer.status;
  }
  EXPECT_EQ(Ask(exporter->port(), "GET", "/healthz").status, 200);
}

TEST(Exporter, WhatIsNotHttpIsRefused) {
  Exporter::Options options = SampleOptions();
  options.timeout_seconds = 1;  // some of it looks like a request that has yet to come
  const auto exporter = StartOrDie(options);
  for (const std::string& bytes :
       {std::string("\r\n\r\n\r\n"),
        std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
        std::string("GET\r\n\r\n"), std::string("GET / HTTP/9.9\r\n\r\n"),
        std::string("GET /metrics HTTP/1.1\r\n\r\n"), std::string(64, '\0') + "\r\n\r\n"}) {
    HttpClient client(exporter->port());
    client.Say(bytes);
    client.EndOfSaying();
    EXPECT_FALSE(Has(client.ReadAll(), "200 OK"));
  }
  EXPECT_EQ(Ask(exporter->port(), "GET", "/healthz").status, 200);
}

TEST(Exporter, SaysWhyItCannotStart) {
  const auto first = StartOrDie();
  Exporter::Options options = SampleOptions();
  std::string error;

  options.port = first->port();
  EXPECT_EQ(Exporter::Start(options, &error), nullptr);
  EXPECT_EQ(error, "cannot listen on 127.0.0.1:" + std::to_string(first->port()) +
                       ": Address already in use");

  options.address = "192.0.2.1";  // kept for documentation; nobody has it
  EXPECT_EQ(Exporter::Start(options, &error), nullptr);
  EXPECT_EQ(error, "cannot listen on 192.0.2.1:" + std::to_string(first->port()) +
                       ": Cannot assign requested address");

  options.address = "localhost";
  options.port = 0;
  EXPECT_EQ(Exporter::Start(options, &error), nullptr);
  EXPECT_EQ(error, "cannot listen on localhost:0: not an IPv4 or IPv6 address");

  options.address = "127.0.0.1";
  options.snapshot = nullptr;
  EXPECT_EQ(Exporter::Start(options, &error), nullptr);
  EXPECT_EQ(error, "the exporter was given no snapshot function");
}

size_t OpenFiles() {
  const std::filesystem::directory_iterator files("/proc/self/fd");
  return std::distance(begin(files), end(files));
}

// Each step of a start that needs a file fails once; none may leave one open, or close another's.
TEST(Exporter, WantOfFilesIsToldAndLeavesNoneOpen) {
  rlimit usual;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &usual), 0);
  const int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(next, 0);
  close(next);
  const size_t before = OpenFiles();
  int failures = 0;
  bool started = false;
  for (rlim_t spare = 0; spare < 10 && !started; ++spare) {
    const rlimit tight = {.rlim_cur = next + spare, .rlim_max = usual.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &tight), 0);
    std::string error;
    started = Exporter::Start(SampleOptions(), &error) != nullptr;
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &usual), 0);
    if (!started) {
      ++failures;
      EXPECT_TRUE(Has(error, ": Too many open files")) << error;
    }
    EXPECT_EQ(OpenFiles(), before) << "with " << spare << " to spare";
  }
  EXPECT_TRUE(started);
  EXPECT_GE(failures, 4);  // the socket, its twin, and what libmicrohttpd opens
}

TEST(Exporter, ServesIPv6WhereThereIsSome) {
  Exporter::Options options = SampleOptions();
  options.address = "::1";
  std::string error;
  const auto exporter = Exporter::Start(options, &error);
  if (exporter == nullptr) GTEST_SKIP() << error;
  EXPECT_EQ(exporter->url(), "http://[::1]:" + std::to_string(exporter->port()) + "/");
}

TEST(Exporter, StopsWithClientsConnectedAndFreesItsPort) {
  std::atomic<int> calls = 0;
  Exporter::Options options = SampleOptions();
  options.metrics = [&calls](weir::PrometheusText&) {
    calls.fetch_add(1, std::memory_order_relaxed);
  };
  for (int round = 0; round < 20; ++round) {
    auto exporter = StartOrDie(options);
    options.port = exporter->port();  // the same again: nothing may hold on to it
    std::vector<HttpClient> clients;
    for (int i = 0; i < 5; ++i) {
      clients.emplace_back(exporter->port());
      clients.back().Say(i % 2 ? "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" : "GET /metr");
    }
    exporter.reset();
    const int at_end = calls.load(std::memory_order_relaxed);
    for (HttpClient& client : clients) client.ReadAll();
    EXPECT_EQ(calls.load(std::memory_order_relaxed), at_end);
  }
}

}  // namespace
