#include "weir/server/subscriptions.h"

#include "weir/server/glob.h"
#include "weir/server/number.h"
#include "weir/server/session.h"
#include "weir/server/text.h"

namespace weir::server {
namespace {

std::string BulkText(std::string_view text) {
  return Concat("$", Decimal(static_cast<int64_t>(text.size())).view(), "\r\n", text, "\r\n");
}

}  // namespace

void Subscriptions::Add(SubscriptionKind kind, const std::string& name, Session* session) {
  maps_[kind][name].insert(session);
  channels_.Add(kind, name, thread_);
}

void Subscriptions::Remove(SubscriptionKind kind, const std::string& name, Session* session) {
  auto found = maps_[kind].find(name);
  if (found == maps_[kind].end() || found->second.erase(session) == 0) return;
  if (found->second.empty()) maps_[kind].erase(found);
  channels_.Remove(kind, name, thread_);
}

void Subscriptions::Deliver(Message& message) {
  // What stands before the payload is the same for all; it is written once.
  std::string channel = BulkText(message.channel);
  std::string size = Concat("$", Decimal(static_cast<int64_t>(message.size)).view(), "\r\n");
  auto found = maps_[kChannel].find(message.channel);
  if (found != maps_[kChannel].end()) {
    std::string head = Concat("*3\r\n$7\r\nmessage\r\n", channel, size);
    for (Session* session : found->second) session->Receive(head, message);
  }
  for (const auto& [pattern, listeners] : maps_[kPattern]) {
    if (!GlobMatches(pattern, message.channel)) continue;
    std::string head = Concat("*4\r\n$8\r\npmessage\r\n", BulkText(pattern), channel, size);
    for (Session* session : listeners) session->Receive(head, message);
  }
}

}  // namespace weir::server
