#include "weir/chain/report.h"

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "weir/alloc/pools.h"
#include "weir/chain/weir.h"
#include "weir/stats/text.h"

namespace weir {

void ReportAtExit() {
  const char* wanted = getenv("WEIR_STATS");
  if (wanted == nullptr || std::string_view(wanted) == "0" || StartedNs() == 0) return;
  if (std::string_view(wanted) != "1") {
    fprintf(stderr, "weir: WEIR_STATS: '%s' is not 0 or 1\n", wanted);
    return;
  }
  struct weir_snapshot snapshot;
  weir_snapshot(&snapshot);
  fputs(RenderText(snapshot).c_str(), stderr);
}

}  // namespace weir
