// The option region_bytes: all 2 KiB clusters lie in one range that a program can register; limits
// keep within it; and who registered it sees what is in the clusters. Each start is in a child
// process of its own.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <liburing.h>
#include <sys/resource.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "tests/child.h"
#include "tests/pages.h"
#include "weir/chain/mbuf.h"
#include "weir/chain/weir.h"

namespace weir {
namespace {

constexpr int64_t kMega = 1 << 20;
constexpr long kPerMega = kMega / MCLBYTES;

void Init(int64_t region_bytes, int64_t hugepages = 0) {
  weir_options o = {};
  o.region_bytes = region_bytes;
  o.hugepages = hugepages;
  ASSERT_EQ(weir_init(&o), 0);
}

struct Found {
  char* base = nullptr;
  size_t bytes = 0;
  bool Has(const void* p, size_t n) const {
    const char* at = static_cast<const char*>(p);
    return at >= base && at + n <= base + bytes;
  }
};
Found Find() {
  Found found;
  void* base;
  EXPECT_EQ(weir_region(&base, &found.bytes), 0);
  found.base = static_cast<char*>(base);
  return found;
}

// Packets with a cluster each, as many as there can be.
std::vector<mbuf*> AllPackets() {
  std::vector<mbuf*> all;
  while (mbuf* m = m_getcl(M_DONTWAIT, MT_DATA, M_PKTHDR)) {
    memset(m->m_data, 7, MCLBYTES);
    all.push_back(m);
  }
  return all;
}
void FreeAll(std::vector<mbuf*>& all) {
  for (mbuf* m : all) m_freem(m);
  all.clear();
}

TEST(Region, HasAllClustersAndNothingElse) {
  InChild([] {
    Init(4 * kMega);
    Found region = Find();
    EXPECT_GE(region.bytes, static_cast<size_t>(4 * kMega));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(region.base) % (2 * kMega), 0u);
    std::vector<mbuf*> all = AllPackets();
    EXPECT_EQ(all.size(), static_cast<size_t>(4 * kPerMega)) << "its default limit";
    for (mbuf* m : all) {
      EXPECT_TRUE(region.Has(m->m_data, MCLBYTES));
      EXPECT_FALSE(region.Has(m, 1));
    }
    mbuf* jumbo = m_getjcl(M_DONTWAIT, MT_DATA, 0, MJUMPAGESIZE);
    ASSERT_NE(jumbo, nullptr);
    EXPECT_FALSE(region.Has(jumbo->m_data, 1));
    all.push_back(jumbo);
    FreeAll(all);
  });
}

TEST(Region, NoneIsENOENT) {
  InChild([] {
    void* base;
    size_t bytes;
    EXPECT_EQ(weir_region(&base, &bytes), ENOENT);
  });
}

TEST(Region, ThatTheClustersDoNotFitInIsRefused) {
  std::string text = InChild([] {
    weir_options o = {};
    o.nmbclusters = 2000;
    o.region_bytes = 2000 * MCLBYTES - 1;
    EXPECT_EQ(weir_init(&o), EINVAL);
    setenv("WEIR_REGION_BYTES", "5", 1);
    EXPECT_EQ(weir_init(&o), EINVAL);
    setenv("WEIR_REGION_BYTES", "4096000", 1);
    EXPECT_EQ(weir_init(&o), 0);
  });
  EXPECT_EQ(text,
            "weir: region_bytes: 4095999 is not a number from 4096000 to 274877906944\n"
            "weir: region_bytes: 5 is not a number from 4096000 to 274877906944\n");
}

TEST(Region, IsTheDefaultSetsOnly) {
  std::string text = InChild([] {
    Init(4 * kMega);
    weir_options o = {};
    o.region_bytes = 4 * kMega;
    EXPECT_EQ(weir_pools_create("second", &o), nullptr);
    EXPECT_EQ(errno, EINVAL);
    o.region_bytes = 0;
    weir_pools* second = weir_pools_create("second", &o);
    ASSERT_NE(second, nullptr);
    mbuf* m = weir_pools_getcl(second, M_DONTWAIT, MT_DATA, 0);
    EXPECT_FALSE(Find().Has(m->m_data, 1));
    m_freem(m);
    EXPECT_EQ(weir_pools_destroy(second), 0);
  });
  EXPECT_EQ(text, "weir: region_bytes: 4194304 is not a number from 0 to 0\n");
}

TEST(Region, HasRoomWhenALimitIsLoweredAndRaisedAgain) {
  InChild([] {
    Init(4 * kMega);
    std::vector<mbuf*> all = AllPackets(), kept;
    for (size_t i = 0; i < all.size(); i += 16) {  // some of every slab
      kept.push_back(all[i]);
      all[i] = nullptr;
    }
    FreeAll(all);
    EXPECT_EQ(weir_set_limit(WEIR_ZONE_CLUSTER, static_cast<long>(kept.size())), 0);
    EXPECT_EQ(weir_set_limit(WEIR_ZONE_CLUSTER, 4 * kPerMega), 0);
    EXPECT_EQ(weir_reserve(WEIR_ZONE_CLUSTER, 4 * kPerMega), 0);
    all = AllPackets();
    EXPECT_EQ(all.size() + kept.size(), static_cast<size_t>(4 * kPerMega));
    FreeAll(all);
    FreeAll(kept);
  });
}

TEST(Region, LimitCannotBeRaisedAboveIt) {
  InChild([] {
    Init(4 * kMega);
    EXPECT_EQ(weir_set_limit(WEIR_ZONE_CLUSTER, 4 * kPerMega), 0);
    EXPECT_EQ(weir_set_limit(WEIR_ZONE_CLUSTER, 4 * kPerMega + 1), EINVAL);
    EXPECT_EQ(weir_set_limit(WEIR_ZONE_JUMBO_PAGE, 100 * kPerMega), 0) << "lie elsewhere";
    EXPECT_EQ(weir_reserve(WEIR_ZONE_CLUSTER, 4 * kPerMega), 0) << "there is room for all";
  });
}

TEST(Region, ThatCannotBeMappedIsENOMEMAndCanBeTriedAgain) {
  std::string text = InChild([] {
    std::ifstream statm("/proc/self/statm");
    int64_t pages = 0;
    statm >> pages;
    rlimit limit{};
    limit.rlim_cur = limit.rlim_max = static_cast<rlim_t>(pages * 4096 + 256 * kMega);
    ASSERT_EQ(setrlimit(RLIMIT_AS, &limit), 0);
    weir_options o = {};
    o.region_bytes = 1024 * kMega;
    EXPECT_EQ(weir_init(&o), ENOMEM);
    Init(4 * kMega);
  });
  EXPECT_EQ(text,
            "weir: region_bytes: 1073741824 bytes cannot be mapped: Cannot allocate memory\n");
}

// Fills, frees and trims, and returns how much of the region is there.
size_t LeftAfterTrim(const Found& region) {
  std::vector<mbuf*> all = AllPackets();
  FreeAll(all);
  EXPECT_GE(weir_trim(), 4 * kMega);
  return Resident(region.base, region.bytes) * 4096;
}

TEST(Region, PagesGoBackUntilSomebodyMayHaveRegisteredThem) {
  for (int64_t huge : {0, 1}) {
    InChild([huge] {
      Init(4 * kMega, huge);
      Found region;  // without asking for it
      mbuf* m = m_getcl(M_DONTWAIT, MT_DATA, 0);
      region.base = m->m_data - reinterpret_cast<uintptr_t>(m->m_data) % (2 * kMega);
      region.bytes = 4 * kMega;
      m_freem(m);
      EXPECT_EQ(LeftAfterTrim(region), 0u);
      region = Find();
      EXPECT_GE(LeftAfterTrim(region), static_cast<size_t>(4 * kMega));
    });
  }
}

TEST(Region, LiesInHugePagesWhenTheyAreAskedFor) {
  std::string text = InChild([] {
    Init(4 * kMega, 1);
    Found region = Find();
    bool transparent = HasFlag(region.base, "hg"), reserved = HasFlag(region.base, "ht");
    fprintf(stderr, "%s\n", transparent ? "hg" : reserved ? "ht" : "none");
  });
  const bool as_said = text.ends_with("transparent huge pages\nhg\n") || text == "ht\n" ||
                       text.ends_with("ordinary pages\nnone\n");
  EXPECT_TRUE(as_said) << text;
}

// The file's text, read by a ring that knows the whole region as its buffer 0.
std::string ReadFixed(io_uring& ring, int file, mbuf* into) {
  io_uring_prep_read_fixed(io_uring_get_sqe(&ring), file, into->m_data, 16, 0, 0);
  EXPECT_EQ(io_uring_submit(&ring), 1);
  io_uring_cqe* done;
  EXPECT_EQ(io_uring_wait_cqe(&ring, &done), 0);
  EXPECT_EQ(done->res, 16);
  io_uring_cqe_seen(&ring, done);
  return std::string(into->m_data, 16);
}

TEST(Region, IsRegisteredOnceAndReadInto) {
  io_uring probe;
  if (int error = io_uring_queue_init(4, &probe, 0)) GTEST_SKIP() << strerror(-error);
  io_uring_queue_exit(&probe);
  InChild([] {
    Init(4 * kMega);
    Found region = Find();
    io_uring ring;
    ASSERT_EQ(io_uring_queue_init(4, &ring, 0), 0);
    iovec whole = {region.base, region.bytes};
    ASSERT_EQ(io_uring_register_buffers(&ring, &whole, 1), 0) << "RLIMIT_MEMLOCK?";
    // When clusters have come and gone, what is registered must still be what is used.
    std::vector<mbuf*> all = AllPackets();
    FreeAll(all);
    weir_trim();
    const std::string name = testing::TempDir() + "/region_" + std::to_string(getpid());
    std::ofstream(name) << "sixteen bytes...";
    int file = open(name.c_str(), O_RDONLY | O_CLOEXEC);
    unlink(name.c_str());
    all = AllPackets();
    ASSERT_FALSE(all.empty());
    EXPECT_EQ(ReadFixed(ring, file, all.front()), "sixteen bytes...");
    EXPECT_EQ(ReadFixed(ring, file, all.back()), "sixteen bytes...");
    close(file);
    FreeAll(all);
    io_uring_queue_exit(&ring);
  });
}

}  // namespace
}  // namespace weir
