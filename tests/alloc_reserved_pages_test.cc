// Reserved huge pages, of which this machine may have none: a pool of them is made up behind mmap
// and munmap (--wrap), which gives ordinary memory in their place. What the kernel itself does with
// them is seen in alloc_huge_pages_test, where there are some.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <vector>

#include "tests/child.h"
#include "weir/alloc/huge_pages.h"
#include "weir/alloc/huge_slabs.h"
#include "weir/alloc/region.h"
#include "weir/alloc/slab_range.h"

namespace {

int64_t pool = 0;               // huge pages that are free
int refusals = 0;               // of the next ones at a certain address
std::map<void*, size_t> taken;  // mappings of them, by address

void GiveBack(void* p) {
  auto at = taken.find(p);
  if (at == taken.end()) return;
  pool += static_cast<int64_t>(at->second / weir::kHugeBytes);
  taken.erase(at);
}

}  // namespace

extern "C" {
void* __real_mmap(void* at, size_t bytes, int protection, int flags, int file, off_t offset);
int __real_munmap(void* at, size_t bytes);

void* __wrap_mmap(void* at, size_t bytes, int protection, int flags, int file, off_t offset) {
  if ((flags & MAP_HUGETLB) == 0) {
    if ((flags & MAP_FIXED) != 0) GiveBack(at);
    return __real_mmap(at, bytes, protection, flags, file, offset);
  }
  const int64_t pages = static_cast<int64_t>(bytes / weir::kHugeBytes);
  if (pool < pages || ((flags & MAP_FIXED) != 0 && refusals-- > 0)) {
    errno = ENOMEM;
    return MAP_FAILED;
  }
  flags &= ~(MAP_HUGETLB | 63 << MAP_HUGE_SHIFT);
  if ((flags & MAP_FIXED) != 0) {
    at = __real_mmap(at, bytes, protection, flags, file, offset);
  } else {
    at = weir::MapAligned(bytes, weir::kHugeBytes, protection);
  }
  pool -= pages;
  taken[at] = bytes;
  return at;
}

int __wrap_munmap(void* at, size_t bytes) {
  GiveBack(at);
  return __real_munmap(at, bytes);
}
}

namespace weir {
namespace {

constexpr size_t kPerBlock = kHugeBytes / kSlabBytes;

bool InReserved(const void* p) {
  auto after = taken.upper_bound(const_cast<void*>(p));
  if (after == taken.begin()) return false;
  auto [at, bytes] = *--after;
  return static_cast<const char*>(p) < static_cast<char*>(at) + bytes;
}

void* Take(const SlabSource& source) {
  void* slab = source.allocate();
  EXPECT_NE(slab, nullptr);
  if (slab != nullptr) memset(slab, 1, kSlabBytes);
  return slab;
}

TEST(ReservedPages, AreUsedFirstAndSilently) {
  std::string text = InChild([] {
    pool = 3;
    const SlabSource& source = *HugeSlabSource();
    EXPECT_EQ(pool, 3) << "none is kept before it is needed";
    for (size_t i = 0; i < 3 * kPerBlock; ++i) EXPECT_TRUE(InReserved(Take(source)));
    EXPECT_EQ(pool, 0);
  });
  EXPECT_EQ(text, "");
}

TEST(ReservedPages, WhenTheyHaveRunOutOneLineSaysSoAndOthersAreUsed) {
  std::string text = InChild([] {
    pool = 1;
    const SlabSource& source = *HugeSlabSource();
    for (size_t i = 0; i < 4 * kPerBlock; ++i) {
      EXPECT_EQ(InReserved(Take(source)), i < kPerBlock);
    }
  });
  EXPECT_EQ(Lines(text), 1) << text;
  EXPECT_NE(text.find("too few reserved huge pages"), std::string::npos);
}

TEST(ReservedPages, GoBackWhenTheyAreEmptyAndAreTakenAgain) {
  InChild([] {
    pool = 2;
    const SlabSource& source = *HugeSlabSource();
    std::vector<void*> slabs;
    for (size_t i = 0; i < 2 * kPerBlock; ++i) slabs.push_back(Take(source));
    for (size_t i = 1; i < 2 * kPerBlock; ++i) source.release(slabs[i]);
    EXPECT_EQ(pool, 1);
    source.release(slabs[0]);
    EXPECT_EQ(pool, 2) << "others can have them";
    EXPECT_EQ(Take(source), slabs[0]);
    EXPECT_EQ(pool, 1);
  });
}

TEST(ReservedPages, BlockThatMayBeAnothersByNowIsNotUsed) {
  InChild([] {
    pool = 4;
    const SlabSource& source = *HugeSlabSource();
    char* first = static_cast<char*>(Take(source));
    for (size_t i = 1; i < kPerBlock; ++i) Take(source);
    refusals = 1;  // after which the kernel may have unmapped the block
    void* next = Take(source);
    EXPECT_EQ(next, first + 2 * kHugeBytes);
    EXPECT_TRUE(InReserved(next));
  });
}

TEST(ReservedPages, RegionHasThemAllFromTheStartAndKeepsThem) {
  std::string text = InChild([] {
    pool = 2;
    ASSERT_EQ(OpenRegion(kHugeBytes, true), 0);
    EXPECT_EQ(pool, 0) << "its own, and the spare one";
    const SlabSource& source = *RegionSlabSource();
    char* slab = static_cast<char*>(Take(source));
    EXPECT_TRUE(InReserved(slab));
    source.release(slab);
    EXPECT_EQ(*slab, 1) << "its page has stayed";
    EXPECT_EQ(pool, 0);
  });
  EXPECT_EQ(text, "");
}

TEST(ReservedPages, RegionThatTheyDoNotSufficeForHasNoneOfThem) {
  std::string text = InChild([] {
    pool = 1;
    ASSERT_EQ(OpenRegion(kHugeBytes, true), 0);
    EXPECT_EQ(pool, 1);
    EXPECT_FALSE(InReserved(Take(*RegionSlabSource())));
  });
  EXPECT_EQ(Lines(text), 1) << text;
}

}  // namespace
}  // namespace weir
