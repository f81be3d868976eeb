#include "weir/chain/report.h"

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "weir/alloc/pools.h"
#include "weir/alloc/stack.h"
#include "weir/chain/holders.h"
#include "weir/chain/weir.h"
#include "weir/stats/holders.h"
#include "weir/stats/text.h"

namespace weir {

namespace {

// Whether the environment asks for it.
bool Wanted(const char* variable) {
  const char* text = getenv(variable);
  if (text == nullptr || std::string_view(text) == "0") return false;
  if (std::string_view(text) == "1") return true;
  fprintf(stderr, "weir: %s: '%s' is not 0 or 1\n", variable, text);
  return false;
}

}  // namespace

void ReportAtExit() {
  if (StartedNs() == 0) return;
  if (Wanted("WEIR_STATS")) {
    struct weir_snapshot snapshot;
    weir_snapshot(&snapshot);
    fputs(RenderText(snapshot).c_str(), stderr);
  }
  if (Wanted("WEIR_HOLDERS")) {
    const Holders holders = GroupHolders(weir_holders);
    fputs(RenderHolders(holders, weir_holders_sampled(), CurrentNameCall()).c_str(), stderr);
  }
}

}  // namespace weir
