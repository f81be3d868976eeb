// What a process prints as it exits, if the environment asks for it.
#include <gtest/gtest.h>

#include <cstdlib>

#include "weir/chain/mbuf.h"
#include "weir/chain/weir.h"

// ThreadSanitizer otherwise waits a second before each exit.
extern "C" const char* __tsan_default_options() { return "atexit_sleep_ms=0"; }

namespace {

// What an exiting process still holds when nothing of its own runs any more.
struct Holder {
  mbuf* first = nullptr;
  mbuf* second = nullptr;
  ~Holder() {
    m_free(first);
    first = nullptr;
  }
} holder;

[[noreturn]] void ExitWith(const char* value, bool use) {
  if (value == nullptr) {
    unsetenv("WEIR_STATS");
  } else {
    setenv("WEIR_STATS", value, 1);
  }
  if (use) {
    holder.first = m_get(M_DONTWAIT, MT_DATA);
    holder.second = m_get(M_DONTWAIT, MT_HEADER);
  }
  exit(0);
}

const auto kGood = testing::ExitedWithCode(0);

TEST(Report, ShowsWhatIsHeldAfterTheLastDestructor) {
  EXPECT_EXIT(ExitWith("1", true), kGood,
              "^1/[0-9]+/[0-9]+ mbufs in use \\(current/cache/total\\)\n"
              "(.*\n)*1 mbuf in use:\n\t1 mbuf allocated to packet headers\n"
              "(.*\n)*0 calls to protocol drain routines\n$");
}

TEST(Report, IsOnlyMadeWhenAskedFor) {
  EXPECT_EXIT(ExitWith(nullptr, true), kGood, "^$");
  EXPECT_EXIT(ExitWith("0", true), kGood, "^$");
}

TEST(Report, IsNotMadeByAProgramThatUsedNoMbuf) { EXPECT_EXIT(ExitWith("1", false), kGood, "^$"); }

TEST(Report, AnotherValueIsRefused) {
  EXPECT_EXIT(ExitWith("yes", true), kGood, "^weir: WEIR_STATS: 'yes' is not 0 or 1\n$");
}

}  // namespace
