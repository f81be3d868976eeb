// Runs the program named by the first argument for a moment, with the others or, if there are none,
// as a benchmark.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace {

std::string program;

TEST(Benchmark, RunsToItsEnd) {
  EXPECT_EQ(std::system((program + " >/dev/null 2>&1").c_str()), 0) << program;
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc < 2) return 2;
  program = argv[1];
  if (argc == 2) program += " --benchmark_min_time=0.001";
  for (int i = 2; i < argc; ++i) program += std::string(" ") + argv[i];
  return RUN_ALL_TESTS();
}
