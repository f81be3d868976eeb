// What the kernel's malloc of the compatibility headers does when there is no memory.
#include <gtest/gtest.h>

#include "tests/compat/headers.h"
#include "weir/chain/mbuf.h"

namespace {

TEST(CompatMalloc, SaysNullToWhoDoesNotWait) {
  EXPECT_EQ(compat_malloc_too_much(M_NOWAIT), nullptr);
}

TEST(CompatMallocDeathTest, AbortsForWhoWaits) {
  EXPECT_DEATH(compat_malloc_too_much(M_WAITOK), "malloc: no memory for 4611686018427387904 bytes");
}

}  // namespace
