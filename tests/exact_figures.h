// The figures of a set of zones by name, whoever told them: weir_snapshot, the Prometheus text or
// the JSON of an exporter. And what must be true of them when a process is quiet.
#ifndef WEIR_TESTS_EXACT_FIGURES_H_
#define WEIR_TESTS_EXACT_FIGURES_H_

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "weir/stats/snapshot.h"
#include "weir/stats/zone_fields.h"

namespace weir {

// "cluster.in_use", "types.data", "drops" ...
using FigureMap = std::map<std::string, int64_t>;

inline std::string TypeName(int type) {
  const char* name = weir_type_name(type);
  return "types." + (name != nullptr ? std::string(name) : std::to_string(type));
}

inline FigureMap FiguresOf(const weir_snapshot& s) {
  FigureMap f;
  for (const weir_zone_snapshot& zone : s.zones) {
    const std::string name = std::string(zone.name) + ".";
    for (const auto& [key, member] : kZoneGauges) f[name + key] = zone.*member;
    for (const auto& [key, member] : kZoneCounters) {
      f[name + key] = static_cast<int64_t>(zone.*member);
    }
    f[name + "wait_count"] = static_cast<int64_t>(zone.wait_count);
  }
  for (int type = 0; type < WEIR_NTYPES; ++type) {
    if (s.types[type] != 0) f[TypeName(type)] = s.types[type];
  }
  for (const auto& [key, member] : kSetCounters) f[key] = static_cast<int64_t>(s.*member);
  for (const auto& [key, member] : kProcessCounters) f[key] = static_cast<int64_t>(s.*member);
  return f;
}

// Of the set of that name in what /stats.json served; empty if it is not there.
inline FigureMap FiguresOfJson(const std::string& text, const std::string& set) {
  const nlohmann::json all = nlohmann::json::parse(text, nullptr, false);
  if (!all.is_object()) return {};
  nlohmann::json one = all;
  if (set != "default") {
    one = {};
    for (const auto& other : all["sets"]) {
      if (other["name"] == set) one = other;
    }
    if (one.empty()) return {};
  }
  FigureMap f;
  for (const auto& zone : one["zones"]) {
    const std::string name = zone["name"].get<std::string>() + ".";
    for (const auto& [key, member] : kZoneGauges) f[name + key] = zone[key];
    for (const auto& [key, member] : kZoneCounters) f[name + key] = zone[key];
    f[name + "wait_count"] = zone["wait"]["count"];
  }
  for (const auto& [type, count] : one["types"].items()) {
    if (count != 0) f["types." + type] = count;
  }
  for (const auto& [key, member] : kSetCounters) f[key] = one[key];
  if (set != "default") return f;
  for (const auto& [key, member] : kProcessCounters) f[key] = all[key];
  return f;
}

// The same of /metrics, as far as it tells.
inline FigureMap FiguresOfPrometheus(const std::string& text, const std::string& set) {
  static const std::map<std::string, std::string> kOfZone = {
      {"weir_in_use", "in_use"},
      {"weir_limit", "limit"},
      {"weir_low_water", "low_water"},
      {"weir_object_bytes", "size"},
      {"weir_waiting", "waiting"},
      {"weir_allocations_total", "allocs"},
      {"weir_frees_total", "frees"},
      {"weir_allocation_failures_total", "failures"},
      {"weir_waits_total", "waits"},
      {"weir_recalls_total", "recalls"},
      {"weir_recalled_objects_total", "recalled_objects"},
      {"weir_cache_refills_total", "refills"},
      {"weir_cache_flushes_total", "flushes"},
      {"weir_wait_seconds_count", "wait_count"}};
  static const std::map<std::string, std::string> kOfSet = {
      {"weir_requests_denied_total", "drops"}, {"weir_requests_delayed_total", "waits"}};
  static const std::map<std::string, std::string> kOfProcess = {
      {"weir_copy_failures_total", "copy_failures"},
      {"weir_pullup_failures_total", "pullup_failures"}};
  FigureMap f;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == '#') continue;
    const size_t space = line.rfind(' ');
    const std::string name = line.substr(0, line.find_first_of("{ "));
    const int64_t value = std::strtoll(line.c_str() + space, nullptr, 10);
    const auto label = [&line](const std::string& key) {
      const size_t at = line.find(key + "=\"");
      if (at == line.npos) return std::string();
      const size_t from = at + key.size() + 2;
      return line.substr(from, line.find('"', from) - from);
    };
    if (const auto it = kOfProcess.find(name); it != kOfProcess.end()) {
      if (set == "default") f[it->second] = value;
      continue;
    }
    if (label("set") != set) continue;
    const std::string zone = label("zone") + ".";
    if (const auto it = kOfZone.find(name); it != kOfZone.end()) {
      f[zone + it->second] = value;
      if (it->second == "in_use") f[zone + "total"] += value;
    } else if (const auto it = kOfSet.find(name); it != kOfSet.end()) {
      f[it->second] = value;
    } else if (name == "weir_cached") {
      f[zone + "cached_" + label("where")] = value;
      f[zone + "total"] += value;
    } else if (name == "weir_memory_bytes") {
      f[zone + "bytes"] += value;
    } else if (name == "weir_mbufs" && value != 0) {
      f["types." + label("type")] = value;
    } else if (name == "weir_drains_total" || name == "weir_drained_objects_total") {
      f[name == "weir_drains_total" ? "drains" : "drained_objects"] += value;
      if (zone != "any.") {
        f[zone + (name == "weir_drains_total" ? "drains" : "drained_objects")] = value;
      }
    }
  }
  return f;
}

// What does not add up, a line each; empty if all does.
inline std::string BadSums(const FigureMap& f) {
  std::ostringstream bad;
  const auto at = [&](const std::string& key) {
    const auto it = f.find(key);
    if (it == f.end()) bad << key << " is not told\n";
    return it == f.end() ? 0 : it->second;
  };
  for (int zone = 0; zone < WEIR_NZONES; ++zone) {
    const std::string name = weir_zone_name(zone);
    const auto of = [&](const char* key) { return at(name + "." + key); };
    const auto same = [&](const char* what, int64_t a, int64_t b) {
      if (a != b) bad << name << ": " << what << ": " << a << " and " << b << "\n";
    };
    same("allocs - frees, in_use", of("allocs") - of("frees"), of("in_use"));
    same("in_use and cached, total",
         of("in_use") + of("cached_thread") + of("cached_depot") + of("cached_slab"), of("total"));
    same("waits, those that are over", of("waits"), of("wait_count"));
    same("waiting, nobody", of("waiting"), 0);
    if (of("limit") != 0 && of("total") > of("limit")) bad << name << ": above its limit\n";
    if (of("total") * of("size") > of("bytes")) bad << name << ": more objects than bytes\n";
  }
  int64_t types = 0;
  for (auto it = f.lower_bound("types."); it != f.end() && it->first.starts_with("types."); ++it) {
    types += it->second;
  }
  if (types != at("mbuf.in_use")) bad << "types: " << types << " mbufs in use\n";
  return bad.str();
}

// A figure that never is, whatever goes on; empty if there is none.
inline std::string Impossible(const FigureMap& f) {
  std::string bad;
  const auto add = [&bad, &f](const std::string& what, const std::string& than) {
    if (!bad.empty()) return;
    bad = what + " is " + std::to_string(f.at(what));
    if (!than.empty()) bad += ", " + than + " is " + std::to_string(f.at(than));
  };
  for (const auto& [key, value] : f) {
    if (value < 0) add(key, "");
  }
  for (int zone = 0; zone < WEIR_NZONES; ++zone) {
    const std::string name = std::string(weir_zone_name(zone)) + ".";
    if (f.at(name + "frees") > f.at(name + "allocs")) add(name + "frees", name + "allocs");
    const int64_t limit = f.at(name + "limit");
    if (limit != 0 && f.at(name + "total") > limit) add(name + "total", name + "limit");
  }
  return bad;
}

// Which of the figures `wanted` are others in `told`, a line each.
inline std::string Differences(const FigureMap& wanted, const FigureMap& told) {
  std::ostringstream bad;
  for (const auto& [key, value] : wanted) {
    const auto it = told.find(key);
    const int64_t is = it == told.end() ? 0 : it->second;
    if (is != value) bad << key << ": " << is << " instead of " << value << "\n";
  }
  for (const auto& [key, value] : told) {
    if (key.starts_with("types.") && !wanted.contains(key)) bad << key << ": " << value << "\n";
  }
  return bad.str();
}

}  // namespace weir

#endif  // WEIR_TESTS_EXACT_FIGURES_H_
