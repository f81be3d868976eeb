#include "weir/stats/read_json.h"

#include <cmath>
#include <cstdint>
#include <exception>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "weir/stats/zone_fields.h"

namespace weir {
namespace {

using nlohmann::json;

constexpr size_t kMostNesting = 16;
constexpr size_t kLongestVersion = 64;

struct Wrong : std::runtime_error {
  using runtime_error::runtime_error;
};

std::string Shown(std::string_view text) {
  return absl::StrCat("'", absl::CHexEscape(std::string(text.substr(0, 40))),
                      text.size() > 40 ? "..." : "", "'");
}

// The parser takes the last of equal keys and any depth; RFC 8259 lets it, we do not.
class Strictness {
 public:
  bool operator()(int /*depth*/, json::parse_event_t event, json& parsed) {
    using Event = json::parse_event_t;
    if (event == Event::object_start || event == Event::array_start) {
      if (keys_.size() == kMostNesting) throw Wrong("it is nested too deeply");
      keys_.emplace_back();
    } else if (event == Event::object_end || event == Event::array_end) {
      keys_.pop_back();
    } else if (event == Event::key) {
      const auto& name = parsed.get_ref<const std::string&>();
      if (!keys_.back().insert(name).second) throw Wrong("key " + Shown(name) + " is there twice");
    }
    return true;
  }

 private:
  std::vector<std::set<std::string>> keys_;
};

// A value and how it is called, "zones.cluster.limit", in what is said of it.
class Node {
 public:
  Node(const json& value, std::string name) : value_(value), name_(std::move(name)) {}

  [[noreturn]] void Fail(const char* what) const { throw Wrong(absl::StrCat(name_, " ", what)); }

  Node operator[](const char* key) const {
    const std::string name = name_.empty() ? key : absl::StrCat(name_, ".", key);
    const auto found = value_.is_object() ? value_.find(key) : value_.end();
    if (!value_.is_object() || found == value_.end()) throw Wrong(name + " is missing");
    return Node(*found, name);
  }

  uint64_t Counter() const {
    if (!value_.is_number_unsigned()) Fail("is not a whole number from 0 to 2^64 - 1");
    return value_.get<uint64_t>();
  }
  int64_t Gauge() const {
    constexpr auto kMost = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
    if (!value_.is_number_unsigned() || value_.get<uint64_t>() > kMost) {
      Fail("is not a whole number from 0 to 2^63 - 1");
    }
    return value_.get<int64_t>();
  }
  double Real() const {
    const double real = value_.is_number() ? value_.get<double>() : -1;
    if (!(real >= 0) || !std::isfinite(real)) Fail("is not a number from 0");
    return real;
  }
  uint64_t Nanoseconds() const {
    constexpr double kMost = 18.4e9;  // what 64 bits hold
    const double seconds = Real();
    if (seconds > kMost) Fail("is not a number of seconds from 0 to 18400000000");
    return static_cast<uint64_t>(std::round(seconds * 1e9));
  }
  const std::string& Text() const {
    if (!value_.is_string()) Fail("is not a string");
    return value_.get_ref<const std::string&>();
  }
  const json& Array(size_t least, size_t most) const {
    if (!value_.is_array() || value_.size() < least || value_.size() > most) {
      Fail("is not an array of the right length");
    }
    return value_;
  }
  const json& Object() const {
    if (!value_.is_object()) Fail("is not an object");
    return value_;
  }
  const std::string& name() const { return name_; }

 private:
  const json& value_;
  const std::string name_;
};

void ReadWait(const Node& wait, weir_zone_snapshot* zone) {
  const Node bounds = wait["bounds_seconds"], counts = wait["counts"];
  const json& all_bounds = bounds.Array(WEIR_WAIT_BUCKETS, WEIR_WAIT_BUCKETS);
  const json& all_counts = counts.Array(WEIR_WAIT_BUCKETS, WEIR_WAIT_BUCKETS);
  for (int i = 0; i < WEIR_WAIT_BUCKETS; ++i) {
    const auto at = static_cast<size_t>(i);
    const Node bound(all_bounds[at], absl::StrCat(bounds.name(), ".", i));
    if (bound.Nanoseconds() != weir_wait_bound_ns(i)) bound.Fail("is another bound than ours");
    zone->wait_buckets[i] = Node(all_counts[at], absl::StrCat(counts.name(), ".", i)).Counter();
  }
  zone->wait_count = wait["count"].Counter();
  zone->wait_sum_ns = wait["sum_seconds"].Nanoseconds();
}

void ReadZone(const Node& node, weir_zone_snapshot* zone) {
  for (const auto& [key, member] : kZoneGauges) zone->*member = node[key].Gauge();
  for (const auto& [key, member] : kZoneCounters) zone->*member = node[key].Counter();
  ReadWait(node["wait"], zone);
}

// Zones are known by their names; others may come.
void ReadZones(const Node& zones, weir_snapshot* figures) {
  bool seen[WEIR_NZONES] = {};
  for (const json& each : zones.Array(WEIR_NZONES, 64)) {
    const std::string& name = Node(each, zones.name())["name"].Text();
    for (int i = 0; i < WEIR_NZONES; ++i) {
      if (name != weir_zone_name(i)) continue;
      const Node node(each, absl::StrCat(zones.name(), ".", name));
      if (seen[i]) node.Fail("is there twice");
      seen[i] = true;
      ReadZone(node, &figures->zones[i]);
    }
  }
  for (int i = 0; i < WEIR_NZONES; ++i) {
    if (!seen[i]) throw Wrong(absl::StrCat(zones.name(), ".", weir_zone_name(i), " is missing"));
  }
}

int TypeOf(const std::string& key) {
  for (int type = 0; type < WEIR_NTYPES; ++type) {
    const char* name = weir_type_name(type);
    if (key == (name != nullptr ? std::string(name) : absl::StrCat(type))) return type;
  }
  throw Wrong("types: " + Shown(key) + " is no type of mbuf");
}

void ReadTypes(const Node& types, weir_snapshot* figures) {
  for (const auto& [key, count] : types.Object().items()) {
    const int type = TypeOf(key);
    figures->types[type] = Node(count, absl::StrCat(types.name(), ".", key)).Gauge();
  }
  for (int type = 1; weir_type_name(type) != nullptr; ++type) types[weir_type_name(type)];
}

// What the program adds is passed on by nobody, but must be what the description says.
void CheckServer(const Node& server) {
  for (const json& each : server.Array(0, std::numeric_limits<size_t>::max())) {
    const Node figure(each, server.name());
    figure["name"].Text();
    const std::string& kind = figure["kind"].Text();
    if (kind != "gauge" && kind != "counter") figure["kind"].Fail("is not gauge or counter");
    const std::string& unit = figure["unit"].Text();
    if (!unit.empty() && unit != "bytes" && unit != "seconds") {
      figure["unit"].Fail("is not bytes or seconds");
    }
    figure["value"];
  }
}

void ReadVersion(const Node& node, ReadSnapshot* snapshot) {
  snapshot->version = node.Text();
  bool good = !snapshot->version.empty() && snapshot->version.size() <= kLongestVersion;
  for (char c : snapshot->version) good = good && c > ' ' && c < '\x7f';
  if (!good) node.Fail("is not 1 to 64 letters and figures");
  snapshot->figures.version = snapshot->version.c_str();
}

void Read(const Node& root, ReadSnapshot* snapshot) {
  if (root["schema"].Counter() != 1) root["schema"].Fail("is not 1, the only one known");
  weir_snapshot* figures = &snapshot->figures;
  weir_snapshot_clear(figures);
  ReadVersion(root["version"], snapshot);
  figures->uptime_ns = root["uptime_seconds"].Nanoseconds();
  figures->threads = root["threads"].Gauge();
  root["memory_bytes"].Gauge();
  for (const auto& [key, member] : kSetCounters) figures->*member = root[key].Counter();
  for (const auto& [key, member] : kProcessCounters) figures->*member = root[key].Counter();
  ReadZones(root["zones"], figures);
  ReadTypes(root["types"], figures);
  CheckServer(root["server"]);
}

}  // namespace

bool ReadJson(std::string_view text, ReadSnapshot* snapshot, std::string* error) {
  try {
    const json root = json::parse(text, Strictness());
    Read(Node(root, ""), snapshot);
    return true;
  } catch (const Wrong& wrong) {
    *error = wrong.what();
  } catch (const json::exception& wrong) {  // says what it read, byte for byte
    *error = absl::StrCat("it is not JSON: ", Shown(text));
  } catch (const std::exception& wrong) {
    *error = wrong.what();
  }
  return false;
}

}  // namespace weir
