// The command line of mbstat.
#ifndef WEIR_STATS_MBSTAT_OPTIONS_H_
#define WEIR_STATS_MBSTAT_OPTIONS_H_

#include <chrono>
#include <cstdint>
#include <string>

#include "weir/stats/target.h"

namespace weir {

struct MbstatOptions {
  enum Show { kText, kZones, kRates, kHolders, kJson, kPrometheus };

  Show show = kText;
  std::chrono::milliseconds period{0};      // of kRates
  int64_t count = 0;                        // lines of kRates; 0: without end
  std::chrono::milliseconds older{0};       // of kHolders
  std::chrono::milliseconds timeout{5000};  // for each request
  Target target;
  bool help = false;
};

std::string MbstatHelp();

// False with *error set, which names the option, the value and the range.
bool ParseMbstatOptions(int argc, char** argv, MbstatOptions* options, std::string* error);

}  // namespace weir

#endif  // WEIR_STATS_MBSTAT_OPTIONS_H_
