#include "weir/stats/prometheus_text.h"

#include <charconv>
#include <cmath>

#include "weir/stats/utf8.h"

namespace weir {
namespace {

bool IsLegal(char c, bool first, bool colon) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_') return true;
  if (c == ':') return colon;
  return !first && c >= '0' && c <= '9';
}

// Names of metrics may have colons, names of labels may not.
std::string LegalName(std::string_view name, bool colon) {
  std::string legal;
  for (char c : name) {
    if (legal.empty() && c >= '0' && c <= '9') legal += '_';
    legal += IsLegal(c, legal.empty(), colon) ? c : '_';
  }
  return legal.empty() ? "_" : legal;
}

void AppendEscaped(std::string_view text, bool quotes, std::string* out) {
  while (!text.empty()) {
    const size_t length = Utf8Length(text);
    if (length == 0) {
      *out += kReplacement;
    } else if (text[0] == '\n') {
      *out += "\\n";
    } else {
      if (text[0] == '\\' || (text[0] == '"' && quotes)) *out += '\\';
      out->append(text.substr(0, length));
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
}

// To labels that are there already, if any.
void AppendLabel(std::string_view name, std::string_view value, std::string* labels) {
  if (!labels->empty()) *labels += ',';
  *labels += LegalName(name, /*colon=*/false);
  *labels += "=\"";
  AppendEscaped(value, /*quotes=*/true, labels);
  *labels += '"';
}

// What OpenMetrics calls the unit of a metric with this name; empty if it has none that we use.
std::string_view UnitOf(std::string_view name) {
  for (std::string_view unit : {"seconds", "bytes"}) {
    if (name.size() > unit.size() && name.ends_with(unit) &&
        name[name.size() - unit.size() - 1] == '_') {
      return unit;
    }
  }
  return "";
}

bool EndsInTotal(std::string_view name) { return name.ends_with("_total"); }

}  // namespace

MetricSink::Value::Value(double v) : number_(v) {
  if (std::isnan(v)) {
    text_ = "NaN";
  } else if (std::isinf(v)) {
    text_ = v < 0 ? "-Inf" : "+Inf";
  } else {
    char digits[64];
    // OpenMetrics lists how bounds are to be written: 0.0001 and 100000.0, but 1e-05 and 1e+06.
    const bool fixed = std::fabs(v) >= 1e-4 && std::fabs(v) < 1e6;
    const auto end =
        fixed ? std::to_chars(digits, digits + sizeof digits, v, std::chars_format::fixed)
              : std::to_chars(digits, digits + sizeof digits, v);
    text_.assign(digits, end.ptr);
    // OpenMetrics wants to see that bounds are not integers; elsewhere it does no harm.
    if (text_.find_first_of(".e") == std::string::npos) text_ += ".0";
  }
}

PrometheusText::Family& PrometheusText::FamilyFor(std::string_view name, const char* type,
                                                  std::string_view help) {
  std::string legal = LegalName(name, /*colon=*/true);
  auto [it, is_new] = index_.try_emplace(legal, families_.size());
  if (is_new) families_.push_back({std::move(legal), type, std::string(help), {}});
  return families_[it->second];
}

void PrometheusText::SetCommon(const Labels& labels) {
  common_.clear();
  for (const auto& [label, text] : labels) AppendLabel(label, text, &common_);
}

// `bound`, if any, becomes the label "le".
void PrometheusText::Append(Family& family, std::string_view suffix, const Labels& labels,
                            std::string_view bound, const Value& value) {
  std::string all = common_;
  for (const auto& [label, text] : labels) AppendLabel(label, text, &all);
  if (!bound.empty()) AppendLabel("le", bound, &all);
  family.samples.append(family.name).append(suffix);
  if (!all.empty()) family.samples.append("{").append(all).append("}");
  family.samples.append(" ").append(value.text()).append("\n");
}

void PrometheusText::Gauge(std::string_view name, std::string_view help, Value value,
                           const Labels& labels) {
  Family& family = FamilyFor(name, "gauge", help);
  Append(family, "", labels, "", value);
}

void PrometheusText::Counter(std::string_view name, std::string_view help, Value value,
                             const Labels& labels) {
  std::string full(name);
  if (!EndsInTotal(full)) full += "_total";
  Family& family = FamilyFor(full, "counter", help);
  Append(family, "", labels, "", value);
}

void PrometheusText::Histogram(std::string_view name, std::string_view help,
                               const HistogramValue& value, const Labels& labels) {
  Family& family = FamilyFor(name, "histogram", help);
  for (size_t i = 0; i < value.bounds.size() && i < value.counts.size(); ++i) {
    Append(family, "_bucket", labels, Value(value.bounds[i]).text(), value.counts[i]);
  }
  Append(family, "_bucket", labels, "+Inf", value.count);
  Append(family, "_sum", labels, "", value.sum);
  Append(family, "_count", labels, "", value.count);
}

std::string PrometheusText::Render() const {
  const bool open_metrics = format_ == Format::kOpenMetrics;
  std::string out;
  for (const Family& family : families_) {
    // In OpenMetrics a counter's family is named without the suffix that its samples carry.
    std::string_view name = family.name;
    if (open_metrics && family.type == std::string_view("counter")) {
      name.remove_suffix(std::string_view("_total").size());
    }
    std::string help("# HELP ");
    help.append(name).append(" ");
    AppendEscaped(family.help, /*quotes=*/open_metrics, &help);
    help.append("\n");
    // Each format has an order that it likes.
    if (!open_metrics) out.append(help);
    out.append("# TYPE ").append(name).append(" ").append(family.type).append("\n");
    if (open_metrics) {
      const std::string_view unit = UnitOf(name);
      if (!unit.empty()) out.append("# UNIT ").append(name).append(" ").append(unit).append("\n");
      out.append(help);
    }
    out.append(family.samples);
  }
  if (open_metrics) out += "# EOF\n";
  return out;
}

const char* PrometheusText::ContentType(Format format) {
  return format == Format::kOpenMetrics
             ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
             : "text/plain; version=0.0.4; charset=utf-8";
}

}  // namespace weir
