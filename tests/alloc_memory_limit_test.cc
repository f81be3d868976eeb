// How much memory the process may use: the least of what its control groups, their ancestors and
// its resource limits say. The control groups are made up, in a folder that stands for "/".
#include "weir/alloc/memory_limit.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

namespace weir {
namespace {

constexpr int64_t kMega = 1 << 20;

class MemoryLimit : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::remove_all(root_); }
  void TearDown() override { std::filesystem::remove_all(root_); }

  // A file under the root, of one line.
  void Put(const std::string& name, const std::string& text) {
    std::filesystem::path path(root_ + name);
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text << "\n";
  }
  void PutMax(const std::string& group, const std::string& text) {
    Put("/sys/fs/cgroup" + group + "/memory.max", text);
  }
  void Enter(const std::string& lines) { Put("/proc/self/cgroup", lines); }
  int64_t Limit() const { return ControlGroupLimit(root_.c_str()); }

  const std::string root_ = testing::TempDir() + "/memory_limit_" + std::to_string(getpid());
};

TEST_F(MemoryLimit, NothingThereIsNoLimit) {
  EXPECT_EQ(Limit(), kUnlimited);
  Enter("0::/a");
  EXPECT_EQ(Limit(), kUnlimited);
  Enter("nonsense\n0:");
  EXPECT_EQ(Limit(), kUnlimited);
}

TEST_F(MemoryLimit, OwnGroupCounts) {
  Enter("0::/user.slice/job");
  PutMax("/user.slice/job", "104857600");
  PutMax("/user.slice/other", "1");
  EXPECT_EQ(Limit(), 100 * kMega);
}

TEST_F(MemoryLimit, LowestAncestorCounts) {
  Enter("0::/a/b/c");
  PutMax("/a/b/c", "max");
  PutMax("/a/b", "300");
  PutMax("/a", "200");
  EXPECT_EQ(Limit(), 200);
  PutMax("", "100");
  EXPECT_EQ(Limit(), 100) << "the root of the mount, which in a container is the container's";
}

TEST_F(MemoryLimit, MaxIsNoLimit) {
  Enter("0::/a");
  PutMax("/a", "max");
  EXPECT_EQ(Limit(), kUnlimited);
}

TEST_F(MemoryLimit, HighCountsWhereItIsLower) {
  Enter("0::/a/b");
  PutMax("/a/b", "500");
  Put("/sys/fs/cgroup/a/memory.high", "400");
  EXPECT_EQ(Limit(), 400);
  PutMax("/a", "300");
  EXPECT_EQ(Limit(), 300);
}

TEST_F(MemoryLimit, RootFilesCountWhereTheGroupCannotBeSeen) {
  PutMax("", "700");
  Enter("0::/docker/0123");
  EXPECT_EQ(Limit(), 700) << "no such folder below the mount";
  Enter("0::/");
  EXPECT_EQ(Limit(), 700);
  // Out of the namespace: nothing above the mount is looked at.
  Enter("0::/../../other");
  Put("/sys/fs/memory.max", "1");
  Put("/sys/other/memory.max", "1");
  EXPECT_EQ(Limit(), 700);
}

TEST_F(MemoryLimit, VersionOneCountsWhereItHasTheController) {
  Enter("3:cpu,cpuacct:/a\n2:hugetlb,memory:/a/b\n1:name=memory:/a\n0::/");
  Put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712");
  Put("/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "600");
  Put("/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "800");
  EXPECT_EQ(Limit(), 600);
}

TEST_F(MemoryLimit, ResourceLimitsCount) {
  for (auto resource : {RLIMIT_AS, RLIMIT_DATA}) {
    rlimit old;
    ASSERT_EQ(getrlimit(resource, &old), 0);
    rlimit low = old;
    low.rlim_cur = 123 * kMega;
    ASSERT_EQ(setrlimit(resource, &low), 0);
    int64_t limit = ResourceLimit();  // allocates nothing
    ASSERT_EQ(setrlimit(resource, &old), 0);
    EXPECT_EQ(limit, 123 * kMega);
  }
}

TEST_F(MemoryLimit, UsableIsTheLeastOfAll) {
  int64_t machine = sysconf(_SC_PHYS_PAGES) * static_cast<int64_t>(sysconf(_SC_PAGESIZE));
  EXPECT_EQ(UsableMemory(), std::min({machine, ControlGroupLimit(), ResourceLimit()}));
}

}  // namespace
}  // namespace weir
