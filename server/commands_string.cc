// Commands that read or extend values.
#include "weir/server/commands_string.h"

#include <algorithm>
#include <string>
#include <utility>

#include "weir/server/number.h"
#include "weir/server/values.h"

namespace weir::server {
namespace {

Outcome Get(Call& call) {
  HashedKey key(call.args[1]);
  Store::Lock lock(call.store(), key);
  call.reply.Value(Counted(call, lock.shard(key).Find(key, call.now_ms)));
  return Outcome::kDone;
}

Outcome GetDel(Call& call) {
  HashedKey key(call.args[1]);
  Store::Lock lock(call.store(), key);
  Shard& shard = lock.shard(key);
  Entry* entry = Counted(call, shard.Find(key, call.now_ms));
  ReplyByTaking(call.reply, entry);
  if (entry != nullptr) shard.Remove(entry);
  return Outcome::kDone;
}

Outcome MGet(Call& call) {
  uint64_t shards = 0;
  for (size_t i = 1; i < call.args.size(); ++i) shards |= Store::BitOf(HashedKey(call.args[i]));
  Store::Lock lock(call.store(), shards);
  call.reply.Array(call.args.size() - 1);
  for (size_t i = 1; i < call.args.size() && !call.reply.failed(); ++i) {
    HashedKey key(call.args[i]);
    call.reply.Value(Counted(call, lock.shard(key).Find(key, call.now_ms)));
  }
  return Outcome::kDone;
}

Outcome StrLen(Call& call) {
  HashedKey key(call.args[1]);
  Store::Lock lock(call.store(), key);
  Entry* entry = Counted(call, lock.shard(key).Find(key, call.now_ms));
  call.reply.Integer(entry == nullptr ? 0 : static_cast<int64_t>(entry->value_size()));
  return Outcome::kDone;
}

// The value with word 2 behind it, as a Chain; empty without memory, and then nothing has changed.
Chain Extended(Call& call, Entry* entry) {
  Chain tail;
  if (!call.args.is_chain(2)) {
    if (entry->is_chain()) {
      // In place: the entry gets it back.
      return entry->chain().append(call.args[2]) ? std::move(entry->chain()) : Chain();
    }
    tail = Chain::from(call.args[2]);
    if (tail.get() == nullptr) return {};
  }
  Chain whole = entry->is_chain() ? std::move(entry->chain()) : Chain::from(entry->text());
  if (whole.get() == nullptr) return {};
  // Needs no memory, and values are far shorter than what a Chain may hold.
  (void)whole.append(call.args.is_chain(2) ? std::move(call.args.chain(2)) : std::move(tail));
  return whole;
}

Outcome AppendTo(Call& call, Shard& shard, const HashedKey& key, Entry* entry, size_t size) {
  if (size < kShareFrom) {
    std::string text(entry->text());
    text += call.args[2];
    entry = shard.SetText(key, text, call.now_ms, /*keep_expiry=*/true);
  } else {
    Chain chain = Extended(call, entry);
    if (chain.get() == nullptr) return Outcome::kRetry;
    entry = shard.SetChain(key, std::move(chain), size, call.now_ms, /*keep_expiry=*/true);
  }
  call.store().TrimText(shard, entry);
  call.reply.Integer(static_cast<int64_t>(size));
  return Outcome::kDone;
}

Outcome Append(Call& call) {
  HashedKey key(call.args[1]);
  Store::Lock lock(call.store(), key);
  Shard& shard = lock.shard(key);
  Entry* entry = shard.Find(key, call.now_ms);
  size_t more = call.args.length(2);
  if (entry == nullptr) {
    PutArg(call, shard, key, 2);
    call.reply.Integer(static_cast<int64_t>(more));
    return Outcome::kDone;
  }
  size_t size = entry->value_size() + more;
  if (size > static_cast<size_t>(call.shared.options.max_bulk)) {
    call.reply.Error("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
    return Outcome::kDone;
  }
  if (more == 0) {
    call.reply.Integer(static_cast<int64_t>(size));
    return Outcome::kDone;
  }
  return AppendTo(call, shard, key, entry, size);
}

void ReplyWithPart(Call& call, Entry* entry, size_t start, size_t n) {
  if (!entry->is_chain()) return call.reply.Bulk(entry->text().substr(start, n));
  if (n < kShareFrom) {
    std::string text(n, '\0');
    entry->chain().copy_to(std::as_writable_bytes(std::span(text)), start);
    return call.reply.Bulk(text);
  }
  Chain part = entry->chain().share(start, n);
  if (part.get() == nullptr) return call.reply.Fail();
  call.reply.Bulk(std::move(part), n);
}

Outcome GetRange(Call& call) {
  auto start = ParseInt(call.args[2]);
  auto end = ParseInt(call.args[3]);
  if (!start || !end) {
    call.reply.Error(kNotAnInteger);
    return Outcome::kDone;
  }
  HashedKey key(call.args[1]);
  Store::Lock lock(call.store(), key);
  Entry* entry = Counted(call, lock.shard(key).Find(key, call.now_ms));
  int64_t size = entry == nullptr ? 0 : static_cast<int64_t>(entry->value_size());
  bool backwards = *start < 0 && *end < 0 && *start > *end;
  if (*start < 0) start = std::max<int64_t>(*start + size, 0);
  if (*end < 0) end = std::max<int64_t>(*end + size, 0);
  end = std::min(*end, size - 1);
  if (size == 0 || backwards || *start > *end) {
    call.reply.Bulk("");
  } else {
    ReplyWithPart(call, entry, static_cast<size_t>(*start), static_cast<size_t>(*end - *start + 1));
  }
  return Outcome::kDone;
}

constexpr Command kTable[] = {
    {"get", 2, kReadOnly | kFast, Get, 1, 1, 1},
    {"set", -3, kWrite, Set, 1, 1, 1},
    {"setnx", 3, kWrite | kFast, SetNx, 1, 1, 1},
    {"setex", 4, kWrite, SetEx, 1, 1, 1},
    {"psetex", 4, kWrite, SetEx, 1, 1, 1},
    {"getset", 3, kWrite | kFast, GetSet, 1, 1, 1},
    {"getdel", 2, kWrite | kFast, GetDel, 1, 1, 1},
    {"mget", -2, kReadOnly | kFast, MGet, 1, -1, 1},
    {"mset", -3, kWrite, MSet, 1, -1, 2},
    {"append", 3, kWrite | kFast, Append, 1, 1, 1},
    {"strlen", 2, kReadOnly | kFast, StrLen, 1, 1, 1},
    {"getrange", 4, kReadOnly, GetRange, 1, 1, 1},
    {"substr", 4, kReadOnly, GetRange, 1, 1, 1},
};

}  // namespace

std::span<const Command> StringCommands() { return kTable; }

}  // namespace weir::server
