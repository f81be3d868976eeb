// Runs the benchmark program named by the first argument for a moment.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace {

std::string program;

TEST(Benchmark, RunsToItsEnd) {
  std::string command = program + " --benchmark_min_time=0.001 >/dev/null 2>&1";
  EXPECT_EQ(std::system(command.c_str()), 0) << program;
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc != 2) return 2;
  program = argv[1];
  return RUN_ALL_TESTS();
}
