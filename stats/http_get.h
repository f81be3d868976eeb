// One HTTP request to an exporter, bounded in time and in what it takes in.
#ifndef WEIR_STATS_HTTP_GET_H_
#define WEIR_STATS_HTTP_GET_H_

#include <chrono>
#include <cstddef>
#include <string>

#include "weir/stats/target.h"

namespace weir {

struct HttpLimits {
  std::chrono::milliseconds timeout{5000};  // for all of it, from the look-up of a name on
  size_t header_bytes = 16 * 1024;
  size_t body_bytes = 8 * 1024 * 1024;
};

struct HttpAnswer {
  std::string type;  // the Content-Type
  std::string body;
};

// GETs `path` on a connection of its own. False unless the status is 200 and all of the body came;
// *error then says what was tried and what went wrong, and quotes nothing unprintable.
// The look-up of a host's name, where it is no address, may outlast the timeout by as long as the
// system's resolver takes to give up.
bool HttpGet(const Target& target, const std::string& path, const HttpLimits& limits,
             HttpAnswer* answer, std::string* error);

}  // namespace weir

#endif  // WEIR_STATS_HTTP_GET_H_
