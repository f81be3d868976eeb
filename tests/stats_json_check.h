// A small, strict reader of JSON (RFC 8259): what it accepts, it has understood. Values are kept
// by their path, as in "zones.1.wait.counts.0"; strings without their quotes, undecoded.
#ifndef WEIR_TESTS_STATS_JSON_CHECK_H_
#define WEIR_TESTS_STATS_JSON_CHECK_H_

#include <algorithm>
#include <map>
#include <regex>
#include <string>

class JsonCheck {
 public:
  explicit JsonCheck(const std::string& text) : text_(text) {
    good_ = Value("") && (Space(), at_ == text_.size());
  }
  bool good() const { return good_; }
  size_t at() const { return at_; }  // where it stopped
  const std::map<std::string, std::string>& values() const { return values_; }

 private:
  void Space() { at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size()); }

  bool Take(char c) {
    Space();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool Match(const char* pattern, std::string* found) {
    std::smatch match;
    if (!std::regex_search(text_.cbegin() + static_cast<long>(at_), text_.cend(), match,
                           std::regex(pattern), std::regex_constants::match_continuous)) {
      return false;
    }
    *found = match[0];
    at_ += found->size();
    return true;
  }

  bool Quoted(std::string* found) {
    Space();
    if (!Match(R"re("([^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*")re", found)) return false;
    *found = found->substr(1, found->size() - 2);
    return true;
  }

  bool Members(const std::string& path, char close, bool keys) {
    if (Take(close)) return true;
    for (int i = 0;; ++i) {
      std::string key = std::to_string(i);
      if (keys && !(Quoted(&key) && Take(':'))) return false;
      if (!Value(path.empty() ? key : path + "." + key)) return false;
      if (Take(close)) return true;
      if (!Take(',')) return false;
    }
  }

  bool Value(const std::string& path) {
    if (Take('{')) return Members(path, '}', true);
    if (Take('[')) return Members(path, ']', false);
    std::string found;
    Space();
    const bool scalar = Quoted(&found) ||
                        Match(R"(-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?)", &found) ||
                        Match("true|false|null", &found);
    return scalar && values_.emplace(path, found).second;  // no key twice
  }

  const std::string text_;
  size_t at_ = 0;
  bool good_ = false;
  std::map<std::string, std::string> values_;
};

#endif  // WEIR_TESTS_STATS_JSON_CHECK_H_
