// The compatibility headers: tests/compat/headers.c, compiled with them, does the work in C; here
// they are in C++.
#include "tests/chain_make.h"
#include "tests/compat/all.h"
#include "tests/compat/headers.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace weir {
namespace {

class CompatHeaders : public ChainTest {};

TEST_F(CompatHeaders, HaveWhatKernelSourcesExpectOfTheLibrary) { EXPECT_EQ(compat_libkern(), 0); }
TEST_F(CompatHeaders, HaveTheMallocThatTakesAType) { EXPECT_EQ(compat_malloc(), 0); }
TEST_F(CompatHeaders, LeaveTheMallocOfLibcUsable) { EXPECT_EQ(compat_malloc_of_libc(), 0); }
TEST_F(CompatHeaders, HaveTheOldNamesOfMbufs) { EXPECT_EQ(compat_old_names(), 0); }
TEST_F(CompatHeaders, HaveLoopsThatAllowRemoval) { EXPECT_EQ(compat_queue(), 0); }

TEST_F(CompatHeaders, LogOnStderr) {
  testing::internal::CaptureStderr();
  compat_log();
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "<3>in: 3 drops\n<6>no argument\n");
}

TEST(CompatHeadersDeathTest, PanicsAndAssertionsSayWhy) {
  EXPECT_DEATH(compat_panic(0), "panic: river dry");
  EXPECT_DEATH(compat_panic(1), "panic: .*headers.c:[0-9]+: how == 2");
  EXPECT_DEATH(compat_panic(2), "panic: how is 2");
}

// C++ gets the functions, and of the macros only those that BSD spells in capitals.
TEST_F(CompatHeaders, LeaveTheStandardLibraryOfCxxAlone) {
#if defined(malloc) || defined(free) || defined(log) || defined(nitems) || defined(__packed)
  FAIL() << "a macro in small letters";
#endif
  EXPECT_EQ(min(1u, 2u) + std::min(1u, 2u), 2u);
  EXPECT_EQ(std::log(1.0), 0.0);
  std::free(std::malloc(1));
}

}  // namespace
}  // namespace weir
