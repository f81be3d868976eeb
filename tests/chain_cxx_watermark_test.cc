// weir::Watermark, and the C functions behind it.
#include "weir/chain/watermark.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "weir/chain/mbuf.h"
#include "weir/chain/pools.h"

namespace weir {
namespace {

constexpr int kZone = WEIR_ZONE_CLUSTER;

struct Counting {
  void Tell(int zone, bool is_above, int64_t) {
    EXPECT_EQ(zone, kZone);
    (is_above ? above : below).fetch_add(1, std::memory_order_release);
  }
  std::atomic<int> above{0}, below{0};
};

// A hang is the failure.
void Await(const std::atomic<int>& n, int value) {
  while (n.load(std::memory_order_acquire) != value) usleep(500);
}

struct FreeAll {
  void operator()(mbuf* m) const { m_freem(m); }
};
using Packet = std::unique_ptr<mbuf, FreeAll>;

TEST(WatermarkTest, IsToldWhileItLives) {
  Counting counting;
  {
    auto mark = Watermark::of<&Counting::Tell>(kZone, 1, 0, &counting);
    ASSERT_TRUE(mark);
    Packet packet(m_getcl(M_DONTWAIT, MT_DATA, M_PKTHDR));
    Await(counting.above, 1);
    packet.reset();
    Await(counting.below, 1);
  }
  Packet packet(m_getcl(M_DONTWAIT, MT_DATA, M_PKTHDR));
  Counting later;
  auto mark = Watermark::of<&Counting::Tell>(kZone, 1, 0, &later);
  Await(later.above, 1);
  EXPECT_EQ(counting.above.load(std::memory_order_acquire), 1);
}

TEST(WatermarkTest, MovesAndEndsEarly) {
  Counting counting;
  auto first = Watermark::of<&Counting::Tell>(kZone, 1, 0, &counting);
  Watermark second = std::move(first);
  EXPECT_FALSE(first);
  Watermark third;
  third = std::move(second);
  Watermark& self = third;
  third = std::move(self);
  Packet packet(m_getcl(M_DONTWAIT, MT_DATA, M_PKTHDR));
  Await(counting.above, 1);
  third.reset();
  EXPECT_FALSE(third);
}

TEST(WatermarkTest, OfAnotherSetKnowsItsOwn) {
  weir_options options = {};
  options.slab_source = "mmap";
  Pools pools("tenant", options);
  ASSERT_TRUE(pools);
  Counting counting, others;
  auto mark = Watermark::of<&Counting::Tell>(pools.get(), kZone, 1, 0, &counting);
  auto mine = Watermark::of<&Counting::Tell>(kZone, 1, 0, &others);
  ASSERT_TRUE(mark);
  Packet packet(pools.getcl(M_DONTWAIT, MT_DATA, M_PKTHDR));
  Await(counting.above, 1);
  packet.reset();
  Await(counting.below, 1);
  EXPECT_EQ(others.above.load(std::memory_order_acquire), 0);
}

// It may end itself while it is told.
struct Ending {
  Watermark mark;
  std::atomic<int> calls{0};
  void Tell(int, bool, int64_t) {
    mark.reset();
    calls.fetch_add(1, std::memory_order_release);
  }
};

TEST(WatermarkTest, MayEndItselfFromInside) {
  Ending ending;
  ending.mark = Watermark::of<&Ending::Tell>(kZone, 1, 0, &ending);
  Counting counting;
  auto mark = Watermark::of<&Counting::Tell>(kZone, 1, 0, &counting);
  for (int round = 1; round <= 2; ++round) {
    Packet packet(m_getcl(M_DONTWAIT, MT_DATA, M_PKTHDR));
    Await(counting.above, round);
    packet.reset();
    Await(counting.below, round);
  }
  EXPECT_EQ(ending.calls.load(std::memory_order_acquire), 1);
}

void Nothing(void*, int, int, int64_t) {}

TEST(WatermarkTest, WrongArgumentsAreRefused) {
  const struct {
    int zone;
    long high, low;
    Watermark::Function fn;
  } wrong[] = {
      {-1, 2, 1, Nothing},    {WEIR_NZONES, 2, 1, Nothing}, {WEIR_ZONE_PACKET, 2, 1, Nothing},
      {kZone, 1, 1, Nothing}, {kZone, 1, 2, Nothing},       {kZone, 0, -1, Nothing},
      {kZone, 2, 1, nullptr}};
  for (const auto& w : wrong) {
    errno = 0;
    EXPECT_EQ(weir_watermark_register(w.zone, w.high, w.low, w.fn, nullptr), -1);
    EXPECT_EQ(errno, EINVAL);
  }
  EXPECT_EQ(weir_watermark_unregister(-1), EINVAL);
  const int64_t id = weir_watermark_register(kZone, 2, 1, Nothing, nullptr);
  ASSERT_GE(id, 0);
  EXPECT_EQ(weir_watermark_unregister(id), 0);
  EXPECT_EQ(weir_watermark_unregister(id), EINVAL);
}

}  // namespace
}  // namespace weir
