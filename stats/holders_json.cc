#include "weir/stats/holders_json.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"
#include "weir/stats/snapshot.h"

namespace weir {
namespace {

using Json = nlohmann::ordered_json;

double Seconds(int64_t ns) { return static_cast<double>(ns) / 1e9; }

Json OldestOf(const HoldersGroup& g, NameFunction name) {
  Json oldest = {{"object", absl::StrFormat("%p", g.object)},
                 {"thread", g.thread},
                 {"holders", g.holders},
                 {"history", g.history}};
  if (g.where != nullptr) {
    oldest["where"] = g.where;
    oldest["where_seconds"] = Seconds(g.where_age_ns);
  }
  oldest["held_by"] = Json::array();
  for (const auto& calls : g.held_by) oldest["held_by"].push_back(NameCalls(calls, name));
  return oldest;
}

Json GroupOf(const HoldersGroup& g, NameFunction name) {
  return {{"set", g.set},
          {"zone", weir_zone_name(g.zone)},
          {"calls", NameCalls(g.calls, name)},
          {"recorded", g.recorded},
          {"objects", g.objects},
          {"bytes", g.bytes},
          {"shared", g.shared},
          {"oldest_seconds", Seconds(g.oldest_ns)},
          {"youngest_seconds", Seconds(g.youngest_ns)},
          {"oldest", OldestOf(g, name)}};
}

}  // namespace

std::string RenderHoldersJson(const Holders& holders, int64_t one_in, NameFunction name) {
  Json json = {{"schema", 1},
               {"one_in", one_in},
               {"unrecorded", holders.unrecorded},
               {"groups", Json::array()}};
  for (const HoldersGroup& g : holders.groups) json["groups"].push_back(GroupOf(g, name));
  // Names may come from anywhere: what is not UTF-8 is replaced.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace weir
