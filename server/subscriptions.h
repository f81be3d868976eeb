// The subscribers of one thread.
//
// Thread rule: that thread.
#ifndef WEIR_SERVER_SUBSCRIPTIONS_H_
#define WEIR_SERVER_SUBSCRIPTIONS_H_

#include <array>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_set.h"
#include "absl/container/flat_hash_map.h"
#include "weir/server/channels.h"
#include "weir/server/message.h"

namespace weir::server {

class Session;

class Subscriptions {
 public:
  Subscriptions(Channels& channels, size_t thread) : channels_(channels), thread_(thread) {}

  void Add(SubscriptionKind kind, const std::string& name, Session* session);
  void Remove(SubscriptionKind kind, const std::string& name, Session* session);

  // Hands the message to all who listen here; the payload is shared, not copied, if it is a Chain.
  void Deliver(Message& message);

 private:
  using Listeners = absl::flat_hash_set<Session*>;

  Channels& channels_;
  const size_t thread_;
  std::array<absl::flat_hash_map<std::string, Listeners>, kSubscriptionKinds> maps_;
};

}  // namespace weir::server

#endif  // WEIR_SERVER_SUBSCRIPTIONS_H_
