// One client, as far as the protocol goes: what has arrived, the request that is being put
// together, what is to be sent, and what it listens to. It knows no socket; Connection feeds it.
//
// Thread rule: the thread of its Local.
#ifndef WEIR_SERVER_SESSION_H_
#define WEIR_SERVER_SESSION_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_set.h"
#include "weir/server/args.h"
#include "weir/server/byte_queue.h"
#include "weir/server/channels.h"
#include "weir/server/local.h"
#include "weir/server/message.h"
#include "weir/server/resp_parser.h"
#include "weir/server/shared.h"

namespace weir::server {

class Session {
 public:
  // Executes no further requests while so many bytes wait to be sent.
  static constexpr size_t kOutputPause = 1024 * 1024;
  // Enough for Reply to write kSafeReply bytes and a value, whatever the last mbuf looks like.
  static constexpr int kSparesForReply = 3;
  // Who holds more than this has to stand back when memory is short.
  static constexpr size_t kHog = 256 * 1024;

  Session(Shared& shared, Local& local);
  virtual ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  ByteQueue& in() { return in_; }
  ByteQueue& out() { return out_; }
  size_t awaited() const { return parser_.awaited(in_); }

  // Executes all complete requests in in(), and writes replies to out(). Returns early when
  // blocked(), when out() is long, and after QUIT.
  void Process();

  // Whether to read more now.
  bool wants_input() const {
    return !closing_ && !cut_off_ && !blocked_ && out_.size() < kOutputPause;
  }
  // Waits for memory, or for another thread to take messages: Process() is to be called again soon.
  bool blocked() const { return blocked_; }
  // To be closed: once out() is sent; at once.
  bool closing() const { return closing_; }
  bool cut_off() const { return cut_off_; }

  // Bytes of an unfinished request.
  size_t held() const { return in_.size() + args_.cost(); }

  // Process() may do something without new input: a request waits, or output was the obstacle.
  bool has_work() const { return !in_.empty() || args_.size() > 0; }

  // There is no memory to read into for too long: ends it with an error.
  void GiveUpReading();
  // Drops what is to be sent and has it closed at once. Counts it as a slow reader.
  void CutOff();

  // ---- For commands ----
  void CloseAfterReply() { closing_ = true; }
  // Returns how many subscriptions of all kinds there are afterwards.
  size_t Subscribe(SubscriptionKind kind, std::string_view name);
  size_t Unsubscribe(SubscriptionKind kind, const std::string& name);
  void UnsubscribeAll();
  const absl::flat_hash_set<std::string>& subscriptions(SubscriptionKind kind) const {
    return subscriptions_[kind];
  }
  bool listens() const { return !subscriptions_[0].empty() || !subscriptions_[1].empty(); }

  // A message for this session: `head` is what stands before the payload.
  void Receive(std::string_view head, Message& message);
  bool in_ready_list = false;

  const int64_t id;
  std::string name;

 private:
  // True if the next request is executed, or it turned out that there is none: go on.
  bool Step();
  bool NextRequest();
  bool Execute();
  void Fail(std::string_view error);
  void Drop();

  Shared& shared_;
  Local& local_;
  ByteQueue in_;
  ByteQueue out_;
  RespParser parser_;
  Args args_;
  bool has_request_ = false;  // args_ hold a whole one
  bool blocked_ = false;
  bool closing_ = false;
  bool cut_off_ = false;
  int64_t blocked_since_ms_ = 0;
  std::array<absl::flat_hash_set<std::string>, kSubscriptionKinds> subscriptions_;
};

}  // namespace weir::server

#endif  // WEIR_SERVER_SESSION_H_
