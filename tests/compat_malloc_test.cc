// What the kernel's malloc of the compatibility headers does when there is no memory, and
// MEXTMALLOC.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>

#include "tests/compat/headers.h"
#include "weir/chain/mbuf.h"

namespace {

TEST(CompatMalloc, SaysNullToWhoDoesNotWait) {
  EXPECT_EQ(compat_malloc_too_much(M_NOWAIT), nullptr);
}

TEST(CompatMallocDeathTest, AbortsForWhoWaits) {
  EXPECT_DEATH(compat_malloc_too_much(M_WAITOK), "malloc: no memory for 4611686018427387904 bytes");
}

TEST(ExtMallocDeathTest, WithoutMemoryNothingIsAttached) {
  mbuf* m = m_get(M_WAITOK, MT_DATA);
  EXPECT_EXIT(
      {
        const rlimit none = {};
        setrlimit(RLIMIT_AS, &none);
        const int error = m_extmalloc(m, INT32_MAX, M_WAITOK);
        _exit(error == ENOBUFS && !(m->m_flags & M_EXT) ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
  m_free(m);
}

}  // namespace
