// What one thread of the server has to itself, as far as commands need it.
//
// Thread rule: its thread, except where stated.
#ifndef WEIR_SERVER_LOCAL_H_
#define WEIR_SERVER_LOCAL_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "weir/server/spares.h"
#include "weir/server/subscriptions.h"
#include "weir/stats/counter.h"

namespace weir::server {

class Session;

// Read by any thread.
struct Counters {
  Counter connections_accepted;
  Counter connections_closed;
  Counter connections_refused;
  Counter commands;
  Counter hits;
  Counter misses;
  Counter bytes_in;
  Counter bytes_out;
  Counter messages_delivered;
  Counter output_cutoffs;  // clients that read too slowly
  Counter memory_waits;    // requests that had to wait for memory
  Counter memory_refusals;  // and those that were refused for lack of it
};

class Local {
 public:
  Local(size_t index, Channels& channels) : index(index), subscriptions(channels, index) {}
  virtual ~Local() = default;

  // Makes the thread look into its mailboxes. Any thread.
  virtual void Wake() = 0;

  const size_t index;
  int64_t now_ms = 0;  // the time of day, as of the event that is being handled
  Spares spares;
  Subscriptions subscriptions;
  Counters counters;
  // Sessions that have got something to send other than by their own requests.
  std::vector<Session*> ready;
};

}  // namespace weir::server

#endif  // WEIR_SERVER_LOCAL_H_
