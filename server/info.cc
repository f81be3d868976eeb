#include "weir/server/info.h"

#include <unistd.h>

#include "weir/server/number.h"
#include "weir/server/text.h"
#include "weir/stats/snapshot.h"

namespace weir::server {
namespace {

class Lines {
 public:
  explicit Lines(std::string_view heading) { text_ = Concat("# ", heading, "\r\n"); }
  Lines& Add(std::string_view name, std::string_view value) {
    text_ += Concat(name, ":", value, "\r\n");
    return *this;
  }
  Lines& Add(std::string_view name, int64_t value) { return Add(name, Decimal(value).view()); }
  Lines& Add(std::string_view name, uint64_t value) {
    return Add(name, static_cast<int64_t>(value));
  }
  std::string text() const { return text_; }

 private:
  std::string text_;
};

std::string Server(const Shared& shared, int64_t now_ms) {
  int64_t uptime = (now_ms - shared.started_ms) / 1000;
  return Lines("Server")
      .Add("redis_version", "7.0.0")  // whose replies these are
      .Add("server_name", "weir-server")
      .Add("redis_mode", "standalone")
      .Add("arch_bits", int64_t{64})
      .Add("multiplexing_api", "epoll")
      .Add("process_id", static_cast<int64_t>(getpid()))
      .Add("run_id", shared.run_id)
      .Add("tcp_port", static_cast<int64_t>(shared.port))
      .Add("uptime_in_seconds", uptime)
      .Add("uptime_in_days", uptime / 86400)
      .Add("io_threads_active", shared.options.threads)
      .text();
}

std::string Clients(const Shared& shared) {
  return Lines("Clients")
      .Add("connected_clients", shared.clients.load(std::memory_order_relaxed))
      .Add("maxclients", shared.options.max_clients)
      .text();
}

std::string MemoryUse(Shared& shared) {
  return Lines("Memory")
      .Add("used_memory", shared.memory.used())
      .Add("used_memory_text", static_cast<int64_t>(shared.store.text_bytes()))
      .Add("maxmemory", shared.memory.max())
      .Add("maxmemory_policy", "allkeys-lru")
      .Add("mem_allocator", "weir")
      .text();
}

std::string Stats(const Shared& shared) {
  Sums sums = SumCounters(shared);
  return Lines("Stats")
      .Add("total_connections_received", sums.connections)
      .Add("total_commands_processed", sums.commands)
      .Add("total_net_input_bytes", sums.bytes_in)
      .Add("total_net_output_bytes", sums.bytes_out)
      .Add("rejected_connections", sums.refused)
      .Add("expired_keys", shared.store.expired())
      .Add("evicted_keys", shared.store.evictions())
      .Add("keyspace_hits", sums.hits)
      .Add("keyspace_misses", sums.misses)
      .Add("pubsub_channels", static_cast<int64_t>(shared.channels.count(kChannel)))
      .Add("pubsub_patterns", static_cast<int64_t>(shared.channels.count(kPattern)))
      .Add("client_output_buffer_limit_disconnections", sums.cutoffs)
      .text();
}

std::string Keyspace(Shared& shared) {
  Store::Totals totals = shared.store.totals();
  Lines lines("Keyspace");
  if (totals.keys > 0) {
    lines.Add("db0", Concat("keys=", Decimal(static_cast<int64_t>(totals.keys)).view(),
                            ",expires=", Decimal(static_cast<int64_t>(totals.expiring)).view(),
                            ",avg_ttl=0"));
  }
  return lines.text();
}

}  // namespace

Sums SumCounters(const Shared& shared) {
  Sums sums;
  for (const auto& local : shared.locals) {
    const Counters& c = local->counters;
    sums.connections += c.connections_accepted.Read();
    sums.refused += c.connections_refused.Read();
    sums.commands += c.commands.Read();
    sums.hits += c.hits.Read();
    sums.misses += c.misses.Read();
    sums.bytes_in += c.bytes_in.Read();
    sums.bytes_out += c.bytes_out.Read();
    sums.messages += c.messages_delivered.Read();
    sums.cutoffs += c.output_cutoffs.Read();
    sums.memory_waits += c.memory_waits.Read();
    sums.memory_refusals += c.memory_refusals.Read();
  }
  return sums;
}

std::string InfoSection(Shared& shared, std::string_view section, int64_t now_ms) {
  if (section == "server") return Server(shared, now_ms);
  if (section == "clients") return Clients(shared);
  if (section == "memory") return MemoryUse(shared);
  if (section == "stats") return Stats(shared);
  if (section == "keyspace") return Keyspace(shared);
  return "";
}

}  // namespace weir::server
