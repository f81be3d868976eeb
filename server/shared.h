// What all threads of one server share, as far as commands need it.
//
// Thread rule: each member's own.
#ifndef WEIR_SERVER_SHARED_H_
#define WEIR_SERVER_SHARED_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "weir/server/channels.h"
#include "weir/server/local.h"
#include "weir/server/mailboxes.h"
#include "weir/server/memory.h"
#include "weir/server/options.h"
#include "weir/server/store.h"

namespace weir::server {

struct Shared {
  explicit Shared(const Options& options)
      : options(options),
        memory(store, options.max_memory),
        channels(static_cast<size_t>(options.threads)),
        mailboxes(static_cast<size_t>(options.threads)) {}

  const Options options;
  Store store;
  Memory memory;
  Channels channels;
  Mailboxes mailboxes;
  std::vector<std::unique_ptr<Local>> locals;  // filled before the threads start
  std::atomic<int64_t> next_client_id{1};
  std::atomic<int64_t> clients{0};
  int64_t started_ms = 0;
  std::string run_id;
  uint16_t port = 0;
};

}  // namespace weir::server

#endif  // WEIR_SERVER_SHARED_H_
