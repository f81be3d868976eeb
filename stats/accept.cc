#include "weir/stats/accept.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace weir {
namespace {

// What can be had.
struct Offer {
  std::string_view group, type, version;
};
constexpr Offer kOpenMetrics = {"application/*", "application/openmetrics-text", "1.0.0"};
constexpr Offer kText = {"text/*", "text/plain", "0.0.4"};

struct Range {
  std::string type;
  std::string version;  // empty: any
  double quality = 1;
};

// How closely a range names an offer; the closest one that does decides.
enum Closeness { kNotAtAll, kAnything, kGroup, kType, kVersion };

struct Wish {
  Closeness closeness = kNotAtAll;
  double quality = 0;
};

// `text` is in lower case.
bool ReadRange(const std::string& text, Range* range) {
  std::vector<std::string> parts = absl::StrSplit(text, ';');
  absl::StripAsciiWhitespace(&parts[0]);
  range->type = parts[0];
  for (size_t i = 1; i < parts.size(); ++i) {
    std::pair<std::string, std::string> parameter =
        absl::StrSplit(parts[i], absl::MaxSplits('=', 1));
    auto& [name, value] = parameter;
    absl::StripAsciiWhitespace(&name);
    absl::StripAsciiWhitespace(&value);
    if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"')) {
      value = value.substr(1, value.size() - 2);
    }
    if (name == "version") range->version = value;
    if (name != "q") continue;
    // A number that is none compares with nothing.
    if (!absl::SimpleAtod(value, &range->quality)) return false;
    if (!(range->quality >= 0 && range->quality <= 1)) return false;
  }
  return true;
}

Closeness Names(const Range& range, const Offer& offer) {
  if (range.type == "*/*") return kAnything;
  if (range.type == offer.group) return kGroup;
  if (range.type != offer.type) return kNotAtAll;
  return range.version.empty() ? kType : range.version == offer.version ? kVersion : kNotAtAll;
}

Wish WishFor(const Offer& offer, const std::vector<Range>& ranges) {
  Wish wish;
  for (const Range& range : ranges) {
    const Closeness closeness = Names(range, offer);
    if (closeness > wish.closeness ||
        (closeness == wish.closeness && range.quality > wish.quality && closeness != kNotAtAll)) {
      wish = {closeness, range.quality};
    }
  }
  return wish;
}

}  // namespace

PrometheusText::Format FormatFor(std::string_view accept) {
  std::vector<Range> ranges;
  const std::vector<std::string> texts =
      absl::StrSplit(absl::AsciiStrToLower(std::string(accept)), ',');
  for (const std::string& text : texts) {
    Range range;
    if (ReadRange(text, &range)) ranges.push_back(range);
  }
  const Wish open_metrics = WishFor(kOpenMetrics, ranges);
  const Wish text = WishFor(kText, ranges);
  const bool rather = open_metrics.quality > text.quality ||
                      (open_metrics.quality == text.quality && open_metrics.closeness >= kType);
  return open_metrics.quality > 0 && rather ? PrometheusText::Format::kOpenMetrics
                                            : PrometheusText::Format::kPrometheus;
}

}  // namespace weir
