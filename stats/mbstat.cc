// mbstat: netstat -m, vmstat -z and vmstat for the mbufs of a running program.
#include <cstdio>
#include <string>
#include <string_view>
#include <thread>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "weir/stats/http_get.h"
#include "weir/stats/mbstat_options.h"
#include "weir/stats/rates.h"
#include "weir/stats/read_json.h"
#include "weir/stats/text.h"

namespace weir {
namespace {

using Clock = std::chrono::steady_clock;

enum ExitStatus { kDone = 0, kFailed = 1, kUsage = 2 };

constexpr int64_t kLinesUnderHeader = 20;

int Fail(int status, const std::string& what) {
  std::fprintf(stderr, "mbstat: %s\n", what.c_str());
  return status;
}

bool Print(std::string_view text, std::string* error) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) {
    return true;
  }
  *error = "cannot write to standard output";
  return false;
}

// What comes from elsewhere must not steer the terminal.
bool IsPlain(std::string_view text) {
  for (char c : text) {
    if ((static_cast<unsigned char>(c) < ' ' && c != '\n' && c != '\t') || c == '\x7f')
      return false;
  }
  return true;
}

class Mbstat {
 public:
  explicit Mbstat(const MbstatOptions& options) : options_(options) {
    limits_.timeout = options.timeout;
  }

  bool Run(std::string* error) {
    ReadSnapshot snapshot;
    std::string body;
    switch (options_.show) {
      case MbstatOptions::kRates:
        return Watch(error);
      case MbstatOptions::kHolders:
        return GetHolders(&body, error) && Print(body, error);
      case MbstatOptions::kPrometheus:
        return GetMetrics(&body, error) && Print(body, error);
      case MbstatOptions::kJson:
        return GetSnapshot(&snapshot, &body, error) && Print(body, error);
      case MbstatOptions::kText:
        return GetSnapshot(&snapshot, &body, error) && Print(RenderText(snapshot.figures), error);
      case MbstatOptions::kZones:
        return GetSnapshot(&snapshot, &body, error) && Print(RenderZones(snapshot.figures), error);
    }
    return false;
  }

 private:
  bool Get(const char* path, std::string_view type, std::string* body, std::string* error) {
    HttpAnswer answer;
    if (!HttpGet(options_.target, path, limits_, &answer, error)) {
      *error = absl::StrCat(options_.target.name, ": ", *error);
      return false;
    }
    *body = std::move(answer.body);
    if (answer.type.starts_with(type) && IsPlain(*body)) return true;
    const bool right_type = answer.type.starts_with(type);
    return Unexpected(
        path,
        right_type ? std::string("it has unprintable bytes")
                   : absl::StrCat("it is of type '", absl::CHexEscape(answer.type.substr(0, 80)),
                                  "', not ", std::string(type)),
        error);
  }

  bool Unexpected(const char* path, const std::string& what, std::string* error) {
    *error = absl::StrCat(options_.target.name, ": GET ", path,
                          ": the answer is not what an exporter of weir says: ", what);
    return false;
  }

  bool GetSnapshot(ReadSnapshot* snapshot, std::string* body, std::string* error) {
    constexpr char kPath[] = "/stats.json";
    std::string wrong;
    if (!Get(kPath, "application/json", body, error)) return false;
    return ReadJson(*body, snapshot, &wrong) || Unexpected(kPath, wrong, error);
  }

  bool GetHolders(std::string* body, std::string* error) {
    // Whole figures: a number as 1e+06 would not come through a URL.
    const int64_t ms = options_.older.count();
    const std::string path = absl::StrCat("/holders?older=", ms / 1000, ".",
                                          absl::Dec(ms % 1000, absl::kZeroPad3));
    return Get(path.c_str(), "text/plain", body, error);
  }

  bool GetMetrics(std::string* body, std::string* error) {
    constexpr char kPath[] = "/metrics";
    if (!Get(kPath, "text/plain; version=0.0.4", body, error)) return false;
    return body->find("# TYPE weir_build_info gauge\n") != std::string::npos ||
           Unexpected(kPath, "there is no weir_build_info in it", error);
  }

  // A line for each period. One that is missed, because an answer took long, is left out.
  bool Watch(std::string* error) {
    ReadSnapshot snapshot;
    std::string body;
    auto next = Clock::now();
    if (!GetSnapshot(&snapshot, &body, error)) return false;
    for (int64_t line = 0; options_.count == 0 || line < options_.count; ++line) {
      const weir_snapshot before = snapshot.figures;
      do next += options_.period;
      while (next < Clock::now());
      if (line == 0 && !Print(RatesHeader(), error)) return false;
      std::this_thread::sleep_until(next);
      if (!GetSnapshot(&snapshot, &body, error)) return false;
      if (line != 0 && line % kLinesUnderHeader == 0 && !Print(RatesHeader(), error)) return false;
      if (!Print(RatesLine(before, snapshot.figures), error)) return false;
    }
    return true;
  }

  const MbstatOptions options_;
  HttpLimits limits_;
};

int Main(int argc, char** argv) {
  MbstatOptions options;
  std::string error;
  if (!ParseMbstatOptions(argc, argv, &options, &error)) return Fail(kUsage, error);
  const bool done = options.help ? Print(MbstatHelp(), &error) : Mbstat(options).Run(&error);
  return done ? kDone : Fail(kFailed, error);
}

}  // namespace
}  // namespace weir

int main(int argc, char** argv) { return weir::Main(argc, argv); }
