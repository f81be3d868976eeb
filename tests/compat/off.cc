#include "tests/compat/all.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "tests/compat/no_names.h"
