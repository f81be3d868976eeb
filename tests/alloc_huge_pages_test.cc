// The option hugepages: slabs lie in huge pages, eight in each; where there are no reserved ones,
// one line says what is used instead. Each start is in a child process of its own.
#include "weir/alloc/huge_pages.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "tests/alloc_stress.h"
#include "tests/child.h"
#include "tests/pages.h"
#include "weir/alloc/huge_slabs.h"

namespace weir {
namespace {

void StartWithHugePages() {
  weir_options o{};
  o.hugepages = 1;
  ASSERT_EQ(StartPools(&o), 0);
}

// Objects of a zone that fill so many slabs.
std::vector<void*> Fill(int zone, size_t slabs) {
  std::vector<void*> objects;
  for (size_t i = 0; i < slabs * SlabCapacity(zone); ++i) {
    objects.push_back(Alloc(zone, 0, kNoWait));
    EXPECT_NE(objects.back(), nullptr);
  }
  return objects;
}

template <typename Objects>
std::set<uintptr_t> HugePagesOf(const Objects& objects) {
  std::set<uintptr_t> pages;
  for (void* p : objects) pages.insert(reinterpret_cast<uintptr_t>(p) / kHugeBytes);
  return pages;
}

bool AnyReserved() {
  void* p = MapReserved(nullptr, kHugeBytes);
  if (p == nullptr) return false;
  munmap(p, kHugeBytes);
  return true;
}

TEST(HugePages, SlabsShareThem) {
  if (!AnyReserved() && !TransparentHugePages()) GTEST_SKIP() << "no huge pages of any kind";
  InChild([] {
    StartWithHugePages();
    EXPECT_STREQ(g_pools.source->name, "huge pages");
    std::vector<void*> objects = Fill(WEIR_ZONE_JUMBO_16K, 15);
    for (void* p : Fill(WEIR_ZONE_CLUSTER, 1)) objects.push_back(p);
    EXPECT_EQ(HugePagesOf(objects).size(), 2u) << "16 slabs";
    for (void* p : objects) EXPECT_TRUE(HasFlag(p, "hg") || HasFlag(p, "ht"));
  });
}

TEST(HugePages, WithoutReservedOnesOneLineNamesWhatIsUsed) {
  if (AnyReserved()) GTEST_SKIP() << "some are reserved here";
  const std::string used = TransparentHugePages() ? "transparent huge pages" : "ordinary pages";
  std::string text = InChild([] {
    StartWithHugePages();
    for (int zone = 0; zone < kZones; ++zone) Fill(zone, 9);
    HugeSlabSource();
  });
  EXPECT_EQ(text, "weir: hugepages=1: too few reserved huge pages (vm.nr_hugepages); using " +
                      used + "\n");
}

TEST(HugePages, WithoutAnyItIsAsWithoutTheOption) {
  if (AnyReserved()) GTEST_SKIP() << "some are reserved here";
  std::string text = InChild([] {
    ASSERT_EQ(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0), 0);
    StartWithHugePages();
    EXPECT_STREQ(g_pools.source->name, "jemalloc");
    Fill(WEIR_ZONE_CLUSTER, 9);
  });
  EXPECT_EQ(text,
            "weir: hugepages=1: too few reserved huge pages (vm.nr_hugepages); using ordinary "
            "pages\n");
}

TEST(HugePages, NothingIsSaidUnlessTheyAreAskedFor) {
  std::string text = InChild([] {
    StartPools(nullptr);
    EXPECT_STREQ(g_pools.source->name, "jemalloc");
    Fill(WEIR_ZONE_CLUSTER, 9);
  });
  EXPECT_EQ(text, "");
}

// Room for the range is not taken from a limit of addresses that leaves no room for the program.
TEST(HugePages, AddressLimitLeavesHalf) {
  if (!AnyReserved() && !TransparentHugePages()) GTEST_SKIP() << "no huge pages of any kind";
  InChild([] {
    std::ifstream statm("/proc/self/statm");
    int64_t pages = 0;
    statm >> pages;
    rlimit limit{};
    limit.rlim_cur = limit.rlim_max = static_cast<rlim_t>(pages * 4096 + (int64_t{1} << 30));
    ASSERT_EQ(setrlimit(RLIMIT_AS, &limit), 0);
    StartWithHugePages();
    EXPECT_STREQ(g_pools.source->name, "huge pages");
    void* p = mmap(nullptr, size_t{256} << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT_NE(p, MAP_FAILED);
    Fill(WEIR_ZONE_CLUSTER, 9);
  });
}

TEST(HugePages, EmptyOnesGoBackToTheKernel) {
  if (!AnyReserved() && !TransparentHugePages()) GTEST_SKIP() << "no huge pages of any kind";
  InChild([] {
    StartWithHugePages();
    const SlabSource& source = *HugeSlabSource();
    std::vector<void*> slabs;
    for (int i = 0; i < 16; ++i) {
      slabs.push_back(source.allocate());
      ASSERT_NE(slabs.back(), nullptr);
      memset(slabs.back(), 1, kSlabBytes);
    }
    char* first = static_cast<char*>(slabs[0]);
    char* second = static_cast<char*>(slabs[8]);
    ASSERT_EQ(HugePagesOf(slabs).size(), 2u);
    for (int i = 0; i < 15; ++i) source.release(slabs[i]);
    EXPECT_EQ(Resident(first, kHugeBytes), 0u);
    EXPECT_EQ(Resident(second, kHugeBytes), kHugeBytes / 4096) << "it still has a slab";
    source.release(slabs[15]);
    EXPECT_EQ(Resident(second, kHugeBytes), 0u);
    EXPECT_EQ(source.allocate(), first);
    memset(first, 2, kSlabBytes);
  });
}

// vm.nr_hugepages=4 and more, or nothing to see here.
TEST(HugePages, ReservedOnesComeFirstAndTransparentOnesWhenTheyHaveRunOut) {
  if (!AnyReserved()) GTEST_SKIP() << "none are reserved here (vm.nr_hugepages)";
  std::string text = InChild([] {
    StartWithHugePages();
    const SlabSource& source = *HugeSlabSource();
    std::vector<char*> slabs;
    do {
      slabs.push_back(static_cast<char*>(source.allocate()));
      ASSERT_NE(slabs.back(), nullptr);
      memset(slabs.back(), 1, kSlabBytes);
    } while (HasFlag(slabs.back(), "ht"));
    EXPECT_EQ(slabs.size() % 8, 1u);
    EXPECT_GT(slabs.size(), 8u);
    for (char* slab : slabs) source.release(slab);
    EXPECT_TRUE(AnyReserved()) << "others can have them again";
    char* again = static_cast<char*>(source.allocate());
    EXPECT_TRUE(HasFlag(again, "ht"));
    memset(again, 1, kSlabBytes);
  });
  EXPECT_EQ(Lines(text), 1) << text;
}

TEST(TransparentHugePages, AreThereUnlessNeverOrUnknown) {
  const std::string root = testing::TempDir() + "/huge_" + std::to_string(getpid());
  const std::string folder = root + "/sys/kernel/mm/transparent_hugepage";
  EXPECT_FALSE(TransparentHugePages(root.c_str()));
  std::filesystem::create_directories(folder);
  auto says = [&](const char* text) {
    std::ofstream(folder + "/enabled") << text;
    return TransparentHugePages(root.c_str());
  };
  EXPECT_TRUE(says("always [madvise] never\n"));
  EXPECT_TRUE(says("[always] madvise never\n"));
  EXPECT_FALSE(says("always madvise [never]\n"));
  std::filesystem::remove_all(root);
}

}  // namespace
}  // namespace weir
