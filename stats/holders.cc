#include "weir/stats/holders.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <map>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>

#include "weir/stats/append.h"
#include "weir/stats/snapshot.h"

// No Abseil here: libweir itself prints this at exit, and needs nothing but jemalloc.

namespace weir {
namespace {

std::vector<void*> CallsOf(const weir_held& held) {
  return std::vector<void*>(held.calls, held.calls + held.depth);
}

class Grouping {
 public:
  explicit Grouping(int64_t least_age_ns) : least_age_ns_(least_age_ns) {}

  static void Visit(void* self, const weir_held* held) {
    static_cast<Grouping*>(self)->Add(*held);
  }

  std::vector<HoldersGroup> Take() {
    std::vector<HoldersGroup> groups;
    for (auto& [key, group] : groups_) {
      auto [from, to] = referring_.equal_range(group.object);
      for (; group.zone != WEIR_ZONE_MBUF && from != to; ++from) {
        if (group.held_by.size() == kMostHolders) break;
        group.held_by.emplace_back(from->second.begin(), from->second.end());
      }
      groups.push_back(std::move(group));
    }
    std::stable_sort(groups.begin(), groups.end(),
                     [](const auto& a, const auto& b) { return a.bytes > b.bytes; });
    return groups;
  }

 private:
  void Add(const weir_held& held) {
    if (held.buffer != nullptr) {
      referring_.emplace(held.buffer, Calls(held.calls, static_cast<size_t>(held.depth)));
    }
    if (held.age_ns < least_age_ns_) return;
    HoldersGroup& g = groups_[{held.set, held.zone, CallsOf(held)}];
    if (g.recorded == 0) {
      g.set = held.set;
      g.zone = held.zone;
      g.calls = CallsOf(held);
      g.youngest_ns = held.age_ns;
    }
    ++g.recorded;
    g.objects += held.stands_for;
    g.bytes += held.stands_for * static_cast<uint64_t>(held.bytes);
    if (held.holders > 1) ++g.shared;
    g.youngest_ns = std::min(g.youngest_ns, held.age_ns);
    if (g.recorded != 1 && held.age_ns <= g.oldest_ns) return;
    g.oldest_ns = held.age_ns;
    g.object = held.object;
    g.thread = held.thread;
    g.holders = held.holders;
    g.where = held.where;
    g.where_age_ns = held.where_age_ns;
    g.history.clear();
    for (const char* const* h = held.history; *h != nullptr; ++h) g.history.push_back(*h);
  }

  using Calls = std::span<void* const>;
  static constexpr size_t kMostHolders = 16;  // that are told of

  const int64_t least_age_ns_;
  std::map<std::tuple<std::string, int, std::vector<void*>>, HoldersGroup> groups_;
  std::multimap<const void*, Calls> referring_;
};

std::string Age(int64_t ns) {
  char text[32];
  const double s = static_cast<double>(ns) / 1e9;
  if (s < 120) {
    snprintf(text, sizeof text, "%.1f s", s);
  } else if (s < 7200) {
    snprintf(text, sizeof text, "%.0f min", s / 60);
  } else {
    snprintf(text, sizeof text, "%.1f h", s / 3600);
  }
  return text;
}

std::string Size(uint64_t bytes) {
  char text[32];
  const double kib = static_cast<double>(bytes) / 1024;
  if (kib < 1024) {
    snprintf(text, sizeof text, "%.1f KiB", kib);
  } else if (kib < 1024 * 1024) {
    snprintf(text, sizeof text, "%.1f MiB", kib / 1024);
  } else {
    snprintf(text, sizeof text, "%.1f GiB", kib / 1024 / 1024);
  }
  return text;
}

// Frames of weir itself in front of the function that called it say nothing.
bool Inside(std::string_view name) {
  for (std::string_view start : {"weir::", "weir::(anonymous namespace)::"}) {
    if (!name.starts_with(start)) continue;
    const std::string_view rest = name.substr(start.size());
    for (const char* own : {"CallingStack(", "Record(", "GetFrom(", "GetClusterFrom(",
                            "GetSizeFrom(", "GetSlow(", "GetClusterSlow(", "GetJumboSlow(",
                            "GetSizeSlow(", "FinishJumbo(", "WithCluster(", "AddClusterSlow(",
                            "InitPacket("}) {
      if (rest.starts_with(own)) return true;
    }
  }
  return false;
}

void AppendCalls(const std::vector<void*>& calls, NameFunction name, std::string* out) {
  for (const std::string& line : NameCalls(calls, name)) *out += "      " + line + "\n";
}

void AppendGroup(const HoldersGroup& g, NameFunction name, std::string* out) {
  Append(out, "%" PRIu64 " x %s, %s", g.objects, weir_zone_name(g.zone), Size(g.bytes).c_str());
  if (g.set != "default") *out += " of set " + g.set;
  Append(out, " (%" PRIu64 " recorded, %s to %s old), allocated by\n", g.recorded,
         Age(g.youngest_ns).c_str(), Age(g.oldest_ns).c_str());
  AppendCalls(g.calls, name, out);
  if (g.shared != 0) {
    Append(out, "    %" PRIu64 " of those recorded are shared\n", g.shared);
  }
  Append(out, "    the oldest: %p, by thread %d", g.object, g.thread);
  if (g.where != nullptr) {
    *out += std::string("; last touched: ") + g.where + ", " + Age(g.where_age_ns) + " ago";
  }
  *out += "\n";
  if (g.history.size() > 1) {
    *out += "    what became of it:";
    const char* between = " ";
    for (const char* event : g.history) *out += std::exchange(between, ", ") + std::string(event);
    *out += "\n";
  }
  if (g.holders > 1) Append(out, "    %u mbufs hold it\n", g.holders);
  for (const auto& calls : g.held_by) {
    *out += "    one that holds it was allocated by\n";
    AppendCalls(calls, name, out);
  }
}

}  // namespace

Holders GroupHolders(HoldersFunction all, int64_t least_age_ns) {
  Grouping grouping(least_age_ns);
  Holders holders;
  holders.unrecorded = all(&Grouping::Visit, &grouping);
  holders.groups = grouping.Take();
  return holders;
}

std::vector<std::string> NameCalls(const std::vector<void*>& calls, NameFunction name) {
  std::vector<std::string> lines;
  for (const void* call : calls) {
    char text[512];
    if (!name(call, text, sizeof text)) snprintf(text, sizeof text, "%p", call);
    if (lines.empty() && Inside(text)) continue;
    lines.emplace_back(text);
  }
  return lines;
}

std::string RenderHolders(const Holders& holders, int64_t one_in, NameFunction name, size_t most) {
  std::string out;
  uint64_t recorded = 0, objects = 0, bytes = 0;
  for (const HoldersGroup& g : holders.groups) {
    recorded += g.recorded;
    objects += g.objects;
    bytes += g.bytes;
  }
  if (one_in == 0) {
    out += "Allocations are not being recorded.\n";
  } else {
    Append(&out, "One in %" PRId64 " allocations is recorded.\n", one_in);
  }
  Append(&out,
         "%" PRIu64 " recorded buffers are in use and stand for %" PRIu64 ", %s, in %zu groups.\n",
         recorded, objects, Size(bytes).c_str(), holders.groups.size());
  if (holders.unrecorded != 0) {
    Append(&out, "%" PRIu64 " were not recorded for want of room.\n", holders.unrecorded);
  }
  for (size_t i = 0; i < holders.groups.size(); ++i) {
    out += "\n";
    if (i == most) {
      Append(&out, "and %zu smaller groups\n", holders.groups.size() - most);
      break;
    }
    AppendGroup(holders.groups[i], name, &out);
  }
  return out;
}

}  // namespace weir
