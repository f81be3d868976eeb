// Commands on keys, whatever their values.
#include <string>
#include <vector>

#include "weir/server/commands_expire.h"
#include "weir/server/glob.h"
#include "weir/server/text.h"
#include "weir/server/values.h"

namespace weir::server {
namespace {

// Does something with each of the keys from word 1 on that exist, all at one instant, and replies
// with how many that were.
template <typename Do>  // void(Shard&, Entry*)
Outcome ForExisting(Call& call, Do action) {
  uint64_t shards = 0;
  for (size_t i = 1; i < call.args.size(); ++i) shards |= Store::BitOf(HashedKey(call.args[i]));
  Store::Lock lock(call.store(), shards);
  int64_t existing = 0;
  for (size_t i = 1; i < call.args.size(); ++i) {
    HashedKey key(call.args[i]);
    Shard& shard = lock.shard(key);
    if (Entry* entry = shard.Find(key, call.now_ms)) {
      action(shard, entry);
      ++existing;
    }
  }
  call.reply.Integer(existing);
  return Outcome::kDone;
}

Outcome Del(Call& call) {
  return ForExisting(call, [](Shard& shard, Entry* entry) { shard.Remove(entry); });
}

Outcome Exists(Call& call) {
  return ForExisting(call, [](Shard&, Entry*) {});
}

Outcome Type(Call& call) {
  HashedKey key(call.args[1]);
  Store::Lock lock(call.store(), key);
  call.reply.Status(lock.shard(key).Find(key, call.now_ms) == nullptr ? "none" : "string");
  return Outcome::kDone;
}

Outcome DbSize(Call& call) {
  call.reply.Integer(static_cast<int64_t>(call.store().totals().keys));
  return Outcome::kDone;
}

// Not one instant: keys that come and go meanwhile may be in the list or not.
Outcome Keys(Call& call) {
  std::string pattern(call.args[1]);
  bool all = pattern == "*";
  ByteQueue found(&call.local.spares);
  Reply list(found);
  size_t n = 0;
  call.store().ForEach([&](const Entry& entry) {
    if (entry.Expired(call.now_ms) || (!all && !GlobMatches(pattern, entry.key()))) return;
    if (list.failed()) return;
    list.Bulk(entry.key());
    ++n;
  });
  if (list.failed()) return Outcome::kRetry;
  call.reply.Array(n);
  size_t size = found.size();
  call.reply.out().Append(found.Release(), size);
  return Outcome::kDone;
}

Outcome FlushAll(Call& call) {
  bool fits = call.args.size() == 1;
  if (call.args.size() == 2) {
    std::string how = Lower(call.args.prefix(1, 8));
    fits = how == "sync" || how == "async";
  }
  if (!fits) {
    call.reply.Error(kSyntaxError);
  } else {
    call.store().Clear();
    call.reply.Ok();
  }
  return Outcome::kDone;
}

constexpr Command kTable[] = {
    {"del", -2, kWrite, Del, 1, -1, 1},
    {"unlink", -2, kWrite | kFast, Del, 1, -1, 1},
    {"exists", -2, kReadOnly | kFast, Exists, 1, -1, 1},
    {"touch", -2, kReadOnly | kFast, Exists, 1, -1, 1},
    {"type", 2, kReadOnly | kFast, Type, 1, 1, 1},
    {"expire", -3, kWrite | kFast, Expire, 1, 1, 1},
    {"pexpire", -3, kWrite | kFast, Expire, 1, 1, 1},
    {"expireat", -3, kWrite | kFast, Expire, 1, 1, 1},
    {"pexpireat", -3, kWrite | kFast, Expire, 1, 1, 1},
    {"ttl", 2, kReadOnly | kFast, TimeLeft, 1, 1, 1},
    {"pttl", 2, kReadOnly | kFast, TimeLeft, 1, 1, 1},
    {"expiretime", 2, kReadOnly | kFast, TimeLeft, 1, 1, 1},
    {"pexpiretime", 2, kReadOnly | kFast, TimeLeft, 1, 1, 1},
    {"persist", 2, kWrite | kFast, Persist, 1, 1, 1},
    {"dbsize", 1, kReadOnly | kFast, DbSize},
    {"keys", 2, kReadOnly, Keys},
    {"flushall", -1, kWrite, FlushAll},
    {"flushdb", -1, kWrite, FlushAll},
};

}  // namespace

std::span<const Command> KeyCommands() { return kTable; }

}  // namespace weir::server
