// Reads the text format of Prometheus as strictly as its description: one HELP and one TYPE line
// before a metric's samples, all of these together, no series twice, legal names, escapes and
// values. What `promtool check metrics` would say, without needing it.
#ifndef WEIR_TESTS_STATS_PROMETHEUS_CHECK_H_
#define WEIR_TESTS_STATS_PROMETHEUS_CHECK_H_

#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>

struct PrometheusCheck {
  std::string error;                           // empty: the text is well formed
  std::map<std::string, std::string> types;    // metric -> type
  std::map<std::string, std::string> samples;  // series, as written -> value
};

inline PrometheusCheck CheckPrometheus(const std::string& text) {
  static const std::regex kHelp(R"(# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) ((?:[^\\]|\\\\|\\n|\\")*))");
  static const std::regex kType(
      R"(# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary|untyped))");
  static const std::regex kSample(
      R"re(([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\]|\\\\|\\n|\\")*",?)*\})?)re"
      R"( ([+-]?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?|[+-]Inf|NaN))");
  static const std::regex kUnit(R"(# UNIT (\S+_(seconds|bytes)) (seconds|bytes))");
  PrometheusCheck result;
  std::string family, help;
  if (text.empty() || text.back() != '\n') result.error = "the last line has no end";
  std::istringstream lines(text);
  for (std::string line; result.error.empty() && std::getline(lines, line);) {
    std::smatch match;
    if (line == "# EOF") {
      if (lines.peek() != std::char_traits<char>::eof()) result.error = "something after # EOF";
    } else if (std::regex_match(line, match, kHelp)) {
      help = match[1];
    } else if (std::regex_match(line, match, kType)) {
      family = match[1];
      if (!result.types.emplace(family, match[2]).second) result.error = "a second time: " + line;
    } else if (std::regex_match(line, match, kUnit)) {
      if (match[1] != family || match[2] != match[3]) result.error = "not its unit: " + line;
    } else if (std::regex_match(line, match, kSample)) {
      if (help != family) result.error = "no HELP right before: " + line;
      std::string name = match[1];
      const std::string type = result.types[family];
      if (type == "histogram") {
        name = std::regex_replace(name, std::regex("_(bucket|sum|count)$"), "");
      } else if (type == "counter" && name == family + "_total") {
        name = family;  // as OpenMetrics has it
      }
      if (name != family) result.error = "not below its TYPE: " + line;
      if (!result.samples.emplace(match[1].str() + match[2].str(), match[3]).second) {
        result.error = "a second time: " + line;
      }
    } else {
      result.error = "neither HELP, TYPE nor sample: " + line;
    }
  }
  return result;
}

#endif  // WEIR_TESTS_STATS_PROMETHEUS_CHECK_H_
