// What the tests of the C++ face share.
#ifndef WEIR_TESTS_CHAIN_CXX_TEST_H_
#define WEIR_TESTS_CHAIN_CXX_TEST_H_

#include <algorithm>
#include <cerrno>
#include <functional>
#include <random>
#include <span>
#include <string>
#include <string_view>

#include "gtest/gtest.h"
#include "tests/in_use.h"
#include "tests/nothrow.h"
#include "weir/alloc/inject.h"
#include "weir/chain/chain.h"

namespace weir {

inline std::string Letters(size_t n, int first = 0) {
  std::string text(n, '\0');
  for (size_t i = 0; i < n; ++i) text[i] = static_cast<char>('a' + (i * 7 + i / 26 + first) % 26);
  return text;
}

inline std::span<const std::byte> AsBytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

// Checks that a test gives everything back.
class CxxTest : public testing::Test {
 protected:
  void SetUp() override { before_ = Count(); }
  void TearDown() override { EXPECT_EQ(Count(), before_) << "something did not come back"; }
  static int64_t Count() {
    int64_t n = 0;
    for (int zone = 0; zone < WEIR_NZONES; ++zone) n += InUse(zone);
    return n;
  }

  // A seed to print, another in each run unless WEIR_SEED is set.
  static unsigned Seed() {
    const char* seed = getenv("WEIR_SEED");
    return seed != nullptr ? static_cast<unsigned>(strtoul(seed, nullptr, 10))
                           : std::random_device()();
  }

  // Runs `attempt` with the first allocation (of an mbuf, or with nothrow new) failing, then with
  // the second, and so on until it says true for success; nothing may leak. Returns how often it
  // failed, which must be with ENOBUFS.
  static int ForEachFailure(const std::function<bool()>& attempt) {
    int failures = 0;
    for (void (*fail)(long) : {weir_fail_nth, FailNothrow}) {
      for (int n = 0;; ++n) {
        const int64_t before = Count();
        errno = 0;
        fail(n);
        const bool done = attempt();
        fail(-1);
        EXPECT_EQ(Count(), before) << "with allocation " << n << " failing";
        if (done) break;
        ++failures;
        if (n == 1000) {
          ADD_FAILURE() << "it always fails";
          break;
        }
      }
    }
    return failures;
  }

  int64_t before_ = 0;
};

}  // namespace weir

#endif  // WEIR_TESTS_CHAIN_CXX_TEST_H_
