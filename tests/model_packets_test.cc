// Packets with the zones of their parts, from alloc/'s own sources, at the limits: an mbuf or a
// cluster that is free as part of a packet, in whichever cache or depot, is found by who wants that
// part, and wakes who waits for it.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/model/scheduler.h"
#include "tests/model/zone_world.h"
#include "weir/alloc/pools.h"

namespace weir {
namespace {

using model::Explore;
using model::Program;
using model::Result;

constexpr int kMbuf = WEIR_ZONE_MBUF, kCluster = WEIR_ZONE_CLUSTER, kPacket = WEIR_ZONE_PACKET;

model::ZoneWorld& W() { return model::World(true); }

// `mbufs` and `clusters` are the limits; thread 0 holds one of each kind in `held`, and its cache
// as many free packets as `cached` says, unless recalled.
struct Scene {
  int64_t mbufs, clusters;
  std::vector<int> held;
  int cached = 0;
  bool recalled = false;
};

void Set(const Scene& scene) {
  W().Reset(scene.clusters, scene.mbufs);
  for (int kind : scene.held) MODEL_CHECK(W().Alloc(0, kNoWait, kind));
  for (int i = 0; i < scene.cached; ++i) MODEL_CHECK(W().Alloc(0, kNoWait, kPacket));
  for (int i = 0; i < scene.cached; ++i) W().Free(0);
  if (scene.recalled) W().zone().Recall();
}

void ExpectSafe(const char* name, const Scene& scene, std::vector<std::function<void()>> threads,
                int delays, long random_runs = 1500) {
  Program p;
  p.threads = std::move(threads);
  p.check = [] { W().Check(); };
  for (const auto& [membarrier, shards] : {std::pair(true, 1u), {false, 1u}, {true, 2u}}) {
    p.setup = [scene, shards = shards] {
      Set(scene);
      W().Shards(shards);
    };
    const std::string which = name + std::string(membarrier ? "" : ", no membarrier") +
                              (shards == 1 ? "" : ", a shard each");
    Result r = Explore(which.c_str(), p, {.delays = delays, .membarrier = membarrier});
    EXPECT_EQ(r.failure, "") << which;
    EXPECT_TRUE(r.complete || r.failure != "") << which;
    r = Explore(which.c_str(), p, {.random_runs = random_runs, .membarrier = membarrier});
    EXPECT_EQ(r.failure, "") << which;
  }
}

void Free0() { W().Free(0); }

// Thread 0 has at most one packet at a time: there is always a cluster for the other, though in a
// packet; and an mbuf.
TEST(ModelPackets, APartOfAFreePacketCanBeAllocated) {
  ExpectSafe("alloc, free packet | alloc cluster", {2, 2, {}, 2},
             {[] { W().Alloc(0, kNoWait, kPacket), W().Free(0); },
              [] { MODEL_CHECK(W().Alloc(1, kNoWait, kCluster)); }},
             2);
  ExpectSafe("alloc, free packet | alloc mbuf", {2, 2, {}, 2},
             {[] { W().Alloc(0, kNoWait, kPacket), W().Free(0); },
              [] { MODEL_CHECK(W().Alloc(1, kNoWait, kMbuf)); }},
             1);
}

TEST(ModelPackets, APacketThatIsFreedWakesWhoWaitsForAPart) {
  for (int kind : {kCluster, kMbuf}) {
    ExpectSafe(kind == kMbuf ? "free packet | wait mbuf" : "free packet | wait cluster",
               {1, 1, {kPacket}, 0, true},
               {Free0, [kind] { MODEL_CHECK(W().Alloc(1, kWait, kind)); }}, 2);
  }
  ExpectSafe("free packet | wait mbuf | wait cluster", {1, 1, {kPacket}, 0, true},
             {Free0, [] { MODEL_CHECK(W().Alloc(1, kWait, kMbuf)); },
              [] { MODEL_CHECK(W().Alloc(2, kWait, kCluster)); }},
             1);
}

TEST(ModelPackets, PartsThatAreFreedWakeWhoWaitsForAPacket) {
  ExpectSafe("free cluster, free mbuf | wait packet", {1, 1, {kMbuf, kCluster}},
             {[] { Free0(), Free0(); }, [] { MODEL_CHECK(W().Alloc(1, kWait, kPacket)); }}, 2);
}

// Recalls of both zones, each of which takes the caches of packets too.
TEST(ModelPackets, RecallsOfBothZonesAtOnceLoseNothing) {
  ExpectSafe("alloc, free packet | recall mbufs | recall clusters", {2, 2, {}, 2},
             {[] { W().Alloc(0, kNoWait, kPacket), W().Free(0); },
              [] { g_pools.zones[kMbuf].Recall(); }, [] { g_pools.zones[kCluster].Recall(); }},
             2);
  ExpectSafe("free packet | trim | alloc cluster", {2, 2, {kPacket}, 1},
             {Free0,
              [] {
                g_pools.packets.TakeApart();
                g_pools.Recall();
                g_pools.packets.TakeApart();
              },
              [] { MODEL_CHECK(W().Alloc(2, kNoWait, kCluster)); }},
             1);
}

TEST(ModelPackets, AThreadThatEndsLeavesItsPackets) {
  ExpectSafe("end | wait cluster", {2, 2, {}, 2},
             {[] { W().End(0); }, [] { MODEL_CHECK(W().Alloc(1, kWait, kCluster)); }}, 2);
}

TEST(ModelPackets, AForkFindsEveryPart) {
  ExpectSafe("fork | free, alloc packet", {2, 2, {kPacket}, 1},
             {[] { W().Fork(0); }, [] { W().Alloc(1, kNoWait, kPacket), W().Free(1); }}, 1);
}

}  // namespace
}  // namespace weir
