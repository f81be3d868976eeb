// What the server can be told on its command line.
#ifndef WEIR_SERVER_OPTIONS_H_
#define WEIR_SERVER_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace weir::server {

struct Options {
  std::string bind = "127.0.0.1";
  int64_t port = 6379;         // 0: the system picks one
  int64_t metrics_port = 9121;  // 0: the system picks one; -1: none
  std::string metrics_socket;  // path of a UNIX socket in place of the port; empty: none
  int64_t threads = 0;         // 0: one for each processor
  int64_t max_memory = 0;      // bytes; 0: half of what the process may use
  int64_t max_clients = 10000;
  int64_t max_bulk = 512 * 1024 * 1024;  // bytes of one value; less if memory does not allow it
  int64_t output_limit = 32 * 1024 * 1024;  // bytes queued for a client before it is cut off
  int64_t write_timeout_s = 60;  // without progress, then a client that does not read is cut off
  int64_t trim_interval_s = 10;  // memory that was not used for so long goes back to the system
};

// How parsing the command line ended.
struct Parsed {
  enum Kind { kRun, kHelp, kError } kind = kRun;
  Options options;
  std::string text;  // of the help, or what is wrong
};

// args: without the program's name. Flags are --name=value or --name value; '_' is as good as '-'.
// Fills what is 0 by default in.
Parsed ParseOptions(const std::vector<std::string>& args);

}  // namespace weir::server

#endif  // WEIR_SERVER_OPTIONS_H_
