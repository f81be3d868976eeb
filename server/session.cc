#include "weir/server/session.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "weir/server/command.h"
#include "weir/server/reply.h"

namespace weir::server {
namespace {

// How long a request waits for memory that eviction does not give.
constexpr int64_t kPatienceMs = 2000;

RespParser::Limits LimitsFrom(const Shared& shared) {
  RespParser::Limits limits;
  limits.bulk = static_cast<size_t>(shared.options.max_bulk);
  limits.request = std::min(limits.request, 2 * limits.bulk);
  return limits;
}

}  // namespace

Session::Session(Shared& shared, Local& local)
    : id(shared.next_client_id.fetch_add(1, std::memory_order_relaxed)),
      shared_(shared),
      local_(local),
      out_(&local.spares),
      parser_(LimitsFrom(shared)) {}

Session::~Session() {
  UnsubscribeAll();
  if (in_ready_list) std::erase(local_.ready, this);
}

void Session::Process() {
  bool was_blocked = std::exchange(blocked_, false);
  if (!was_blocked) blocked_since_ms_ = local_.now_ms;
  while (!closing_ && !cut_off_ && out_.size() < kOutputPause && Step()) {
    blocked_since_ms_ = local_.now_ms;
  }
  if (blocked_ && !was_blocked) local_.counters.memory_waits.Add(1);
  if (out_.size() > static_cast<size_t>(shared_.options.output_limit)) CutOff();
}

bool Session::Step() {
  if (!has_request_ && !NextRequest()) return false;
  if (!Execute()) {
    blocked_ = true;
    if (local_.now_ms - blocked_since_ms_ < kPatienceMs) return false;
    blocked_ = false;
    local_.counters.memory_refusals.Add(1);
    Reply(out_).Error(kOutOfMemory);
  }
  args_.Clear();
  has_request_ = false;
  return true;
}

bool Session::NextRequest() {
  switch (parser_.Next(in_, args_)) {
    case RespParser::Result::kRequest:
      has_request_ = true;
      return true;
    case RespParser::Result::kMore:
      return false;
    case RespParser::Result::kNoMemory:
      blocked_ = true;
      if (local_.now_ms - blocked_since_ms_ >= kPatienceMs) GiveUpReading();
      return false;
    case RespParser::Result::kError:
      Fail(parser_.error());
      return false;
    case RespParser::Result::kTooLarge:
      Drop();
      return false;
  }
  return false;
}

bool Session::Execute() {
  // With these no reply of a command that changes something can fail.
  if (!local_.spares.Fill(kSparesForReply)) return false;
  ByteQueue::Mark before = out_.mark();
  Reply reply(out_);
  if (Dispatch(shared_, local_, *this, args_, reply) == Outcome::kDone && !reply.failed()) {
    local_.counters.commands.Add(1);
    return true;
  }
  out_.TakeBack(before);
  return false;
}

void Session::Fail(std::string_view error) {
  Reply(out_).Error(error);
  closing_ = true;
  in_.Clear();
  args_.Clear();
}

void Session::GiveUpReading() {
  blocked_ = false;
  local_.counters.memory_refusals.Add(1);
  Fail(kOutOfMemory);
}

void Session::CutOff() {
  if (!cut_off_) local_.counters.output_cutoffs.Add(1);
  Drop();
}

void Session::Drop() {
  cut_off_ = true;
  in_.Clear();
  out_.Clear();
  args_.Clear();
}

size_t Session::Subscribe(SubscriptionKind kind, std::string_view name) {
  auto [added, fresh] = subscriptions_[kind].emplace(name);
  if (fresh) local_.subscriptions.Add(kind, *added, this);
  return subscriptions_[kChannel].size() + subscriptions_[kPattern].size();
}

size_t Session::Unsubscribe(SubscriptionKind kind, const std::string& name) {
  if (subscriptions_[kind].erase(name) > 0) local_.subscriptions.Remove(kind, name, this);
  return subscriptions_[kChannel].size() + subscriptions_[kPattern].size();
}

void Session::UnsubscribeAll() {
  for (SubscriptionKind kind : {kChannel, kPattern}) {
    for (const std::string& name : subscriptions_[kind]) {
      local_.subscriptions.Remove(kind, name, this);
    }
    subscriptions_[kind].clear();
  }
}

void Session::Receive(std::string_view head, Message& message) {
  if (closing_ || cut_off_) return;
  if (!std::exchange(in_ready_list, true)) local_.ready.push_back(this);
  Reply reply(out_);
  reply.Raw(head);
  if (message.chain.get() == nullptr) {
    reply.Raw(message.text);
  } else if (Chain shared = message.chain.share(0, message.size); shared.get() != nullptr) {
    out_.Append(std::move(shared), message.size);
  } else {
    return CutOff();
  }
  reply.Raw("\r\n");
  // A message that is not delivered whole would garble all that follow.
  if (reply.failed() || out_.size() > static_cast<size_t>(shared_.options.output_limit)) CutOff();
  local_.counters.messages_delivered.Add(1);
}

}  // namespace weir::server
