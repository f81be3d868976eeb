// stats/holders.h and stats/holders_json.h: buffers by the calls that allocated them, as text and
// as JSON.
#include "weir/stats/holders.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "weir/stats/holders_json.h"
#include "weir/stats/snapshot.h"

namespace weir {
namespace {

char code[8], mbufs[4], clusters[4];

void* const kParser[] = {&code[0], &code[1]};
void* const kCache[] = {&code[2], &code[1]};

weir_held Held(const void* object, int zone, void* const* calls, int64_t age_s) {
  weir_held h = {};
  h.object = object;
  h.zone = zone;
  h.set = "default";
  h.bytes = zone == WEIR_ZONE_MBUF ? 256 : 2048;
  h.stands_for = 100;
  h.holders = 1;
  h.thread = 17;
  h.age_ns = age_s * 1000000000;
  h.depth = 2;
  h.calls = calls;
  h.history[0] = "allocated";
  return h;
}

// Two mbufs by the parser, one of which refers to the cluster, and a cluster by the cache.
uint64_t Sample(void (*visit)(void*, const weir_held*), void* arg) {
  weir_held young = Held(&mbufs[0], WEIR_ZONE_MBUF, kParser, 1);
  weir_held old = Held(&mbufs[1], WEIR_ZONE_MBUF, kParser, 300);
  old.buffer = &clusters[0];
  old.thread = 18;
  old.where = "output queue";
  old.where_age_ns = 200000000000;
  old.history[1] = "clone";
  old.history[2] = "output queue";
  weir_held cluster = Held(&clusters[0], WEIR_ZONE_CLUSTER, kCache, 10000);
  cluster.holders = 2;
  cluster.set = "tenant";
  for (const weir_held* h : {&young, &old, &cluster}) visit(arg, h);
  return 3;
}

uint64_t Nothing(void (*)(void*, const weir_held*), void*) { return 0; }

bool Name(const void* call, char* name, size_t size) {
  constexpr const char* kNames[] = {"Parser::Next()", "main", "Cache::Store()"};
  const auto i = static_cast<const char*>(call) - code;
  if (i > 2) return false;
  snprintf(name, size, "%s", kNames[i]);
  return true;
}

TEST(Holders, BuffersByTheSameCallsAreOneGroup) {
  const Holders holders = GroupHolders(Sample);
  EXPECT_EQ(holders.unrecorded, 3u);
  ASSERT_EQ(holders.groups.size(), 2u);
  const HoldersGroup& cluster = holders.groups[0];
  EXPECT_EQ(cluster.zone, WEIR_ZONE_CLUSTER) << "the largest first";
  EXPECT_EQ(cluster.set, "tenant");
  EXPECT_EQ(cluster.objects, 100u);
  EXPECT_EQ(cluster.bytes, 204800u);
  EXPECT_EQ(cluster.shared, 1u);
  ASSERT_EQ(cluster.held_by.size(), 1u);
  EXPECT_EQ(cluster.held_by[0], (std::vector<void*>{kParser[0], kParser[1]}));
  const HoldersGroup& parser = holders.groups[1];
  EXPECT_EQ(parser.recorded, 2u);
  EXPECT_EQ(parser.objects, 200u);
  EXPECT_EQ(parser.bytes, 51200u);
  EXPECT_EQ(parser.oldest_ns, 300000000000);
  EXPECT_EQ(parser.youngest_ns, 1000000000);
  EXPECT_EQ(parser.object, &mbufs[1]) << "the oldest is shown";
  EXPECT_EQ(parser.thread, 18);
  EXPECT_TRUE(parser.held_by.empty());
}

TEST(Holders, OnlyOldOnesIfOneAsks) {
  const Holders holders = GroupHolders(Sample, 300000000000);
  ASSERT_EQ(holders.groups.size(), 2u);
  EXPECT_EQ(holders.groups[1].recorded, 1u);
  EXPECT_EQ(GroupHolders(Sample, 300000000001).groups.size(), 1u);
}

TEST(Holders, TheTextSaysWhoHowManyAndHowOld) {
  char hidden[64];
  snprintf(hidden, sizeof hidden, "%p", static_cast<void*>(&mbufs[1]));
  const std::string text = RenderHolders(GroupHolders(Sample), 100, Name);
  EXPECT_EQ(text.substr(0, text.find("    the oldest")),
            "One in 100 allocations is recorded.\n"
            "3 recorded buffers are in use and stand for 300, 250.0 KiB, in 2 groups.\n"
            "3 were not recorded for want of room.\n"
            "\n"
            "100 x cluster, 200.0 KiB of set tenant (1 recorded, 2.8 h to 2.8 h old), allocated by\n"
            "      Cache::Store()\n"
            "      main\n"
            "    1 of those recorded are shared\n");
  EXPECT_NE(text.find("    2 mbufs hold it\n"
                      "    one that holds it was allocated by\n"
                      "      Parser::Next()\n"
                      "      main\n"),
            text.npos)
      << text;
  EXPECT_NE(text.find("200 x mbuf, 50.0 KiB (2 recorded, 1.0 s to 5 min old), allocated by\n"),
            text.npos)
      << text;
  EXPECT_NE(text.find(std::string("the oldest: ") + hidden +
                      ", by thread 18; last touched: output queue, 3 min ago\n"
                      "    what became of it: allocated, clone, output queue\n"),
            text.npos)
      << text;
}

TEST(Holders, TheTextIsBounded) {
  const std::string text = RenderHolders(GroupHolders(Sample), 100, Name, 1);
  EXPECT_EQ(text.find("x mbuf"), text.npos);
  EXPECT_NE(text.find("\nand 1 smaller groups\n"), text.npos) << text;
}

TEST(Holders, NothingIsToldPlainly) {
  EXPECT_EQ(RenderHolders(GroupHolders(Nothing), 0, Name),
            "Allocations are not being recorded.\n"
            "0 recorded buffers are in use and stand for 0, 0.0 KiB, in 0 groups.\n");
}

TEST(Holders, CallsInsideWeirAreLeftOutInFront) {
  const std::vector<void*> calls = {&code[3], &code[2], &code[0], &code[2], &code[5]};
  bool (*name)(const void*, char*, size_t) = [](const void* call, char* text, size_t size) {
    if (call == &code[2]) {
      snprintf(text, size, "weir::GetSlow(int, int, unsigned int)");
    } else if (call == &code[3]) {
      snprintf(text, size, "weir::(anonymous namespace)::AddClusterSlow()");
    } else {
      return Name(call, text, size);
    }
    return true;
  };
  char unknown[32];
  snprintf(unknown, sizeof unknown, "%p", static_cast<void*>(&code[5]));
  EXPECT_EQ(NameCalls(calls, name),
            (std::vector<std::string>{"Parser::Next()", "weir::GetSlow(int, int, unsigned int)",
                                      unknown}));
}

TEST(HoldersJson, SaysTheSame) {
  const auto json = nlohmann::json::parse(RenderHoldersJson(GroupHolders(Sample), 100, Name));
  EXPECT_EQ(json["schema"], 1);
  EXPECT_EQ(json["one_in"], 100);
  EXPECT_EQ(json["unrecorded"], 3);
  ASSERT_EQ(json["groups"].size(), 2u);
  const auto& cluster = json["groups"][0];
  EXPECT_EQ(cluster["set"], "tenant");
  EXPECT_EQ(cluster["zone"], "cluster");
  EXPECT_EQ(cluster["calls"], nlohmann::json::array({"Cache::Store()", "main"}));
  EXPECT_EQ(cluster["recorded"], 1);
  EXPECT_EQ(cluster["objects"], 100);
  EXPECT_EQ(cluster["bytes"], 204800);
  EXPECT_EQ(cluster["shared"], 1);
  EXPECT_EQ(cluster["oldest_seconds"], 10000.0);
  EXPECT_EQ(cluster["oldest"]["holders"], 2);
  EXPECT_EQ(cluster["oldest"]["held_by"], nlohmann::json::array({nlohmann::json::array({"Parser::Next()", "main"})}));
  EXPECT_FALSE(cluster["oldest"].contains("where"));
  const auto& parser = json["groups"][1];
  EXPECT_EQ(parser["youngest_seconds"], 1.0);
  EXPECT_EQ(parser["oldest"]["thread"], 18);
  EXPECT_EQ(parser["oldest"]["where"], "output queue");
  EXPECT_EQ(parser["oldest"]["where_seconds"], 200.0);
  EXPECT_EQ(parser["oldest"]["history"], nlohmann::json({"allocated", "clone", "output queue"}));
}

}  // namespace
}  // namespace weir
