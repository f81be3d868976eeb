// What commands on values have in common.
#ifndef WEIR_SERVER_VALUES_H_
#define WEIR_SERVER_VALUES_H_

#include "weir/server/command.h"
#include "weir/server/store.h"

namespace weir::server {

// Gives the key the value of word i, which is taken if it is a Chain. Needs no memory of weir.
Entry* PutArg(Call& call, Shard& shard, const HashedKey& key, size_t i, bool keep_expiry = false);

// Replies with the entry's value, null for none; a Chain is taken out of the entry, which is about
// to be removed or overwritten. Needs no memory but what every command has.
void ReplyByTaking(Reply& reply, Entry* entry);

// Counts a look-up as hit or miss, and gives the entry on.
Entry* Counted(Call& call, Entry* entry);

}  // namespace weir::server

#endif  // WEIR_SERVER_VALUES_H_
