#include "weir/server/commands_expire.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "weir/server/expiry.h"
#include "weir/server/number.h"
#include "weir/server/text.h"
#include "weir/server/values.h"

namespace weir::server {
namespace {

struct Condition {
  bool none = false;      // NX: has no expiry yet
  bool some = false;      // XX: has one
  bool later = false;     // GT: the new one is later than it
  bool earlier = false;   // LT: or earlier

  bool Holds(int64_t now_at, int64_t at) const {
    bool never = now_at == Entry::kNever;
    if (none && !never) return false;
    if (some && never) return false;
    // Without an expiry a key lasts longer than with any.
    if (later && (never || at <= now_at)) return false;
    return !(earlier && !never && at >= now_at);
  }
};

// Reads the words from 3 on. False, and an error is written, if they make no sense.
bool ReadCondition(Call& call, Condition& condition) {
  for (size_t i = 3; i < call.args.size(); ++i) {
    std::string option = Lower(call.args.prefix(i, 16));
    if (option == "nx") {
      condition.none = true;
    } else if (option == "xx") {
      condition.some = true;
    } else if (option == "gt") {
      condition.later = true;
    } else if (option == "lt") {
      condition.earlier = true;
    } else {
      call.reply.Error(Concat("ERR Unsupported option ", call.args[i]));
      return false;
    }
  }
  if (condition.none && (condition.some || condition.later || condition.earlier)) {
    call.reply.Error(
        "ERR NX and XX, GT or LT options at the same time are not compatible");
    return false;
  }
  if (condition.later && condition.earlier) {
    call.reply.Error("ERR GT and LT options at the same time are not compatible");
    return false;
  }
  return true;
}

// "pexpireat" and the like tell their unit by their name.
TimeUnit UnitOf(std::string_view name) {
  return {.seconds = name[0] != 'p', .absolute = name.ends_with("at") || name.ends_with("time")};
}

}  // namespace

Outcome Expire(Call& call) {
  Condition condition;
  if (!ReadCondition(call, condition)) return Outcome::kDone;
  auto amount = ParseInt(call.args[2]);
  if (!amount) {
    call.reply.Error(kNotAnInteger);
    return Outcome::kDone;
  }
  auto at = PointInTime(*amount, UnitOf(call.command.name), call.now_ms);
  if (!at) {
    call.reply.Error(Concat("ERR invalid expire time in '", call.command.name, "' command"));
    return Outcome::kDone;
  }
  HashedKey key(call.args[1]);
  Store::Lock lock(call.store(), key);
  Shard& shard = lock.shard(key);
  Entry* entry = shard.Find(key, call.now_ms);
  bool set = entry != nullptr && condition.Holds(entry->expires_at_ms, *at);
  if (set && *at <= call.now_ms) {
    shard.Remove(entry);
  } else if (set) {
    shard.SetExpiry(entry, *at);
  }
  call.reply.Integer(set);
  return Outcome::kDone;
}

Outcome TimeLeft(Call& call) {
  TimeUnit unit = UnitOf(call.command.name == "ttl" ? "expire" : call.command.name);
  HashedKey key(call.args[1]);
  Store::Lock lock(call.store(), key);
  Entry* entry = lock.shard(key).Find(key, call.now_ms);
  if (entry == nullptr) {
    call.reply.Integer(-2);
  } else if (entry->expires_at_ms == Entry::kNever) {
    call.reply.Integer(-1);
  } else {
    int64_t ms = entry->expires_at_ms - (unit.absolute ? 0 : call.now_ms);
    ms = std::max<int64_t>(ms, 0);
    call.reply.Integer(unit.seconds ? (ms + 500) / 1000 : ms);
  }
  return Outcome::kDone;
}

Outcome Persist(Call& call) {
  HashedKey key(call.args[1]);
  Store::Lock lock(call.store(), key);
  Shard& shard = lock.shard(key);
  Entry* entry = shard.Find(key, call.now_ms);
  bool had = entry != nullptr && entry->expires_at_ms != Entry::kNever;
  if (had) shard.SetExpiry(entry, Entry::kNever);
  call.reply.Integer(had);
  return Outcome::kDone;
}

}  // namespace weir::server
