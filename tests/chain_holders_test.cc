// weir/chain/holders.h: what is recorded of an mbuf, who is told of it, and that it goes with it.
#include "weir/chain/holders.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "tests/child.h"
#include "weir/chain/mbuf.h"
#include "weir/chain/mbufq.h"
#include "weir/chain/weir.h"
#include "weir/stats/holders.h"

namespace weir {
namespace {

struct Seen {
  const void* object;
  const void* buffer;
  int zone;
  std::string set;
  int64_t bytes, age_ns;
  uint32_t stands_for, holders;
  int thread;
  std::vector<void*> calls;
  std::string where;
  std::vector<std::string> history;
};

std::vector<Seen> All() {
  std::vector<Seen> all;
  weir_holders(
      [](void* arg, const weir_held* h) {
        Seen seen = {h->object, h->buffer,     h->zone,    h->set,    h->bytes,
                     h->age_ns, h->stands_for, h->holders, h->thread, {},
                     h->where == nullptr ? "" : h->where,  {}};
        seen.calls.assign(h->calls, h->calls + h->depth);
        for (const char* const* e = h->history; *e != nullptr; ++e) seen.history.push_back(*e);
        static_cast<std::vector<Seen>*>(arg)->push_back(seen);
      },
      &all);
  return all;
}

// The record of an object; one with zone -1 if there is none.
Seen Of(const void* object) {
  for (const Seen& s : All()) {
    if (s.object == object) return s;
  }
  Seen none = {};
  none.zone = -1;
  return none;
}

// Each allocation is recorded while it is there.
class HoldersTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(weir_holders_sample(1), 0); }
  void TearDown() override {
    EXPECT_TRUE(All().empty()) << "what is freed is recorded no longer";
    ASSERT_EQ(weir_holders_sample(4096), 0);
  }
};

TEST_F(HoldersTest, AnMbufIsRecordedUntilItIsFree) {
  mbuf* m = m_get(M_DONTWAIT, MT_DATA);
  const Seen seen = Of(m);
  EXPECT_EQ(seen.zone, WEIR_ZONE_MBUF);
  EXPECT_EQ(seen.set, "default");
  EXPECT_EQ(seen.bytes, MSIZE);
  EXPECT_EQ(seen.stands_for, 1u);
  EXPECT_EQ(seen.holders, 1u);
  EXPECT_EQ(seen.thread, gettid());
  EXPECT_GE(seen.age_ns, 0);
  EXPECT_GE(seen.calls.size(), 3u);
  EXPECT_EQ(seen.buffer, nullptr);
  EXPECT_EQ(seen.history, std::vector<std::string>{"allocated"});
  m_free(m);
  EXPECT_EQ(Of(m).zone, -1);
}

TEST_F(HoldersTest, APacketIsAnMbufAndACluster) {
  mbuf* m = m_getcl(M_DONTWAIT, MT_DATA, M_PKTHDR);
  EXPECT_EQ(Of(m).zone, WEIR_ZONE_MBUF);
  EXPECT_EQ(Of(m).buffer, m->m_ext.ext_buf);
  EXPECT_EQ(Of(m->m_ext.ext_buf).zone, WEIR_ZONE_CLUSTER);
  EXPECT_EQ(Of(m->m_ext.ext_buf).bytes, MCLBYTES);
  EXPECT_EQ(All().size(), 2u);
  EXPECT_TRUE(m_sanity(m, 0));
  m_freem(m);
}

TEST_F(HoldersTest, EachKindOfClusterIsRecorded) {
  for (int size : {MCLBYTES, MJUMPAGESIZE, MJUM9BYTES, MJUM16BYTES}) {
    mbuf* m = m_gethdr(M_DONTWAIT, MT_DATA);
    ASSERT_EQ(m_cljget(m, M_DONTWAIT, size), 0);
    EXPECT_EQ(Of(m->m_ext.ext_buf).bytes, size);
    EXPECT_EQ(Of(m->m_ext.ext_buf).zone, m_extzone(m));
    EXPECT_EQ(Of(m).buffer, m->m_ext.ext_buf) << "also when it came later";
    m_freem(m);
    EXPECT_TRUE(All().empty());
  }
  mbuf* m = m_gethdr(M_DONTWAIT, MT_DATA);
  ASSERT_EQ(m_clget(m, M_DONTWAIT), 0);
  EXPECT_EQ(Of(m->m_ext.ext_buf).zone, WEIR_ZONE_CLUSTER);
  m_freem(m);
}

TEST_F(HoldersTest, AClusterThatIsNotRecordedIsKnownOfAnMbufThatIs) {
  auto clget = [](mbuf* m, int) { return m_clget(m, M_DONTWAIT); };
  auto cljget = [](mbuf* m, int size) { return m_cljget(m, M_DONTWAIT, size); };
  struct Case {
    int (*add)(mbuf*, int);
    int size;
  };
  for (Case c : {Case{clget, MCLBYTES}, {cljget, MCLBYTES}, {cljget, MJUMPAGESIZE},
                 {cljget, MJUM9BYTES}, {cljget, MJUM16BYTES}}) {
    mbuf* m = m_gethdr(M_DONTWAIT, MT_DATA);
    ASSERT_EQ(weir_holders_sample(0), 0);
    for (int i = 0; i < 2; ++i) {  // this thread's caches have clusters, and know the rate
      mbuf* other = m_gethdr(M_DONTWAIT, MT_DATA);
      ASSERT_EQ(c.add(other, c.size), 0);
      m_free(other);
    }
    ASSERT_EQ(c.add(m, c.size), 0);
    EXPECT_EQ(Of(m->m_ext.ext_buf).zone, -1);
    EXPECT_EQ(Of(m).buffer, m->m_ext.ext_buf) << c.size;
    EXPECT_EQ(Of(m).history, (std::vector<std::string>{"allocated", "cluster"}));
    m_freem(m);
    ASSERT_EQ(weir_holders_sample(1), 0);
  }
}

TEST_F(HoldersTest, ASharedClusterSaysWhoHoldsIt) {
  mbuf* first = m_getcl(M_DONTWAIT, MT_DATA, M_PKTHDR);
  first->m_len = first->m_pkthdr.len = 100;
  char* const cluster = first->m_ext.ext_buf;
  mbuf* second = m_copypacket(first, M_DONTWAIT);
  mbuf* third = m_copym(first, 10, 50, M_DONTWAIT);
  EXPECT_EQ(Of(cluster).holders, 3u);
  EXPECT_EQ(Of(cluster).history, (std::vector<std::string>{"allocated", "shared", "shared"}));
  EXPECT_EQ(Of(second).buffer, cluster);
  EXPECT_EQ(Of(second).history, (std::vector<std::string>{"allocated", "clone"}));
  m_freem(first);
  m_freem(third);
  EXPECT_EQ(Of(first).zone, -1);
  EXPECT_EQ(Of(cluster).zone, WEIR_ZONE_CLUSTER) << "as long as somebody holds it";
  EXPECT_EQ(Of(cluster).holders, 1u);
  const Holders holders = GroupHolders(weir_holders);
  ASSERT_EQ(holders.groups.size(), 2u);
  ASSERT_EQ(holders.groups[0].zone, WEIR_ZONE_CLUSTER);
  ASSERT_EQ(holders.groups[0].held_by.size(), 1u);
  EXPECT_EQ(holders.groups[0].held_by[0], Of(second).calls) << "the last one that holds it";
  m_freem(second);
}

TEST_F(HoldersTest, ABufferThatMovesIsFollowed) {
  mbuf* m = m_getcl(M_DONTWAIT, MT_DATA, M_PKTHDR);
  m->m_len = m->m_pkthdr.len = 100;
  mbuf* copy = m_copypacket(m, M_DONTWAIT);
  char* const shared = m->m_ext.ext_buf;
  m = m_unshare(m, M_DONTWAIT);
  ASSERT_NE(m, nullptr);
  EXPECT_EQ(Of(copy).buffer, shared);
  EXPECT_NE(Of(m).buffer, shared);
  EXPECT_EQ(Of(m).buffer, m->m_flags & M_EXT ? m->m_ext.ext_buf : nullptr);
  ASSERT_EQ(m_extremove(copy), 0);
  EXPECT_EQ(Of(copy).buffer, nullptr);
  EXPECT_EQ(Of(shared).zone, -1);
  m_freem(m);
  m_freem(copy);
}

TEST_F(HoldersTest, ATouchMarksThePacket) {
  mbuf* m = m_getm2(nullptr, 40000, M_DONTWAIT, MT_DATA, M_PKTHDR);
  ASSERT_NE(m->m_next, nullptr);
  weir_touch(m, "parser");
  weir_touch(m, "waiting for ack");
  for (mbuf* n = m; n != nullptr; n = n->m_next) {
    EXPECT_EQ(Of(n).where, "waiting for ack");
    EXPECT_EQ(Of(n->m_ext.ext_buf).where, "waiting for ack");
  }
  const std::vector<std::string> history = Of(m).history;
  ASSERT_GE(history.size(), 3u);
  EXPECT_EQ(history[history.size() - 2], "parser");
  EXPECT_EQ(history.back(), "waiting for ack");
  weir_touch(nullptr, "nothing");
  m_freem(m);
}

TEST_F(HoldersTest, TheHistoryKeepsTheLastEight) {
  mbuf* m = m_get(M_DONTWAIT, MT_DATA);
  static const char* const kPlaces[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
  for (const char* place : kPlaces) weir_touch(m, place);
  EXPECT_EQ(Of(m).history,
            (std::vector<std::string>{"2", "3", "4", "5", "6", "7", "8", "9"}));
  m_free(m);
}

TEST_F(HoldersTest, PlacesBeyondThoseThatFitAreStillTouches) {
  static std::string names[400];
  mbuf* m = m_get(M_DONTWAIT, MT_DATA);
  for (int i = 0; i < 400; ++i) weir_touch(m, (names[i] = "place " + std::to_string(i)).c_str());
  EXPECT_EQ(Of(m).where, "place 399");
  EXPECT_EQ(Of(m).history.back(), "touched");
  m_free(m);
}

TEST_F(HoldersTest, AQueueIsPartOfTheHistory) {
  mbuf_queue queue = MBUF_QUEUE_INITIALIZER(8, 0);
  mbuf* m = m_gethdr(M_DONTWAIT, MT_DATA);
  ASSERT_EQ(mq_enqueue(&queue, m), 0);
  EXPECT_EQ(Of(m).history.back(), "queued");
  ASSERT_EQ(mq_dequeue(&queue), m);
  EXPECT_EQ(Of(m).history.back(), "dequeued");
  m_freem(m);
}

TEST_F(HoldersTest, OtherSetsAreRecordedByName) {
  weir_options options = {};
  options.nmbufs = options.nmbclusters = 100;
  weir_pools* pools = weir_pools_create("tenant", &options);
  ASSERT_NE(pools, nullptr);
  mbuf* m = weir_pools_getcl(pools, M_DONTWAIT, MT_DATA, M_PKTHDR);
  EXPECT_EQ(Of(m).set, "tenant");
  EXPECT_EQ(Of(m->m_ext.ext_buf).set, "tenant");
  EXPECT_EQ(weir_pools_of(m), pools);
  m_freem(m);
  EXPECT_EQ(weir_pools_destroy(pools), 0);
}

TEST_F(HoldersTest, AnotherThreadMayFreeIt) {
  mbuf* m = m_getcl(M_DONTWAIT, MT_DATA, M_PKTHDR);
  std::thread([m] { m_freem(m); }).join();
}

TEST_F(HoldersTest, ADoubleFreeIsStillFound) {
  mbuf* m = m_get(M_DONTWAIT, MT_DATA);
  m_free(m);
  EXPECT_DEATH(m_free(m), "double free");
}

[[gnu::noinline]] mbuf* ByOneWay() { return m_gethdr(M_DONTWAIT, MT_DATA); }
[[gnu::noinline]] mbuf* ByAnother() {
  mbuf* m = m_gethdr(M_DONTWAIT, MT_DATA);
  asm volatile("");  // or it is the same code as the other
  return m;
}

// Remembered stacks must not be taken for one another.
TEST_F(HoldersTest, EachWayHasItsOwnCalls) {
  std::vector<mbuf*> one, another;
  for (int i = 0; i < 20; ++i) {
    one.push_back(ByOneWay());
    another.push_back(ByAnother());
  }
  const Holders holders = GroupHolders(weir_holders);
  ASSERT_EQ(holders.groups.size(), 2u);
  for (const HoldersGroup& g : holders.groups) EXPECT_EQ(g.objects, 20u);
  EXPECT_NE(holders.groups[0].calls, holders.groups[1].calls);
  for (mbuf* m : one) m_freem(m);
  for (mbuf* m : another) m_freem(m);
}

TEST_F(HoldersTest, WithoutCachesEachIsRecordedToo) {
  InChild([] {
    weir_fail_nth(1 << 20);  // the caches stay revoked meanwhile
    mbuf* m = m_getcl(M_DONTWAIT, MT_DATA, M_PKTHDR);
    mbuf* n = m_get(M_DONTWAIT, MT_DATA);
    EXPECT_EQ(Of(m).zone, WEIR_ZONE_MBUF);
    EXPECT_EQ(Of(m->m_ext.ext_buf).zone, WEIR_ZONE_CLUSTER);
    EXPECT_EQ(Of(n).zone, WEIR_ZONE_MBUF);
  });
}

TEST_F(HoldersTest, AForksChildKnowsWhatItsParentKnew) {
  mbuf* m = m_getcl(M_DONTWAIT, MT_DATA, M_PKTHDR);
  InChild([m] {
    EXPECT_EQ(Of(m).zone, WEIR_ZONE_MBUF);
    m_freem(m);
    EXPECT_TRUE(All().empty());
  });
  m_freem(m);
}

TEST(Holders, ARateThatIsNoneIsRefused) {
  EXPECT_EQ(weir_holders_sample(-1), EINVAL);
  EXPECT_EQ(weir_holders_sample((int64_t{1} << 30) + 1), EINVAL);
  EXPECT_EQ(weir_holders_sampled(), 4096) << "the default";
}

TEST(Holders, NoneIsRecordedWhenOff) {
  ASSERT_EQ(weir_holders_sample(0), 0);
  std::vector<mbuf*> held;
  for (int i = 0; i < 20000; ++i) held.push_back(m_get(M_WAIT, MT_DATA));
  EXPECT_TRUE(All().empty());
  for (mbuf* m : held) m_free(m);
  ASSERT_EQ(weir_holders_sample(4096), 0);
}

// Switched on while a thread allocates, which has to notice.
TEST(Holders, AThreadThatRunsNoticesARate) {
  ASSERT_EQ(weir_holders_sample(0), 0);
  std::atomic<bool> done{false}, started{false};
  std::thread thread([&] {
    while (!done.load(std::memory_order_relaxed)) {
      m_freem(m_getcl(M_WAIT, MT_DATA, M_PKTHDR));
      started.store(true, std::memory_order_relaxed);
    }
    mbuf* m = m_get(M_WAIT, MT_DATA);
    EXPECT_EQ(Of(m).zone, WEIR_ZONE_MBUF);
    m_free(m);
  });
  while (!started.load(std::memory_order_relaxed)) sched_yield();
  ASSERT_EQ(weir_holders_sample(1), 0);
  done.store(true, std::memory_order_relaxed);
  thread.join();
  ASSERT_EQ(weir_holders_sample(4096), 0);
}

// Of allocations in a rhythm that a fixed step would miss, each is as likely to be recorded, and
// the estimate is near what is there.
TEST(Holders, ASampleStandsForAll) {
  constexpr int kRounds = 60000, kOneIn = 64;
  ASSERT_EQ(weir_holders_sample(kOneIn), 0);
  std::vector<mbuf*> one, another;
  for (int i = 0; i < kRounds; ++i) {
    one.push_back(ByOneWay());
    another.push_back(ByAnother());
  }
  const Holders holders = GroupHolders(weir_holders);
  ASSERT_EQ(holders.groups.size(), 2u);
  for (const HoldersGroup& g : holders.groups) {
    EXPECT_EQ(g.objects, g.recorded * kOneIn);
    // Six standard deviations of the number of samples.
    const double expected = kRounds / double{kOneIn};
    EXPECT_NEAR(static_cast<double>(g.recorded), expected, 6 * std::sqrt(expected));
  }
  for (mbuf* m : one) m_freem(m);
  for (mbuf* m : another) m_freem(m);
  EXPECT_TRUE(All().empty());
  ASSERT_EQ(weir_holders_sample(4096), 0);
}

bool CallNumber(const void* call, char* text, size_t size) {
  snprintf(text, size, "call %p", call);
  return true;
}

TEST(Holders, TheEndOfAProcessTells) {
  const std::string text = InChild([] {
    setenv("WEIR_HOLDERS", "1", 1);
    weir_holders_names(CallNumber);
    ASSERT_EQ(weir_holders_sample(1), 0);
    mbuf* leaked = m_getcl(M_DONTWAIT, MT_DATA, M_PKTHDR);
    weir_touch(leaked, "the planted leak");
    fflush(stdout);
    exit(0);
  });
  EXPECT_NE(text.find("1 x cluster, 2.0 KiB (1 recorded"), text.npos) << text;
  EXPECT_NE(text.find("call 0x"), text.npos) << text;
  EXPECT_NE(text.find("last touched: the planted leak"), text.npos) << text;
}

TEST(Holders, AThreadThatWaitsForLongTells) {
  const std::string text = InChild([] {
    weir_options options = {};
    options.nmbufs = 64;
    options.wait_limit_ms = 300;
    options.wait_report_ms = 50;
    ASSERT_EQ(weir_init(&options), EBUSY) << "the parent was first";
    ASSERT_EQ(weir_holders_sample(1), 0);
    weir_options small = {};
    small.nmbufs = 10;
    small.wait_limit_ms = 300;
    small.wait_report_ms = 50;
    weir_pools* pools = weir_pools_create("small", &small);
    volatile int most = 10;  // or the loop is unrolled, and each turn has calls of its own
    for (int i = 0; i < most; ++i) weir_pools_get(pools, M_DONTWAIT, MT_DATA);
    EXPECT_EQ(weir_pools_get(pools, M_WAIT, MT_DATA), nullptr);
  });
  EXPECT_NE(text.find("about 10 of them were allocated by"), text.npos) << text;
}

}  // namespace
}  // namespace weir
