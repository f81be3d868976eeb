// The commands about expiry.
#ifndef WEIR_SERVER_COMMANDS_EXPIRE_H_
#define WEIR_SERVER_COMMANDS_EXPIRE_H_

#include "weir/server/command.h"

namespace weir::server {

Outcome Expire(Call& call);    // EXPIRE, PEXPIRE, EXPIREAT, PEXPIREAT
Outcome TimeLeft(Call& call);  // TTL, PTTL, EXPIRETIME, PEXPIRETIME
Outcome Persist(Call& call);

}  // namespace weir::server

#endif  // WEIR_SERVER_COMMANDS_EXPIRE_H_
