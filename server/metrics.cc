#include "weir/server/metrics.h"

#include <utility>
#include <vector>

#include "weir/chain/holders.h"
#include "weir/chain/weir.h"
#include "weir/server/info.h"
#include "weir/stats/exporter.h"
#include "weir/stats/figure.h"
#include "weir/stats/prometheus_text.h"

namespace weir::server {
namespace {

// One figure, for both the page and /metrics.
struct Metric {
  const char* name;   // of the metric
  const char* title;  // on the page
  const char* help;
  Figure::Kind kind;
  Figure::Unit unit;
  double value;
};

std::vector<Metric> Collect(Shared& shared) {
  using enum Figure::Kind;
  using enum Figure::Unit;
  Sums sums = SumCounters(shared);
  Store::Totals totals = shared.store.totals();
  auto number = [](auto n) { return static_cast<double>(n); };
  return {
      {"weir_server_connections", "connections", "Clients connected.", kGauge, kNone,
       number(shared.clients.load(std::memory_order_relaxed))},
      {"weir_server_connections_accepted_total", "connections accepted", "Connections accepted.",
       kCounter, kNone, number(sums.connections)},
      {"weir_server_connections_refused_total", "connections refused",
       "Connections refused at --max-clients.", kCounter, kNone, number(sums.refused)},
      {"weir_server_commands_total", "commands", "Commands executed.", kCounter, kNone,
       number(sums.commands)},
      {"weir_server_received_bytes_total", "received", "Bytes read from clients.", kCounter, kBytes,
       number(sums.bytes_in)},
      {"weir_server_sent_bytes_total", "sent", "Bytes sent to clients.", kCounter, kBytes,
       number(sums.bytes_out)},
      {"weir_server_keys", "keys", "Keys stored.", kGauge, kNone, number(totals.keys)},
      {"weir_server_expiring_keys", "keys that expire", "Keys stored that have an expiry.", kGauge,
       kNone, number(totals.expiring)},
      {"weir_server_hits_total", "hits", "Keys that were looked for and found.", kCounter, kNone,
       number(sums.hits)},
      {"weir_server_misses_total", "misses", "Keys that were looked for and not found.", kCounter,
       kNone, number(sums.misses)},
      {"weir_server_evictions_total", "evictions", "Keys removed to make room for others.",
       kCounter, kNone, number(shared.store.evictions())},
      {"weir_server_expired_total", "expired", "Keys removed because their time had come.",
       kCounter, kNone, number(shared.store.expired())},
      {"weir_server_text_bytes", "keys and small values",
       "Memory of keys, small values and tables, outside of mbufs.", kGauge, kBytes,
       number(shared.store.text_bytes())},
      {"weir_server_max_memory_bytes", "memory limit", "What --max-memory allows.", kGauge, kBytes,
       number(shared.memory.max())},
      {"weir_server_channels", "channels", "Channels that have subscribers.", kGauge, kNone,
       number(shared.channels.count(kChannel))},
      {"weir_server_patterns", "patterns", "Patterns that have subscribers.", kGauge, kNone,
       number(shared.channels.count(kPattern))},
      {"weir_server_messages_delivered_total", "messages delivered",
       "Published messages handed to subscribers.", kCounter, kNone, number(sums.messages)},
      {"weir_server_output_cutoffs_total", "slow readers cut off",
       "Clients cut off because they read too slowly.", kCounter, kNone, number(sums.cutoffs)},
      {"weir_server_memory_waits_total", "waits for memory",
       "Requests and reads that had to wait for memory.", kCounter, kNone,
       number(sums.memory_waits)},
      {"weir_server_memory_refusals_total", "refused for lack of memory",
       "Requests and reads that failed after waiting for memory.", kCounter, kNone,
       number(sums.memory_refusals)},
  };
}

Exporter::Options OptionsFor(Shared& shared) {
  Exporter::Options options;
  options.address = shared.options.bind;
  options.unix_path = shared.options.metrics_socket;
  if (options.unix_path.empty()) {
    options.port = static_cast<uint16_t>(shared.options.metrics_port);
  }
  options.title = "weir-server";
  options.snapshot = weir_snapshot;
  options.holders = weir_holders;
  options.holders_sampled = weir_holders_sampled;
  options.metrics = [&shared](PrometheusText& text) {
    for (const Metric& m : Collect(shared)) {
      if (m.kind == Figure::Kind::kCounter) {
        text.Counter(m.name, m.help, static_cast<uint64_t>(m.value));
      } else {
        text.Gauge(m.name, m.help, static_cast<int64_t>(m.value));
      }
    }
  };
  options.figures = [&shared] {
    std::vector<Figure> figures;
    for (const Metric& m : Collect(shared)) figures.push_back({m.title, m.value, m.kind, m.unit});
    return figures;
  };
  return options;
}

}  // namespace

Metrics::Metrics(std::unique_ptr<Exporter> exporter) : exporter_(std::move(exporter)) {}
Metrics::~Metrics() = default;

std::unique_ptr<Metrics> Metrics::Start(Shared& shared, std::string* error) {
  auto exporter = Exporter::Start(OptionsFor(shared), error);
  if (exporter == nullptr) return nullptr;
  return std::unique_ptr<Metrics>(new Metrics(std::move(exporter)));
}

const std::string& Metrics::url() const { return exporter_->url(); }

}  // namespace weir::server
