// Serves /metrics and the page: weir's own figures, and the server's beside them.
#ifndef WEIR_SERVER_METRICS_H_
#define WEIR_SERVER_METRICS_H_

#include <memory>
#include <string>

#include "weir/server/shared.h"

namespace weir {
class Exporter;
}

namespace weir::server {

class Metrics {
 public:
  // On the metrics socket of shared.options, or else its address and metrics port. Null, with
  // *error, if it cannot.
  static std::unique_ptr<Metrics> Start(Shared& shared, std::string* error);
  ~Metrics();

  // Of the page; "unix:" and the path for a socket.
  const std::string& url() const;

 private:
  explicit Metrics(std::unique_ptr<Exporter> exporter);

  std::unique_ptr<Exporter> exporter_;
};

}  // namespace weir::server

#endif  // WEIR_SERVER_METRICS_H_
