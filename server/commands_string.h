// The commands on strings that live in more than one file.
#ifndef WEIR_SERVER_COMMANDS_STRING_H_
#define WEIR_SERVER_COMMANDS_STRING_H_

#include "weir/server/command.h"

namespace weir::server {

Outcome Set(Call& call);
Outcome SetNx(Call& call);
Outcome SetEx(Call& call);  // SETEX, PSETEX
Outcome GetSet(Call& call);
Outcome MSet(Call& call);

}  // namespace weir::server

#endif  // WEIR_SERVER_COMMANDS_STRING_H_
