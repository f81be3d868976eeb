#include "weir/chain/chain.h"
#include "weir/chain/cursor.h"
#include "weir/chain/drain_handler.h"
#include "weir/chain/mbuf.h"
#include "weir/chain/pools.h"
#include "weir/chain/weir.h"

#include "tests/compat/no_names.h"
