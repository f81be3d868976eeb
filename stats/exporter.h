// An HTTP server for the figures of weir and of the program around it: one thread, loopback or a
// UNIX socket unless told otherwise, read-only, bounded in everything that a client can ask for.
//
//   weir::Exporter::Options options;
//   options.port = 9091;
//   options.snapshot = weir_snapshot;
//   std::string error;
//   auto exporter = weir::Exporter::Start(options, &error);
//   if (!exporter) return Fail(error);
//
//   /            a page that shows pools, limits and rates live; needs nothing from elsewhere
//   /metrics     Prometheus text 0.0.4, or OpenMetrics 1.0 for a client that asks for it (Accept)
//   /stats.json  the snapshot as JSON (keys: stats/json.h)
//   /stats.txt   the snapshot as netstat -m prints it
//   /holders     who holds what, as text; /holders.json, the same as JSON (keys:
//                stats/holders_json.h). ?older=SECONDS: only what was allocated so long ago
//   /healthz     200 "ok", or 503 and the reason
//
// There is no authentication: whoever reaches the address may read. Bind it to loopback or to a
// network of your own. A UNIX socket is for the program's own user, until you chmod it.
//
// Thread rule: Start and the destructor may be called from any thread. The callbacks in Options
// run on the exporter's thread, one at a time, while the exporter lives; not after its destructor
// has returned. They should be quick, as other requests wait meanwhile. One that throws costs
// its request a status of 500, nothing else. After fork() the child has no such thread: it must
// leave the exporter alone and end with exec or _exit.
#ifndef WEIR_STATS_EXPORTER_H_
#define WEIR_STATS_EXPORTER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "weir/stats/figure.h"
#include "weir/stats/holders.h"
#include "weir/stats/prometheus_text.h"
#include "weir/stats/set_snapshot.h"
#include "weir/stats/snapshot.h"

namespace weir {

class Exporter {
 public:
  struct Options {
    std::string address = "127.0.0.1";  // an IPv4 or IPv6 address, in figures
    uint16_t port = 0;                  // 0: the system picks one; see port()
    std::string unix_path;              // if not empty: a socket there instead, mode 0600
    std::string title = "weir";         // heading of the page

    void (*snapshot)(struct weir_snapshot*) = nullptr;  // required
    std::function<std::vector<SetSnapshot>()> sets;     // other sets of zones than the default
    std::function<void(PrometheusText&)> metrics;       // adds metrics to /metrics
    std::function<std::vector<Figure>()> figures;       // adds figures to page and JSON
    std::function<bool(std::string* reason)> healthy;   // false, with a reason: 503

    HoldersFunction holders = nullptr;       // weir_holders: who holds what is told
    int64_t (*holders_sampled)() = nullptr;  // weir_holders_sampled, with it

    unsigned max_connections = 64;         // at once; more are closed as they come
    unsigned max_connections_per_ip = 32;  // likewise
    unsigned timeout_seconds = 10;         // without progress, then the connection is closed
    size_t connection_bytes = 16 * 1024;   // memory a connection may take for its request
  };

  // Null when it cannot start; *error then says what failed, with address and port, or path. A
  // socket file that nobody listens on any more is replaced; no other file is.
  static std::unique_ptr<Exporter> Start(Options options, std::string* error);

  // Stops listening, ends what is under way, joins the thread, removes the socket file.
  ~Exporter();
  Exporter(const Exporter&) = delete;
  Exporter& operator=(const Exporter&) = delete;

  uint16_t port() const { return port_; }  // as bound; 0: a UNIX socket
  // Of the page: "http://127.0.0.1:9091/"; or "unix:" and the path.
  const std::string& url() const { return url_; }

 private:
  class Daemon;

  Exporter(std::unique_ptr<Daemon> daemon, uint16_t port, std::string url);

  std::unique_ptr<Daemon> daemon_;
  uint16_t port_;
  std::string url_;
};

}  // namespace weir

#endif  // WEIR_STATS_EXPORTER_H_
