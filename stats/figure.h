// One figure of the program around weir (connections, keys, commands) that the exporter shows
// beside the pools, on its page and in /stats.json.
#ifndef WEIR_STATS_FIGURE_H_
#define WEIR_STATS_FIGURE_H_

#include <string>

namespace weir {

struct Figure {
  enum class Kind {
    kGauge,    // goes up and down; shown as it is
    kCounter,  // only grows; shown as a rate per second
  };
  enum class Unit { kNone, kBytes, kSeconds };

  std::string name;  // as people read it: "connections", "commands"
  double value = 0;
  Kind kind = Kind::kGauge;
  Unit unit = Unit::kNone;
};

}  // namespace weir

#endif  // WEIR_STATS_FIGURE_H_
