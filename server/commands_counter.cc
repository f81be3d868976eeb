// INCR and its kin.
#include <cstdint>
#include <limits>

#include "weir/server/number.h"
#include "weir/server/values.h"

namespace weir::server {
namespace {

Outcome Add(Call& call, int64_t amount) {
  HashedKey key(call.args[1]);
  Store::Lock lock(call.store(), key);
  Shard& shard = lock.shard(key);
  Entry* entry = shard.Find(key, call.now_ms);
  int64_t value = 0;
  if (entry != nullptr) {
    auto old = ParseInt(entry->text());
    if (!old) {
      call.reply.Error(kNotAnInteger);
      return Outcome::kDone;
    }
    value = *old;
  }
  if (__builtin_add_overflow(value, amount, &value)) {
    call.reply.Error("ERR increment or decrement would overflow");
    return Outcome::kDone;
  }
  entry = shard.SetText(key, Decimal(value).view(), call.now_ms, /*keep_expiry=*/true);
  call.store().TrimText(shard, entry);
  call.reply.Integer(value);
  return Outcome::kDone;
}

Outcome Incr(Call& call) { return Add(call, 1); }
Outcome Decr(Call& call) { return Add(call, -1); }

Outcome IncrBy(Call& call) {
  auto amount = ParseInt(call.args[2]);
  if (amount) return Add(call, *amount);
  call.reply.Error(kNotAnInteger);
  return Outcome::kDone;
}

Outcome DecrBy(Call& call) {
  auto amount = ParseInt(call.args[2]);
  if (!amount) {
    call.reply.Error(kNotAnInteger);
  } else if (*amount == std::numeric_limits<int64_t>::min()) {
    call.reply.Error("ERR decrement would overflow");
  } else {
    return Add(call, -*amount);
  }
  return Outcome::kDone;
}

constexpr Command kTable[] = {
    {"incr", 2, kWrite | kFast, Incr, 1, 1, 1},
    {"decr", 2, kWrite | kFast, Decr, 1, 1, 1},
    {"incrby", 3, kWrite | kFast, IncrBy, 1, 1, 1},
    {"decrby", 3, kWrite | kFast, DecrBy, 1, 1, 1},
};

}  // namespace

std::span<const Command> CounterCommands() { return kTable; }

}  // namespace weir::server
