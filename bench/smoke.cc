// Runs the program named by the first argument: with the others, or, if there are none, as a peer's
// benchmark, which must do the work that it is measured by and then run to its end.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace {

std::string program, arguments;

TEST(Benchmark, DoesTheWork) {
  if (!arguments.empty()) GTEST_SKIP() << "no peer";
  EXPECT_EQ(std::system((program + " --check").c_str()), 0) << program;
}

TEST(Benchmark, RunsToItsEnd) {
  if (arguments.empty()) arguments = " --benchmark_min_time=0.001";
  EXPECT_EQ(std::system((program + arguments + " >/dev/null 2>&1").c_str()), 0) << program;
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc < 2) return 2;
  program = argv[1];
  for (int i = 2; i < argc; ++i) arguments += std::string(" ") + argv[i];
  return RUN_ALL_TESTS();
}
