// SET and its kin: commands that give a key a whole value.
#include <optional>
#include <string_view>
#include <utility>

#include "weir/server/commands_string.h"
#include "weir/server/expiry.h"
#include "weir/server/number.h"
#include "weir/server/text.h"
#include "weir/server/values.h"

namespace weir::server {
namespace {

void InvalidExpiry(Call& call) {
  call.reply.Error(Concat("ERR invalid expire time in '", call.command.name, "' command"));
}

// Word i as the time of an expiry. Nothing, and an error is written, if it is none.
std::optional<int64_t> ExpiryFrom(Call& call, size_t i, TimeUnit unit) {
  auto amount = ParseInt(call.args[i]);
  if (!amount) {
    call.reply.Error(kNotAnInteger);
    return std::nullopt;
  }
  auto at = *amount <= 0 ? std::nullopt : PointInTime(*amount, unit, call.now_ms);
  if (!at) InvalidExpiry(call);
  return at;
}

struct SetOptions {
  bool if_absent = false;
  bool if_present = false;
  bool get = false;
  bool keep_expiry = false;
  std::optional<TimeUnit> unit;
  size_t amount = 0;  // the word with the expiry

  // The word at i, and the one behind it if it needs one. False: no such option, or it contradicts
  // another.
  bool Take(Args& args, size_t& i);
};

bool SetOptions::Take(Args& args, size_t& i) {
  std::string option = Lower(args.prefix(i, 16));
  if (option == "nx") return if_absent = !if_present;
  if (option == "xx") return if_present = !if_absent;
  if (option == "get") return get = true;
  if (option == "keepttl") return keep_expiry = !unit;
  bool known = option == "ex" || option == "px" || option == "exat" || option == "pxat";
  if (!known || keep_expiry || i + 1 == args.size()) return false;
  TimeUnit other = unit.value_or(TimeUnit{});
  bool first = !unit;
  unit = TimeUnit{.seconds = option[0] == 'e', .absolute = option.ends_with("at")};
  amount = ++i;
  // The same again is no contradiction; the last one counts.
  return first || (other.seconds == unit->seconds && other.absolute == unit->absolute);
}

void PutWithOptions(Call& call, const SetOptions& options, int64_t expires_at) {
  HashedKey key(call.args[1]);
  Store::Lock lock(call.store(), key);
  Shard& shard = lock.shard(key);
  Entry* old = shard.Find(key, call.now_ms);
  bool put = !(options.if_absent && old != nullptr) && !(options.if_present && old == nullptr);
  if (options.get) {
    Counted(call, old);
    // What stays must not be taken.
    put ? ReplyByTaking(call.reply, old) : call.reply.Value(old);
  } else if (put) {
    call.reply.Ok();
  } else {
    call.reply.Null();
  }
  if (!put) return;
  Entry* entry = PutArg(call, shard, key, 2, options.keep_expiry);
  if (options.unit) shard.SetExpiry(entry, expires_at);
}

}  // namespace

Outcome Set(Call& call) {
  SetOptions options;
  for (size_t i = 3; i < call.args.size(); ++i) {
    if (!options.Take(call.args, i)) {
      call.reply.Error(kSyntaxError);
      return Outcome::kDone;
    }
  }
  int64_t expires_at = Entry::kNever;
  if (options.unit) {
    auto at = ExpiryFrom(call, options.amount, *options.unit);
    if (!at) return Outcome::kDone;
    expires_at = *at;
  }
  PutWithOptions(call, options, expires_at);
  return Outcome::kDone;
}

Outcome SetNx(Call& call) {
  HashedKey key(call.args[1]);
  Store::Lock lock(call.store(), key);
  Shard& shard = lock.shard(key);
  bool absent = shard.Find(key, call.now_ms) == nullptr;
  if (absent) PutArg(call, shard, key, 2);
  call.reply.Integer(absent);
  return Outcome::kDone;
}

Outcome SetEx(Call& call) {
  TimeUnit unit{.seconds = call.command.name == "setex", .absolute = false};
  auto at = ExpiryFrom(call, 2, unit);
  if (!at) return Outcome::kDone;
  HashedKey key(call.args[1]);
  Store::Lock lock(call.store(), key);
  Shard& shard = lock.shard(key);
  shard.SetExpiry(PutArg(call, shard, key, 3), *at);
  call.reply.Ok();
  return Outcome::kDone;
}

Outcome GetSet(Call& call) {
  HashedKey key(call.args[1]);
  Store::Lock lock(call.store(), key);
  Shard& shard = lock.shard(key);
  ReplyByTaking(call.reply, Counted(call, shard.Find(key, call.now_ms)));
  PutArg(call, shard, key, 2);
  return Outcome::kDone;
}

Outcome MSet(Call& call) {
  if (call.args.size() % 2 == 0) {
    WrongArity(call.reply, call.command.name);
    return Outcome::kDone;
  }
  uint64_t shards = 0;
  for (size_t i = 1; i < call.args.size(); i += 2) shards |= Store::BitOf(HashedKey(call.args[i]));
  Store::Lock lock(call.store(), shards);
  for (size_t i = 1; i < call.args.size(); i += 2) {
    HashedKey key(call.args[i]);
    PutArg(call, lock.shard(key), key, i + 1);
  }
  call.reply.Ok();
  return Outcome::kDone;
}

}  // namespace weir::server
