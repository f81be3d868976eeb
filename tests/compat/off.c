/* With every group left out, so do the compatibility headers. As C, and with off.cc as C++. */
#include "tests/compat/all.h"
#include "tests/compat/no_names.h"
