// The parameters that CONFIG GET and SET know.
#ifndef WEIR_SERVER_CONFIG_H_
#define WEIR_SERVER_CONFIG_H_

#include "weir/server/command.h"

namespace weir::server {

Outcome ConfigGet(Call& call);
Outcome ConfigSet(Call& call);

}  // namespace weir::server

#endif  // WEIR_SERVER_CONFIG_H_
