#include "weir/server/values.h"

#include <utility>

namespace weir::server {

Entry* PutArg(Call& call, Shard& shard, const HashedKey& key, size_t i, bool keep_expiry) {
  Entry* entry;
  if (call.args.is_chain(i)) {
    entry = shard.SetChain(key, std::move(call.args.chain(i)), call.args.length(i), call.now_ms,
                           keep_expiry);
  } else {
    entry = shard.SetText(key, call.args[i], call.now_ms, keep_expiry);
  }
  call.store().TrimText(shard, entry);
  return entry;
}

void ReplyByTaking(Reply& reply, Entry* entry) {
  if (entry == nullptr || !entry->is_chain()) return reply.Value(entry);
  size_t size = entry->value_size();
  reply.Bulk(entry->TakeChain(), size);
}

Entry* Counted(Call& call, Entry* entry) {
  Counters& counters = call.local.counters;
  (entry != nullptr ? counters.hits : counters.misses).Add(1);
  return entry;
}

}  // namespace weir::server
