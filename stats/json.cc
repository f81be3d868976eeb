#include "weir/stats/json.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "weir/stats/utf8.h"
#include "weir/stats/zone_fields.h"

namespace weir {
namespace {

std::string Quoted(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const size_t length = Utf8Length(text);
    const char c = text[0];
    if (length == 0) {
      out += kReplacement;
    } else if (c == '"' || c == '\\') {
      out.append({'\\', c});
    } else if (static_cast<unsigned char>(c) < 0x20) {
      absl::StrAppendFormat(&out, "\\u%04x", c);
    } else {
      out.append(text.substr(0, length));
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out + "\"";
}

std::string Number(double value) {
  if (!std::isfinite(value)) return "null";  // JSON has no word for these
  char digits[32];
  return std::string(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

// "key":value pairs between braces or brackets, with the commas in the right places.
class Writer {
 public:
  explicit Writer(std::string* out) : out_(out) {}

  template <typename T>
  void Integer(std::string_view key, T value) {
    Key(key);
    absl::StrAppend(out_, value);
  }
  void Real(std::string_view key, double value) {
    Key(key);
    *out_ += Number(value);
  }
  void Text(std::string_view key, std::string_view value) {
    Key(key);
    *out_ += Quoted(value);
  }
  // An element of an array has no key.
  void Open(std::string_view key, char bracket) {
    Key(key);
    *out_ += bracket;
    first_ = true;
  }
  void Close(char bracket) {
    *out_ += bracket;
    first_ = false;
  }
  void Key(std::string_view key) {
    if (!first_) *out_ += ',';
    first_ = false;
    if (!key.empty()) absl::StrAppend(out_, Quoted(key), ":");
  }

 private:
  std::string* const out_;
  bool first_ = true;
};

void WriteZone(const weir_zone_snapshot& zone, Writer* json) {
  json->Open("", '{');
  json->Text("name", zone.name);
  for (const auto& [key, member] : kZoneGauges) json->Integer(key, zone.*member);
  for (const auto& [key, member] : kZoneCounters) json->Integer(key, zone.*member);
  json->Open("wait", '{');
  json->Open("bounds_seconds", '[');
  for (int i = 0; i < WEIR_WAIT_BUCKETS; ++i) {
    json->Real("", static_cast<double>(weir_wait_bound_ns(i)) / 1e9);
  }
  json->Close(']');
  json->Open("counts", '[');
  for (uint64_t count : zone.wait_buckets) json->Integer("", count);
  json->Close(']');
  json->Integer("count", zone.wait_count);
  json->Real("sum_seconds", static_cast<double>(zone.wait_sum_ns) / 1e9);
  json->Close('}');
  json->Close('}');
}

void WriteTypes(const weir_snapshot& snapshot, Writer* json) {
  json->Open("types", '{');
  for (int type = 0; type < WEIR_NTYPES; ++type) {
    const char* name = weir_type_name(type);
    if (snapshot.types[type] == 0 && (name == nullptr || type == 0)) continue;
    json->Integer(name != nullptr ? std::string(name) : absl::StrCat(type), snapshot.types[type]);
  }
  json->Close('}');
}

void WriteSet(const SetSnapshot& set, Writer* json) {
  json->Open("", '{');
  json->Text("name", set.name);
  json->Integer("threads", set.figures.threads);
  for (const auto& [key, member] : kSetCounters) json->Integer(key, set.figures.*member);
  json->Open("zones", '[');
  for (const weir_zone_snapshot& zone : set.figures.zones) WriteZone(zone, json);
  json->Close(']');
  WriteTypes(set.figures, json);
  json->Close('}');
}

void WriteFigure(const Figure& figure, Writer* json) {
  json->Open("", '{');
  json->Text("name", figure.name);
  json->Text("kind", figure.kind == Figure::Kind::kCounter ? "counter" : "gauge");
  json->Text("unit", figure.unit == Figure::Unit::kBytes     ? "bytes"
                     : figure.unit == Figure::Unit::kSeconds ? "seconds"
                                                             : "");
  json->Real("value", figure.value);
  json->Close('}');
}

}  // namespace

std::string RenderJson(const weir_snapshot& snapshot, std::span<const Figure> server,
                       std::span<const SetSnapshot> others) {
  std::string out;
  Writer json(&out);
  json.Open("", '{');
  json.Integer("schema", 1);
  json.Text("version", snapshot.version);
  json.Real("uptime_seconds", static_cast<double>(snapshot.uptime_ns) / 1e9);
  json.Integer("threads", snapshot.threads);
  int64_t bytes = 0;
  for (const weir_zone_snapshot& zone : snapshot.zones) bytes += zone.bytes;
  json.Integer("memory_bytes", bytes);
  for (const auto& [key, member] : kSetCounters) json.Integer(key, snapshot.*member);
  for (const auto& [key, member] : kProcessCounters) json.Integer(key, snapshot.*member);
  json.Open("zones", '[');
  for (const weir_zone_snapshot& zone : snapshot.zones) WriteZone(zone, &json);
  json.Close(']');
  WriteTypes(snapshot, &json);
  if (!others.empty()) {
    json.Open("sets", '[');
    for (const SetSnapshot& set : others) WriteSet(set, &json);
    json.Close(']');
  }
  json.Open("server", '[');
  for (const Figure& figure : server) WriteFigure(figure, &json);
  json.Close(']');
  json.Close('}');
  out += '\n';
  return out;
}

}  // namespace weir
