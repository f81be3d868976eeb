// Memory near the thread that asks for it. The machines that these tests have run on have one node,
// so lists of more are made up, and what is asked of the kernel is asked of node 0.
#include "weir/alloc/numa.h"

#include <gtest/gtest.h>
#include <linux/mempolicy.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>

#include "weir/alloc/slab_source.h"

namespace weir {
namespace {

TEST(Numa, NodesAreCountedAsTheKernelListsThem) {
  const std::string root = testing::TempDir() + "/numa_" + std::to_string(getpid());
  const std::string folder = root + "/sys/devices/system/node";
  EXPECT_EQ(NodeCount(root.c_str()), 1) << "no list";
  std::filesystem::create_directories(folder);
  auto count = [&](const char* text) {
    std::ofstream(folder + "/possible") << text << "\n";
    return NodeCount(root.c_str());
  };
  EXPECT_EQ(count("0"), 1);
  EXPECT_EQ(count("0-1"), 2);
  EXPECT_EQ(count("0-3,8-11,15"), 9);
  EXPECT_EQ(count("0,2"), 2);
  EXPECT_EQ(count(""), 1);
  std::filesystem::remove_all(root);
}

// The policy of p's mapping, and its nodes below 64; -1 where the kernel does not say.
int PolicyOf(void* p, unsigned long* nodes) {
  int mode = -1;
  unsigned long mask[16] = {};
  if (syscall(SYS_get_mempolicy, &mode, mask, 1024ul, p, MPOL_F_ADDR) != 0) return -1;
  *nodes = mask[0];
  return mode;
}

TEST(Numa, PreferredNodeIsWhatTheKernelWasTold) {
  constexpr size_t kBytes = 1 << 16;
  void* p = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(p, MAP_FAILED);
  unsigned long nodes = 0;
  if (PolicyOf(p, &nodes) < 0) GTEST_SKIP() << "no memory policies here";
  EXPECT_EQ(PolicyOf(p, &nodes), MPOL_DEFAULT);
  int error = PreferNode(p, kBytes, 0);
  if (error == EPERM) GTEST_SKIP() << "mbind is not permitted here";
  ASSERT_EQ(error, 0);
  EXPECT_EQ(PolicyOf(p, &nodes), MPOL_PREFERRED);
  EXPECT_EQ(nodes, 1ul) << "node 0";
  EXPECT_EQ(PreferNode(p, kBytes, 1024), EINVAL);
  munmap(p, kBytes);
}

TEST(Numa, SlabsHaveAPolicyWhereThereAreSeveralNodesOnly) {
  CountNodes();
  void* slab = MmapSlabSource()->allocate();
  ASSERT_NE(slab, nullptr);
  unsigned long nodes = 0;
  int policy = PolicyOf(slab, &nodes);
  if (policy >= 0 && PreferNode(slab, 4096, 0) == 0) {
    EXPECT_EQ(policy, NodeCount() > 1 ? MPOL_PREFERRED : MPOL_DEFAULT);
  }
  MmapSlabSource()->release(slab);
}

}  // namespace
}  // namespace weir
