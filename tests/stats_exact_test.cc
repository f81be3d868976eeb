// weir's figures beside a test's own count of all that it does: they are the same as soon as nobody
// does anything, in weir_snapshot and in what an exporter serves. Eight threads work on chains of
// two sets of zones, end and are replaced; meanwhile caches and slabs are taken back, drains
// broadcast, more or fewer allocations recorded, the figures read, and the process forks.
//
// WEIR_OPERATIONS=100000000 says how many operations that is; otherwise what fits in three seconds
// (WEIR_STRESS_SECONDS).
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/alloc_stress.h"
#include "tests/child.h"
#include "tests/exact_crew.h"
#include "tests/exact_figures.h"
#include "tests/exact_tally.h"
#include "tests/exact_worker.h"
#include "tests/stats_http_client.h"
#include "weir/alloc/pools.h"
#include "weir/alloc/slab_source.h"
#include "weir/chain/holders.h"
#include "weir/chain/mbuf.h"
#include "weir/chain/weir.h"
#include "weir/reclaim/futex.h"
#include "weir/stats/exporter.h"

// As in alloc_fork_test.cc.
extern "C" const char* __tsan_default_options() { return "detect_deadlocks=0:die_after_fork=0"; }

namespace weir {
namespace {

constexpr int kWorkers = Crew::kWorkers;
constexpr int64_t kRound = kSlowBuild ? 40000 : 400000;  // operations between two times of quiet
constexpr const char* kNames[kExactSets] = {"default", "small"};

// ---- Slabs, counted where they come from ----

const SlabSource* counted_source = nullptr;
std::atomic<int64_t> slabs{0};

void* AllocateCounted() {
  void* slab = counted_source->allocate();
  if (slab != nullptr) slabs.fetch_add(1, std::memory_order_relaxed);
  return slab;
}
void ReleaseCounted(void* slab) {
  slabs.fetch_sub(1, std::memory_order_relaxed);
  counted_source->release(slab);
}
void PurgeCounted() { counted_source->purge(); }
constexpr SlabSource kCounting{"counting", AllocateCounted, ReleaseCounted, PurgeCounted};

// ---- Drains ----

std::atomic<int64_t> drains[kExactSets];
constexpr long kDrained = 3;  // objects that each is said to have freed

long Drain(void* set, int, long) {
  static_cast<std::atomic<int64_t>*>(set)->fetch_add(1, std::memory_order_relaxed);
  return kDrained;
}

// ---- All that there is ----

weir_pools* small = nullptr;
ExactWorker workers[kWorkers];

void FillSmall(struct weir_snapshot* s) { weir_pools_snapshot(small, s); }

class StatsExact : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    mbinit();
    weir_options options = {};
    options.nmbufs = 150;
    options.nmbclusters = 50;
    options.nmbjumbop = options.nmbjumbo9 = options.nmbjumbo16 = 16;
    options.wait_limit_ms = 2;
    options.warn_interval_s = 86400;
    small = weir_pools_create("small", &options);
    ASSERT_NE(small, nullptr);
    ASSERT_EQ(g_pools.InUse(WEIR_ZONE_MBUF), 0) << "nobody was before us";
    counted_source = g_pools.source;
    for (weir_pools* pools : {&g_pools, small}) {
      ASSERT_EQ(pools->source, counted_source);
      for (const Zone& zone : pools->zones) ASSERT_EQ(zone.bytes(), 0);
      pools->source = &kCounting;
    }
    ASSERT_GE(weir_drain_register(WEIR_DRAIN_PROTOCOL, "counted", Drain, &drains[kRoomy]), 0);
    ASSERT_GE(
        weir_pools_drain_register(small, WEIR_DRAIN_INTERFACE, "counted", Drain, &drains[kSmall]),
        0);
    Exporter::Options served;
    served.snapshot = weir_snapshot;
    served.sets = [] {
      std::vector<SetSnapshot> sets(1);
      sets[0].name = kNames[kSmall];
      FillSmall(&sets[0].figures);
      return sets;
    };
    std::string error;
    exporter = Exporter::Start(served, &error).release();
    ASSERT_NE(exporter, nullptr) << error;
  }

  static Exporter* exporter;
};
Exporter* StatsExact::exporter = nullptr;

// What the workers say, of a set of zones, while nobody does anything.
FigureMap Counted(int set) {
  FigureMap f;
  InHand hand;
  for (ExactWorker& w : workers) {
    w.ForEachChain([&](const mbuf* m) {
      if (set == (m->m_pool == 0 ? kRoomy : kSmall)) hand.Add(m);
    });
  }
  const auto sum = [set](auto what) {
    int64_t n = 0;
    for (const ExactWorker& w : workers) n += what(w.tally(set)).Read();
    return n;
  };
  for (int type = 0; type < WEIR_NTYPES; ++type) {
    const int64_t n = sum([&](const Tally& t) -> auto& { return t.mbufs[type]; });
    EXPECT_EQ(n, hand.types[type]) << "the test's own counts, of " << TypeName(type);
    if (n != 0) f[TypeName(type)] = n;
  }
  for (int zone = 0; zone < WEIR_NZONES; ++zone) {
    const std::string name = std::string(weir_zone_name(zone)) + ".";
    const int64_t allocs = sum([&](const Tally& t) -> auto& { return t.allocs[zone]; });
    f[name + "in_use"] = hand.Of(zone);
    f[name + "allocs"] = allocs;
    f[name + "frees"] = allocs - hand.Of(zone);
  }
  EXPECT_EQ(f["mbuf.frees"], sum([](const Tally& t) -> auto& { return t.mbuf_frees; }));
  f["drops"] = sum([](const Tally& t) -> auto& { return t.denied; });
  f["drains"] = drains[set].load(std::memory_order_relaxed);
  f["drained_objects"] = kDrained * drains[set].load(std::memory_order_relaxed);
  return f;
}
FigureMap CountedOfProcess() {
  FigureMap f;
  for (const ExactWorker& w : workers) {
    for (int set = 0; set < kExactSets; ++set) {
      f["copy_failures"] += w.tally(set).copy_failures.Read();
      f["pullup_failures"] += w.tally(set).pullup_failures.Read();
    }
  }
  return f;
}

// All that is wrong with what is told of a set, a line each.
std::string Faults(int set, const FigureMap& told) {
  FigureMap wanted = Counted(set);
  // For want of a cluster, an mbuf was given back that the workers never saw.
  int64_t unseen = 0;
  for (int zone = WEIR_ZONE_CLUSTER; zone < WEIR_ZONE_PACKET; ++zone) {
    const auto it = told.find(std::string(weir_zone_name(zone)) + ".failures");
    if (it != told.end()) unseen += it->second;
  }
  wanted["mbuf.allocs"] += unseen;
  wanted["mbuf.frees"] += unseen;
  if (set == kRoomy) wanted.merge(CountedOfProcess());
  return BadSums(told) + Differences(wanted, told);
}

FigureMap Told(int set) {
  auto s = std::make_unique<struct weir_snapshot>();
  set == kRoomy ? weir_snapshot(s.get()) : FillSmall(s.get());
  return FiguresOf(*s);
}

int64_t Bytes(const FigureMap& f) {
  int64_t bytes = 0;
  for (int zone = 0; zone < WEIR_NZONES; ++zone) {
    bytes += f.at(std::string(weir_zone_name(zone)) + ".bytes");
  }
  return bytes;
}

std::string Served(const Exporter& exporter, const char* path) {
  const HttpAnswer answer = Ask(exporter.port(), "GET", path);
  return answer.status == 200 ? answer.body : "";
}

// Nobody does anything.
void ExpectAllExact(const Exporter& exporter) {
  const std::string metrics = Served(exporter, "/metrics");
  const std::string json = Served(exporter, "/stats.json");
  int64_t bytes = 0;
  for (int set = 0; set < kExactSets; ++set) {
    SCOPED_TRACE(kNames[set]);
    const FigureMap told = Told(set);
    EXPECT_EQ(Faults(set, told), "");
    bytes += Bytes(told);
    for (const auto& [served, text] :
         {std::pair(FiguresOfJson(json, kNames[set]), &json),
          std::pair(FiguresOfPrometheus(metrics, kNames[set]), &metrics)}) {
      EXPECT_EQ(Faults(set, served), "") << *text;
      EXPECT_EQ(Differences(served, told), "") << *text;
    }
  }
  if (!g_pools.one_by_one) {
    const int64_t held = slabs.load(std::memory_order_relaxed) * static_cast<int64_t>(kSlabBytes);
    EXPECT_EQ(bytes, held) << "held from the source";
  }
}

// ---- While they work ----

// Reads the figures again and again, as whoever scrapes does and faster.
class Scraper {
 public:
  explicit Scraper(const Exporter& exporter) : exporter_(exporter), thread_([this] { Run(); }) {}
  // How many looks there were; *bad is what the first saw that cannot be, if any did.
  int64_t End(std::string* bad) {
    done_.store(true, std::memory_order_relaxed);
    thread_.join();
    *bad = bad_;
    return looks_;
  }

 private:
  void Run() {
    for (; !done_.load(std::memory_order_relaxed); ++looks_) {
      Look(Told(static_cast<int>(looks_ % kExactSets)));
      const int set = static_cast<int>(looks_ / 64 % kExactSets);
      if (looks_ % 64 == 0) Look(FiguresOfPrometheus(Served(exporter_, "/metrics"), kNames[set]));
      if (looks_ % 64 == 32) Look(FiguresOfJson(Served(exporter_, "/stats.json"), kNames[set]));
    }
  }
  void Look(const FigureMap& f) {
    if (bad_.empty()) bad_ = f.empty() ? "nothing was served" : Impossible(f);
  }

  const Exporter& exporter_;
  std::atomic<bool> done_{false};
  std::string bad_;
  int64_t looks_ = 0;
  std::thread thread_;
};

// A fork's child finds what there was, but for what others had in their hands, and counts on from
// there. No malloc: another thread may have been in it. 0 if all is well.
int CheckChild() {
  static struct weir_snapshot before, between, after;
  weir_snapshot(&before);
  for (const weir_zone_snapshot& zone : before.zones) {
    if (zone.in_use < 0 || zone.allocs - zone.frees != static_cast<uint64_t>(zone.in_use)) return 2;
    if (zone.in_use + zone.cached_thread + zone.cached_depot + zone.cached_slab != zone.total) {
      return 3;
    }
  }
  for (int type = 0; type < WEIR_NTYPES; ++type) {
    int64_t n = 0;
    for (const ExactWorker& w : workers) n += w.tally(kRoomy).mbufs[type].Read();
    if (std::abs(n - before.types[type]) > kWorkers * ExactWorker::kInOneStep) return 4;
  }
  constexpr int kPackets = 40;
  mbuf* packets[kPackets];
  for (mbuf*& m : packets) {
    if ((m = m_getjcl(M_DONTWAIT, 78, M_PKTHDR, MJUMPAGESIZE)) == nullptr) return 5;
    if ((m->m_next = m_getcl(M_DONTWAIT, 79, 0)) == nullptr) return 5;
  }
  weir_snapshot(&between);
  for (mbuf* m : packets) m_freem(m);
  weir_snapshot(&after);
  for (int zone = 0; zone < WEIR_NZONES; ++zone) {
    const int mine = zone == WEIR_ZONE_MBUF                                      ? 2
                     : zone == WEIR_ZONE_JUMBO_9K || zone == WEIR_ZONE_JUMBO_16K ? 0
                                                                                 : 1;
    const weir_zone_snapshot &b = before.zones[zone], &m = between.zones[zone];
    const weir_zone_snapshot& a = after.zones[zone];
    const uint64_t n = static_cast<uint64_t>(mine) * kPackets;
    if (m.allocs != b.allocs + n || m.frees != b.frees) return 6;
    if (a.allocs != m.allocs || a.frees != b.frees + n || a.in_use != b.in_use) return 6;
  }
  if (between.types[78] != before.types[78] + kPackets) return 6;
  return 0;
}

class ForksUnderLoad {
 public:
  void Fork() {
    const pid_t child = fork();
    if (child == 0) {
      alarm(20);  // a hang is a failure, not a hung test
      _exit(CheckChild());
    }
    int status = 0;
    ++forks_;
    if (child > 0) waitpid(child, &status, 0);
    if (child < 0 || status != 0) bad_ += " " + std::to_string(status);
  }
  int64_t forks() const { return forks_; }
  // The statuses of those that found something.
  const std::string& bad() const { return bad_; }

 private:
  int64_t forks_ = 0;
  std::string bad_;
};

TEST_F(StatsExact, EveryCountIsExact) {
  const uint64_t seed = TestSeed();
  const char* text = getenv("WEIR_OPERATIONS");
  const int64_t wanted = text != nullptr ? strtoll(text, nullptr, 10) : INT64_MAX;
  const int64_t begun = MonotonicNs();
  const int64_t until = text != nullptr ? kNever : begun + StressNs(3);
  for (int i = 0; i < kWorkers; ++i) workers[i].Begin(seed + i, small, workers, kWorkers);
  int64_t done = 0, rounds = 0, lives = 0, looks = 0, trims = 0;
  ForksUnderLoad forks;
  while (done < wanted && (rounds == 0 || MonotonicNs() < until) && !HasFailure()) {
    const int64_t operations = std::min(kRound, wanted - done) / kWorkers * kWorkers;
    if (operations == 0) break;
    Scraper scraper(*exporter);
    Crew crew(operations, seed + static_cast<uint64_t>(done), [](int i) { workers[i].Step(); });
    crew.WorkUntilQuiet([&](uint64_t random) {
      ++trims;
      switch (random % 16) {
        case 0:
          return void(weir_trim());
        case 1:
          return void(weir_pools_trim(small));
        case 2:
          return void(weir_trim_idle());
        case 3:
          return void(m_reclaim(M_DONTWAIT));
        case 4:
          return forks.Fork();
        case 5: {
          constexpr int64_t kOneIn[] = {0, 1, 16, 4096};
          return void(weir_holders_sample(kOneIn[random / 16 % 4]));
        }
        default:
          --trims;
      }
    });
    std::string bad;
    looks += scraper.End(&bad);
    EXPECT_EQ(bad, "") << "looks saw what cannot be";
    ExpectAllExact(*exporter);  // with caches that hold something
    if (rounds % 8 == 0) {
      InChild([] {
        for (int set = 0; set < kExactSets; ++set) EXPECT_EQ(Faults(set, Told(set)), "");
        for (ExactWorker& w : workers) w.Clear();
        for (int set = 0; set < kExactSets; ++set) EXPECT_EQ(Faults(set, Told(set)), "");
      });
    }
    crew.End();
    ExpectAllExact(*exporter);
    lives += crew.lives();
    done += operations;
    ++rounds;
  }
  EXPECT_EQ(weir_holders_sample(4096), 0);
  EXPECT_EQ(forks.bad(), "") << "statuses of children";
  for (ExactWorker& w : workers) {
    EXPECT_EQ(w.wrong(), 0) << "what cannot fail did";
    w.Clear();
  }
  ExpectAllExact(*exporter);
  const FigureMap told = Told(kSmall);
  const FigureMap process = CountedOfProcess();
  printf(
      "%ld operations in %.1f s, %ld times quiet, %ld threads, %ld forks, %ld trims and the like, "
      "%ld looks; of the small set %ld denied, %ld waits; failed copies %ld, pullups %ld\n",
      done, static_cast<double>(MonotonicNs() - begun) / 1e9, rounds, lives, forks.forks(), trims,
      looks, told.at("drops"), told.at("mbuf.waits") + told.at("cluster.waits"),
      process.at("copy_failures"), process.at("pullup_failures"));
  EXPECT_GT(told.at("drops"), 0);
  EXPECT_GT(process.at("pullup_failures"), 0);
}

// The small set gives all that it may have, not one more or less.
TEST_F(StatsExact, WhatIsFreeCanBeHad) {
  std::vector<mbuf*> all;
  while (mbuf* m = weir_pools_get(small, M_DONTWAIT, MT_DATA)) all.push_back(m);
  const FigureMap told = Told(kSmall);
  EXPECT_EQ(static_cast<int64_t>(all.size()), told.at("mbuf.limit"));
  EXPECT_EQ(told.at("mbuf.in_use"), told.at("mbuf.limit"));
  for (mbuf* m : all) m_free(m);
  EXPECT_EQ(Told(kSmall).at("mbuf.in_use"), 0);
}

// A count that is off by one is found, whichever it is: in what weir counts, and in what is told.
TEST_F(StatsExact, APlantedMiscountIsFound) {
  InChild([] {
    const FigureMap told = Told(kRoomy);
    // The figures of a test before this one are as they were left; what is planted comes on top.
    const std::string before = Faults(kRoomy, told);
    const auto found = [&before](const char* what) {
      EXPECT_NE(Faults(kRoomy, Told(kRoomy)), before) << what;
    };
    g_pools.shared.allocs[MT_DATA].Add(1);
    found("an allocation that was not");
    g_pools.shared.frees[MT_DATA].Add(1);
    found("both");
    g_pools.shared.retyped.Add(1);
    EXPECT_EQ(Faults(kRoomy, Told(kRoomy)), before) << "that is a change of type";
    g_pools.shared.frees[TallyOf(WEIR_ZONE_PACKET, MT_DATA)].Add(1);
    found("a packet's free");
    for (const char* key :
         {"in_use", "cached_thread", "cached_depot", "cached_slab", "total", "allocs", "frees"}) {
      for (const char* zone : {"mbuf.", "cluster.", "jumbo_16k.", "packet."}) {
        FigureMap wrong = told;
        ++wrong.at(std::string(zone) + key);
        EXPECT_NE(Faults(kRoomy, wrong), before) << zone << key;
      }
    }
    for (const char* key : {"drops", "drains", "drained_objects", "copy_failures",
                            "pullup_failures", "types.data", "types.77"}) {
      FigureMap wrong = told;
      ++wrong[key];
      EXPECT_NE(Faults(kRoomy, wrong), before) << key;
    }
  });
}

}  // namespace
}  // namespace weir
