#include "weir/stats/mbstat_options.h"

#include <getopt.h>

#include <cmath>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace weir {
namespace {

constexpr int64_t kMostLines = 1'000'000'000;

constexpr option kLong[] = {
    {"zones", no_argument, nullptr, 'z'},       {"wait", required_argument, nullptr, 'w'},
    {"count", required_argument, nullptr, 'c'}, {"json", no_argument, nullptr, 'j'},
    {"prometheus", no_argument, nullptr, 'p'},  {"timeout", required_argument, nullptr, 't'},
    {"holders", no_argument, nullptr, 'H'},     {"older", required_argument, nullptr, 'o'},
    {"help", no_argument, nullptr, 'h'},        {nullptr, 0, nullptr, 0},
};

std::string Shown(const char* text) { return absl::StrCat("'", absl::CHexEscape(text), "'"); }

bool Seconds(const char* option, const char* text, double least, double most,
             std::chrono::milliseconds* value, std::string* error) {
  double seconds = 0;
  if (!absl::SimpleAtod(text, &seconds) || !(seconds >= least && seconds <= most)) {
    *error = absl::StrCat(option, ": ", Shown(text), " is not a number of seconds from ", least,
                          " to ", most);
    return false;
  }
  *value = std::chrono::milliseconds(std::llround(seconds * 1000));
  return true;
}

bool Count(const char* text, int64_t* value, std::string* error) {
  if (absl::SimpleAtoi(text, value) && *value >= 1 && *value <= kMostLines) return true;
  *error = absl::StrCat("-c: ", Shown(text), " is not a number from 1 to ", kMostLines);
  return false;
}

// What is shown is asked for once.
bool Choose(MbstatOptions::Show show, MbstatOptions* options, std::string* error) {
  if (options->show != MbstatOptions::kText && options->show != show) {
    *error = "of -z, -w, --holders, --json and --prometheus, only one at a time";
    return false;
  }
  options->show = show;
  return true;
}

bool Apply(int letter, const char* word, MbstatOptions* options, std::string* error) {
  switch (letter) {
    case 'z':
      return Choose(MbstatOptions::kZones, options, error);
    case 'w':
      return Choose(MbstatOptions::kRates, options, error) &&
             Seconds("-w", optarg, 0.1, 86400, &options->period, error);
    case 'c':
      return Count(optarg, &options->count, error);
    case 'j':
      return Choose(MbstatOptions::kJson, options, error);
    case 'p':
      return Choose(MbstatOptions::kPrometheus, options, error);
    case 'H':
      return Choose(MbstatOptions::kHolders, options, error);
    case 'o':
      return Seconds("--older", optarg, 0, 1e9, &options->older, error);
    case 't':
      return Seconds("--timeout", optarg, 0.1, 3600, &options->timeout, error);
    case 'h':
      options->help = true;
      return true;
    case ':':
      *error = absl::StrCat(Shown(word), ": a value is missing; see --help");
      return false;
    default:
      *error = absl::StrCat(Shown(word), " is no option, or takes no value; see --help");
      return false;
  }
}

}  // namespace

std::string MbstatHelp() {
  return absl::StrCat(
      "mbstat: shows the mbuf statistics of a running program that serves them.\n\n"
      "usage: mbstat [OPTION]... [TARGET]\n\n"
      "TARGET is http://HOST:PORT or the path of a UNIX socket (",
      kDefaultTarget,
      ").\n"
      "Without an option, prints what netstat -m prints.\n\n"
      "  -z, --zones         a table of zones instead\n"
      "  -w, --wait=SECONDS  a line of use and rates every so often\n"
      "  -c, --count=N       ends after N such lines\n"
      "      --holders       who holds the buffers that are in use: by which calls they were\n"
      "                      allocated, how many, how old\n"
      "      --older=SECONDS only those that were allocated at least so long ago\n"
      "      --json          the statistics as JSON, with those of the program\n"
      "      --prometheus    the same as Prometheus text\n"
      "      --timeout=SECONDS  gives up on a request after so long (5)\n"
      "  -h, --help\n\n"
      "Exit status: 0; 1 if the target cannot be reached or answers nonsense; 2 for a wrong\n"
      "option.\n");
}

bool ParseMbstatOptions(int argc, char** argv, MbstatOptions* options, std::string* error) {
  opterr = 0;  // errors are ours to word
  for (;;) {
    // A long option is in argv[optind] as it is read; a short one may share its word with others.
    const char* word = optind < argc ? argv[optind] : "";
    const int letter = getopt_long(argc, argv, ":zw:c:h", kLong, nullptr);
    if (letter == -1) break;
    if (!Apply(letter, word, options, error)) return false;
    if (options->help) return true;
  }
  if (options->count != 0 && options->show != MbstatOptions::kRates) {
    *error = "-c is for -w";
    return false;
  }
  if (options->older.count() != 0 && options->show != MbstatOptions::kHolders) {
    *error = "--older is for --holders";
    return false;
  }
  if (argc - optind > 1) {
    *error = absl::StrCat(Shown(argv[optind + 1]), ": there is a target already");
    return false;
  }
  return ParseTarget(optind < argc ? argv[optind] : kDefaultTarget, &options->target, error);
}

}  // namespace weir
