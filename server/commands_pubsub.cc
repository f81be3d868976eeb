// Channels: PUBLISH shares the clusters of a message with all who receive it.
#include <algorithm>
#include <bit>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "weir/server/command.h"
#include "weir/server/session.h"

namespace weir::server {
namespace {

// One confirmation for each word from 1 on.
Outcome SubscribeTo(Call& call, SubscriptionKind kind, std::string_view word) {
  for (size_t i = 1; i < call.args.size(); ++i) {
    size_t count = call.session.Subscribe(kind, call.args[i]);
    call.reply.Array(3);
    call.reply.Bulk(word);
    call.reply.Bulk(call.args[i]);
    call.reply.Integer(static_cast<int64_t>(count));
  }
  return Outcome::kDone;
}

Outcome Subscribe(Call& call) { return SubscribeTo(call, kChannel, "subscribe"); }
Outcome PSubscribe(Call& call) { return SubscribeTo(call, kPattern, "psubscribe"); }

Outcome UnsubscribeFrom(Call& call, SubscriptionKind kind, std::string_view word) {
  std::vector<std::string> names;
  for (size_t i = 1; i < call.args.size(); ++i) names.emplace_back(call.args[i]);
  const auto& all = call.session.subscriptions(kind);
  if (call.args.size() == 1) names.assign(all.begin(), all.end());
  for (const std::string& name : names) {
    size_t count = call.session.Unsubscribe(kind, name);
    call.reply.Array(3);
    call.reply.Bulk(word);
    call.reply.Bulk(name);
    call.reply.Integer(static_cast<int64_t>(count));
  }
  if (names.empty()) {
    const auto& other = call.session.subscriptions(kind == kChannel ? kPattern : kChannel);
    call.reply.Array(3);
    call.reply.Bulk(word);
    call.reply.Null();
    call.reply.Integer(static_cast<int64_t>(other.size()));
  }
  return Outcome::kDone;
}

Outcome Unsubscribe(Call& call) { return UnsubscribeFrom(call, kChannel, "unsubscribe"); }
Outcome PUnsubscribe(Call& call) { return UnsubscribeFrom(call, kPattern, "punsubscribe"); }

// Null without memory.
std::unique_ptr<Message> MakeMessage(Call& call) {
  auto message = std::make_unique<Message>();
  message->channel = call.args[1];
  message->size = call.args.length(2);
  if (!call.args.is_chain(2)) {
    message->text = call.args[2];
    return message;
  }
  message->chain = call.args.chain(2).share(0, message->size);
  return message->chain.get() == nullptr ? nullptr : std::move(message);
}

Outcome Publish(Call& call) {
  Channels::Audience audience = call.shared.channels.Of(call.args[1]);
  // Everything that can fail comes before the first delivery.
  std::vector<std::pair<size_t, std::unique_ptr<Message>>> messages;
  for (uint64_t left = audience.threads; left != 0; left &= left - 1) {
    size_t to = static_cast<size_t>(std::countr_zero(left));
    bool own = to == call.local.index;
    if (!own && !call.shared.mailboxes.HasRoom(call.local.index, to)) return Outcome::kRetry;
    messages.emplace_back(to, MakeMessage(call));
    if (messages.back().second == nullptr) return Outcome::kRetry;
  }
  for (auto& [to, message] : messages) {
    if (to == call.local.index) {
      call.local.subscriptions.Deliver(*message);
    } else {
      call.shared.mailboxes.Send(call.local.index, to, std::move(message));
      call.shared.locals[to]->Wake();
    }
  }
  call.reply.Integer(static_cast<int64_t>(audience.receivers));
  return Outcome::kDone;
}

Outcome PubSubChannels(Call& call) {
  std::string pattern(call.args.size() > 2 ? call.args[2] : "*");
  if (call.args.size() > 3) {
    WrongArity(call.reply, "pubsub|channels");
    return Outcome::kDone;
  }
  std::vector<std::string> names = call.shared.channels.Matching(pattern);
  call.reply.Array(names.size());
  for (const std::string& name : names) call.reply.Bulk(name);
  return Outcome::kDone;
}

Outcome PubSubNumSub(Call& call) {
  call.reply.Array((call.args.size() - 2) * 2);
  for (size_t i = 2; i < call.args.size(); ++i) {
    call.reply.Bulk(call.args[i]);
    call.reply.Integer(static_cast<int64_t>(call.shared.channels.Subscribers(call.args[i])));
  }
  return Outcome::kDone;
}

Outcome PubSubNumPat(Call& call) {
  call.reply.Integer(static_cast<int64_t>(call.shared.channels.count(kPattern)));
  return Outcome::kDone;
}

constexpr Command kPubSubTable[] = {
    {"channels", -2, kPubSub, PubSubChannels},
    {"numsub", -2, kPubSub, PubSubNumSub},
    {"numpat", 2, kPubSub, PubSubNumPat},
};

constexpr Command kTable[] = {
    {"publish", 3, kPubSub | kFast, Publish},
    {"subscribe", -2, kPubSub | kWhileSubscribed, Subscribe},
    {"unsubscribe", -1, kPubSub | kWhileSubscribed, Unsubscribe},
    {"psubscribe", -2, kPubSub | kWhileSubscribed, PSubscribe},
    {"punsubscribe", -1, kPubSub | kWhileSubscribed, PUnsubscribe},
    {"pubsub", -2, kPubSub, nullptr, 0, 0, 0, kPubSubTable},
};

}  // namespace

std::span<const Command> PubSubCommands() { return kTable; }

}  // namespace weir::server
