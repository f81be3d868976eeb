/* weir's own headers leave a program's names alone. As C, and with none.cc as C++. */
#include "weir/chain/mbuf.h"
#include "weir/chain/weir.h"

#include "tests/compat/no_names.h"
