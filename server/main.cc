// weir-server: a Redis-protocol cache and message broker on mbuf chains.
#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

#include "weir/chain/holders.h"
#include "weir/chain/weir.h"
#include "weir/server/info.h"
#include "weir/server/options.h"
#include "weir/server/server.h"
#include "weir/server/shared.h"
#include "weir/stats/symbols.h"

namespace weir::server {
namespace {

// What is still out after everything should have come back; 0 is what it must be.
long CountLeft() {
  struct weir_snapshot snapshot;
  weir_snapshot(&snapshot);
  long left = 0;
  for (const weir_zone_snapshot& zone : snapshot.zones) {
    left += static_cast<long>(zone.in_use);
    if (zone.in_use == 0) continue;
    std::fprintf(stderr, "weir-server: %ld objects of zone %s did not come back\n",
                 static_cast<long>(zone.in_use), zone.name);
  }
  return left;
}

void Announce(const Server& server, const Options& options) {
  std::printf("weir-server: serving on %s port %u, %ld threads, %ld MiB\n", options.bind.c_str(),
              server.port(), static_cast<long>(options.threads),
              static_cast<long>(options.max_memory >> 20));
  if (!server.metrics_url().empty()) {
    std::printf("weir-server: page and metrics on %s\n", server.metrics_url().c_str());
  }
  std::fflush(stdout);
}

int Serve(const Options& options) {
  // Blocked before any thread starts, so that only sigwait() below sees them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  Sums sums;
  {
    Server server(options);
    std::string error;
    if (!server.Start(&error)) {
      std::fprintf(stderr, "weir-server: %s\n", error.c_str());
      return 1;
    }
    Announce(server, options);
    int signal = 0;
    sigwait(&signals, &signal);
    server.Stop();
    sums = SumCounters(server.shared());
  }
  long left = CountLeft();
  std::printf("weir-server: done: %llu connections, %llu commands, %ld objects left\n",
              static_cast<unsigned long long>(sums.connections),
              static_cast<unsigned long long>(sums.commands), left);
  return left == 0 ? 0 : 1;
}

}  // namespace
}  // namespace weir::server

int main(int argc, char** argv) {
  using weir::server::Parsed;
  weir_holders_names(weir::SymbolizeCall);
  Parsed parsed = weir::server::ParseOptions(std::vector<std::string>(argv + 1, argv + argc));
  switch (parsed.kind) {
    case Parsed::kHelp:
      std::fputs(parsed.text.c_str(), stdout);
      return 0;
    case Parsed::kError:
      std::fprintf(stderr, "weir-server: %s\n", parsed.text.c_str());
      return 2;
    case Parsed::kRun:
      return weir::server::Serve(parsed.options);
  }
}
