// Packets: what they are counted as, and that their parts can be had when a zone is short.
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <functional>
#include <thread>
#include <vector>

#include "tests/alloc_stress.h"
#include "weir/alloc/inject.h"

namespace weir {
namespace {

constexpr int kMbuf = WEIR_ZONE_MBUF, kCluster = WEIR_ZONE_CLUSTER, kPacket = WEIR_ZONE_PACKET;
constexpr int kType = 1;

// What chain/ does when a packet's mbuf is freed alone: its cluster has other holders.
void FreeParts(void* packet) {
  void* cluster = PacketCluster(packet);
  Free(kCluster, kOfPacket, cluster);
  Free(kMbuf, kType, packet);
}

class PacketsTest : public testing::Test {
 protected:
  void SetUp() override {
    StartPools(nullptr);
    SetLimits(10000, 10000);
    before_ = {Figures(kMbuf).in_use, Figures(kCluster).in_use};
  }
  void TearDown() override {
    EXPECT_EQ(Figures(kMbuf).in_use, before_[0]);
    EXPECT_EQ(Figures(kCluster).in_use, before_[1]);
    EXPECT_EQ(Figures(kPacket).in_use, 0);
  }
  static void SetLimits(int64_t mbufs, int64_t clusters) {
    ASSERT_EQ(g_pools.zones[kMbuf].SetLimit(mbufs), 0);
    ASSERT_EQ(g_pools.zones[kCluster].SetLimit(clusters), 0);
  }
  static std::vector<void*> Take(int zone, size_t most) {
    std::vector<void*> all;
    while (all.size() < most) {
      void* object = Alloc(zone, kType, kNoWait);
      if (object == nullptr) break;
      all.push_back(object);
    }
    return all;
  }
  static void FreeAll(int zone, std::vector<void*>& all) {
    for (void* object : all) Free(zone, kType, object);
    all.clear();
  }

 private:
  std::vector<int64_t> before_;
};

TEST_F(PacketsTest, InUseCountsBothParts) {
  const int64_t mbufs = Figures(kMbuf).in_use, clusters = Figures(kCluster).in_use;
  std::vector<void*> packets = Take(kPacket, 300);
  ASSERT_EQ(packets.size(), 300u);
  EXPECT_EQ(Figures(kMbuf).in_use, mbufs + 300);
  EXPECT_EQ(Figures(kCluster).in_use, clusters + 300);
  EXPECT_EQ(Figures(kPacket).in_use, 300);
  for (int i = 0; i < 100; ++i) {
    FreeParts(packets.back());
    packets.pop_back();
  }
  EXPECT_EQ(Figures(kMbuf).in_use, mbufs + 200);
  EXPECT_EQ(Figures(kCluster).in_use, clusters + 200);
  EXPECT_EQ(Figures(kPacket).in_use, 200);
  FreeAll(kPacket, packets);
  weir_zone_snapshot s = Figures(kPacket);
  EXPECT_EQ(s.in_use, 0);
  EXPECT_EQ(s.cached_thread + s.cached_depot, 200);
  EXPECT_EQ(s.total, 200);
  EXPECT_EQ(s.allocs - s.frees, 0u);
}

TEST_F(PacketsTest, FreePacketsAreUsedAgain) {
  std::vector<void*> packets = Take(kPacket, 200);
  FreeAll(kPacket, packets);
  const uint64_t clusters = Figures(kCluster).total;
  for (int i = 0; i < 10000; ++i) {
    void* packet = Alloc(kPacket, kType, kNoWait);
    ASSERT_NE(packet, nullptr);
    ASSERT_NE(PacketCluster(packet), nullptr);
    Free(kPacket, kType, packet);
  }
  EXPECT_EQ(static_cast<uint64_t>(Figures(kCluster).total), clusters);
}

// Packets that are free in the cache of a thread that sleeps, and in the depot, are no reason to
// fail, whichever part of them is wanted.
TEST_F(PacketsTest, FreePacketsDoNotExhaustAZone) {
  for (int zone : {kMbuf, kCluster, kPacket}) {
    std::atomic<int> stage{0};
    std::thread sleeper([&] {
      std::vector<void*> packets = Take(kPacket, 500);
      FreeAll(kPacket, packets);
      stage = 1;
      stage.notify_all();
      stage.wait(1);
    });
    stage.wait(0);
    const int64_t limit = 800;
    SetLimits(zone == kCluster ? 10000 : limit, zone == kMbuf ? 10000 : limit);
    const size_t room =
        static_cast<size_t>(limit - Figures(zone == kPacket ? kCluster : zone).in_use);
    std::vector<void*> all = Take(zone, room + 1);
    EXPECT_EQ(all.size(), room) << weir_zone_name(zone);
    EXPECT_EQ(errno, ENOBUFS);
    FreeAll(zone, all);
    stage = 2;
    stage.notify_all();
    sleeper.join();
    SetLimits(10000, 10000);
  }
}

TEST_F(PacketsTest, APacketFreedElsewhereWakesWhoWaitsForAPart) {
  for (int zone : {kMbuf, kCluster}) {
    g_pools.Trim();
    SetLimits(zone == kMbuf ? 10 : 10000, zone == kCluster ? 10 : 10000);
    std::vector<void*> packets = Take(kPacket, 11);
    ASSERT_EQ(packets.size(), 10u);
    std::thread waiter([zone] {
      void* object = Alloc(zone, kType, kWait);
      EXPECT_NE(object, nullptr);
      Free(zone, kType, object);
    });
    while (g_pools.zones[zone].waiters().Count() == 0) std::this_thread::yield();
    Free(kPacket, kType, packets.back());
    packets.pop_back();
    waiter.join();  // hangs if the wake-up is lost
    FreeAll(kPacket, packets);
    SetLimits(10000, 10000);
  }
}

TEST_F(PacketsTest, WithoutAClusterTheMbufIsFreedAgain) {
  g_pools.Trim();
  SetLimits(10000, 100);
  std::vector<void*> clusters = Take(kCluster, 100);
  const int64_t mbufs = Figures(kMbuf).in_use;
  EXPECT_EQ(Alloc(kPacket, kType, kNoWait), nullptr);
  EXPECT_EQ(errno, ENOBUFS);
  EXPECT_EQ(Figures(kMbuf).in_use, mbufs);
  FreeAll(kCluster, clusters);
}

TEST_F(PacketsTest, TrimTakesFreePacketsApart) {
  std::vector<void*> packets = Take(kPacket, 5000);
  ASSERT_EQ(packets.size(), 5000u);
  FreeAll(kPacket, packets);
  EXPECT_GT(g_pools.Trim(), 5000 * 2048 / 2);
  EXPECT_EQ(Figures(kPacket).total, 0);
}

// At the limit of both zones: packets, mbufs and clusters by turns, on several threads, some of
// which wait. Nothing is lost, nothing is handed out twice, nobody waits in vain.
TEST_F(PacketsTest, StressAtTheLimit) {
  const uint64_t seed = TestSeed();
  constexpr int kThreads = 4, kObjects = 13, kHold = 3;
  g_pools.Trim();
  SetLimits(kObjects, kObjects);
  constexpr int64_t kLostMs = 5000;
  g_pools.wait_limit_ms.store(kLostMs, std::memory_order_relaxed);
  const int64_t until = MonotonicNs() + StressNs(3);
  std::atomic<uint64_t> rounds{0}, lost{0}, wrong{0};
  std::vector<std::thread> threads;
  for (uint64_t id = 1; id <= kThreads; ++id) {
    threads.emplace_back([&, id] {
      std::mt19937_64 random(seed + id);
      uint64_t serial = 0;
      struct Held {
        int zone;
        void* object;
        uint64_t serial;
      } held[kHold];
      while (MonotonicNs() < until) {
        int n = 0;
        // One with waiting, which all can have at once, and more without.
        for (; n < kHold; ++n) {
          const int zone = static_cast<int>(random() % 3) == 0   ? kPacket
                           : static_cast<int>(random() % 2) == 0 ? kMbuf
                                                                 : kCluster;
          int64_t begun = MonotonicNs();
          void* object = Alloc(zone, kType, n == 0 ? kWait : kNoWait);
          if (n == 0 && (object == nullptr || MonotonicNs() - begun >= kLostMs * 1000000)) ++lost;
          if (object == nullptr) break;
          held[n] = {zone, object, ++serial};
          void* part = zone == kPacket ? PacketCluster(object) : object;
          Stake(part, id, serial);
        }
        if (random() % 16 == 0) std::this_thread::sleep_for(std::chrono::microseconds(50));
        for (int i = 0; i < n; ++i) {
          const bool packet = held[i].zone == kPacket;
          void* part = packet ? PacketCluster(held[i].object) : held[i].object;
          if (!Holds(part, id, held[i].serial)) ++wrong;
          if (packet && random() % 4 == 0) {
            FreeParts(held[i].object);
          } else {
            Free(held[i].zone, kType, held[i].object);
          }
        }
        ++rounds;
      }
    });
  }
  for (std::thread& t : threads) t.join();
  g_pools.wait_limit_ms.store(0, std::memory_order_relaxed);
  printf("%lu rounds, %lu + %lu sleeps\n", rounds.load(), Figures(kMbuf).waits,
         Figures(kCluster).waits);
  EXPECT_EQ(lost.load(), 0u) << "waits that nobody woke";
  EXPECT_EQ(wrong.load(), 0u) << "clusters or mbufs with two owners";
  for (int zone : {kMbuf, kCluster}) {
    std::vector<void*> all = Take(zone, kObjects + 1);
    EXPECT_EQ(all.size(), static_cast<size_t>(kObjects)) << "of zone " << weir_zone_name(zone);
    FreeAll(zone, all);
  }
}

}  // namespace
}  // namespace weir
