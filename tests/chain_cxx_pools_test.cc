// Sets of zones: limits, drains and figures of their own; mbufs of several sets in one chain.
#include "weir/chain/pools.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "weir/chain/chain.h"
#include "weir/chain/verify.h"

// jemalloc takes more locks before a fork than ThreadSanitizer's lock-order check can hold.
extern "C" const char* __tsan_default_options() { return "detect_deadlocks=0:die_after_fork=0"; }

namespace weir {
namespace {

weir_options Small(int64_t mbufs, int64_t clusters) {
  weir_options o{};
  o.nmbufs = mbufs;
  o.nmbclusters = clusters;
  o.warn_interval_s = 86400;
  return o;
}

int64_t InUse(const struct weir_snapshot& s, int zone) { return s.zones[zone].in_use; }
int64_t DefaultInUse(int zone) {
  struct weir_snapshot s;
  weir_snapshot(&s);
  return InUse(s, zone);
}

class PoolsTest : public testing::Test {
 protected:
  void SetUp() override {
    for (int zone = 0; zone < WEIR_ZONE_PACKET; ++zone) before_.push_back(DefaultInUse(zone));
  }
  void TearDown() override {
    for (int zone = 0; zone < WEIR_ZONE_PACKET; ++zone) {
      EXPECT_EQ(DefaultInUse(zone), before_[static_cast<size_t>(zone)]) << weir_zone_name(zone);
    }
  }
  std::vector<int64_t> before_;
};

TEST_F(PoolsTest, AnMbufOfASetIsNotTheDefaultSets) {
  Pools a("a", Small(100, 100));
  ASSERT_TRUE(a);
  EXPECT_STREQ(a.name(), "a");
  mbuf* m = a.getcl(M_DONTWAIT, MT_DATA, M_PKTHDR);
  ASSERT_NE(m, nullptr);
  EXPECT_EQ(m_sanity(m, 0), 1);
  EXPECT_EQ(weir_pools_of(m), a.get());
  EXPECT_EQ(InUse(a.snapshot(), WEIR_ZONE_MBUF), 1);
  EXPECT_EQ(InUse(a.snapshot(), WEIR_ZONE_CLUSTER), 1);
  EXPECT_EQ(InUse(a.snapshot(), WEIR_ZONE_PACKET), 1);
  EXPECT_EQ(a.snapshot().types[MT_DATA], 1);
  EXPECT_EQ(DefaultInUse(WEIR_ZONE_MBUF), before_[0]);
  m_freem(m);
  EXPECT_EQ(InUse(a.snapshot(), WEIR_ZONE_MBUF), 0);
}

TEST_F(PoolsTest, EveryKindOfBufferGoesHome) {
  Pools a("a", Small(1000, 1000));
  for (int i = 0; i < 300; ++i) {
    mbuf* chain = nullptr;
    for (mbuf* m : {a.get(M_DONTWAIT, MT_DATA), a.gethdr(M_DONTWAIT, MT_HEADER),
                    a.getjcl(M_DONTWAIT, MT_DATA, 0, MJUM9BYTES), a.getcl(M_DONTWAIT, MT_DATA, 0),
                    a.get2(12000, M_DONTWAIT, MT_DATA, M_PKTHDR)}) {
      ASSERT_NE(m, nullptr);
      m->m_next = chain;
      chain = m;
    }
    mbuf* m = a.get(M_DONTWAIT, MT_DATA);
    ASSERT_EQ(m_clget(m, M_DONTWAIT), 0);
    m->m_next = chain;
    m_freem(m);
  }
  struct weir_snapshot s = a.snapshot();
  for (const weir_zone_snapshot& z : s.zones) EXPECT_EQ(z.in_use, 0) << z.name;
  EXPECT_EQ(s.zones[WEIR_ZONE_JUMBO_9K].allocs, 300u);
  EXPECT_EQ(s.zones[WEIR_ZONE_JUMBO_16K].allocs, 300u);
}

TEST_F(PoolsTest, OneSetAtItsLimitStarvesNoOther) {
  Pools a("a", Small(50, 20)), b("b", Small(50, 20));
  std::vector<mbuf*> held;
  for (mbuf* m; (m = a.getcl(M_DONTWAIT, MT_DATA, 0)) != nullptr;) held.push_back(m);
  EXPECT_EQ(errno, ENOBUFS);
  EXPECT_EQ(held.size(), 20u);
  EXPECT_EQ(a.snapshot().zones[WEIR_ZONE_CLUSTER].failures, 1u);
  mbuf* of_b = b.getcl(M_DONTWAIT, MT_DATA, 0);
  mbuf* of_default = m_getcl(M_DONTWAIT, MT_DATA, 0);
  EXPECT_NE(of_b, nullptr);
  EXPECT_NE(of_default, nullptr);
  EXPECT_EQ(b.snapshot().zones[WEIR_ZONE_CLUSTER].failures, 0u);
  m_freem(of_b);
  m_freem(of_default);
  for (mbuf* m : held) m_freem(m);
}

TEST_F(PoolsTest, ASetAsksItsOwnDrainHandlers) {
  Pools a("a", Small(50, 10));
  std::vector<mbuf*> held;
  struct Drain {
    std::vector<mbuf*>* held;
    int calls = 0;
  } drain{&held}, others{&held};
  auto fn = [](void* arg, int, long) -> long {
    Drain* d = static_cast<Drain*>(arg);
    ++d->calls;
    if (d->held->empty()) return 0;
    m_freem(d->held->back());
    d->held->pop_back();
    return 1;
  };
  int64_t id = weir_pools_drain_register(a.get(), WEIR_DRAIN_PROTOCOL, "a's", fn, &drain);
  int64_t other = weir_drain_register(WEIR_DRAIN_PROTOCOL, "default's", fn, &others);
  for (int i = 0; i < 15; ++i) {
    mbuf* m = a.getcl(M_DONTWAIT, MT_DATA, 0);
    ASSERT_NE(m, nullptr);
    held.insert(held.begin(), m);
  }
  EXPECT_EQ(drain.calls, 5);
  EXPECT_EQ(others.calls, 0);
  EXPECT_EQ(weir_drain_unregister(other), 0);
  EXPECT_EQ(weir_pools_drain_unregister(a.get(), id), 0);
  for (mbuf* m : held) m_freem(m);
}

TEST_F(PoolsTest, OperationsOnAChainAllocateFromItsSet) {
  Pools a("a", Small(1000, 1000));
  const std::string text(5000, 'x');
  mbuf* m = a.gethdr(M_DONTWAIT, MT_DATA);
  ASSERT_EQ(m_copyback(m, 0, static_cast<int>(text.size()), text.data()), 0);
  mbuf* copy = m_copym(m, 100, 3000, M_DONTWAIT);
  mbuf* dup = m_dup(m, M_DONTWAIT);
  mbuf* tail = m_split(m, 1234, M_DONTWAIT);
  M_PREPEND(tail, 180, M_DONTWAIT);
  tail = m_pullup(tail, 700);
  for (mbuf* chain : {m, copy, dup, tail}) {
    ASSERT_NE(chain, nullptr);
    for (mbuf* n = chain; n != nullptr; n = n->m_next) EXPECT_EQ(weir_pools_of(n), a.get());
    EXPECT_EQ(m_sanity(chain, 0), 1);
  }
  Chain chain = Chain::adopt(tail);
  ASSERT_EQ(chain.prepend(3000).size(), 3000u);
  iovec room[8];
  EXPECT_GT(chain.reserve(10000, room), 0);
  EXPECT_TRUE(chain.commit(10000));
  for (mbuf* n = chain.get(); n != nullptr; n = n->m_next) EXPECT_EQ(weir_pools_of(n), a.get());
  EXPECT_EQ(DefaultInUse(WEIR_ZONE_MBUF), before_[WEIR_ZONE_MBUF]);
  chain.clear();
  m_freem(m);
  m_freem(copy);
  m_freem(dup);
  for (const weir_zone_snapshot& z : a.snapshot().zones) EXPECT_EQ(z.in_use, 0) << z.name;
}

TEST_F(PoolsTest, OperationsInsideAChainAllocateFromItsSet) {
  Pools a("a", Small(1000, 1000));
  auto make = [&] {
    mbuf* m = nullptr;
    for (int i = 0; i < 4; ++i) {
      mbuf* n = a.getcl(M_DONTWAIT, MT_DATA, m == nullptr ? M_PKTHDR : 0);
      memset(n->m_data, 'a' + i, MCLBYTES);
      n->m_len = MCLBYTES;
      m = m_add(m, n);
    }
    m_fixhdr(m);
    return m;
  };
  using Op = mbuf* (*)(mbuf*);
  const Op ops[] = {
      [](mbuf* m) { return m_getm(m, 20000, M_DONTWAIT, MT_DATA); },
      [](mbuf* m) { return m_copyup(m, 3000, 10); },
      [](mbuf* m) { return m_ensure_contig(&m, 3000) ? m : nullptr; },
      [](mbuf* m) { return m_pulldown(m, 100, 3000, nullptr) != nullptr ? m : nullptr; },
      [](mbuf* m) { return m_defrag(m, M_DONTWAIT); },
      [](mbuf* m) { return m_collapse(m, M_DONTWAIT, 2); },
      [](mbuf* m) { return m_inject(m, 1000, 30, M_DONTWAIT) != nullptr ? m : nullptr; },
      [](mbuf* m) { return m_dup_pkt(m, 10, M_DONTWAIT); },
      [](mbuf* m) { return m_unshare(m, M_DONTWAIT); },
  };
  for (Op op : ops) {
    mbuf* m = make();
    mbuf* copy = m_copypacket(m, M_DONTWAIT);
    mbuf* made = op(m);
    ASSERT_NE(made, nullptr);
    EXPECT_EQ(m_sanity(made, 0), 1);
    for (mbuf* n = made; n != nullptr; n = n->m_next) EXPECT_EQ(weir_pools_of(n), a.get());
    EXPECT_EQ(DefaultInUse(WEIR_ZONE_MBUF), before_[WEIR_ZONE_MBUF]);
    if (op == ops[7]) m_freem(m);
    m_freem(made);
    m_freem(copy);
  }
  for (const weir_zone_snapshot& z : a.snapshot().zones) EXPECT_EQ(z.in_use, 0) << z.name;
}

TEST_F(PoolsTest, MbufsOfDifferentSetsMixInAChain) {
  Pools a("a", Small(100, 100)), b("b", Small(100, 100));
  mbuf* m = a.getcl(M_DONTWAIT, MT_DATA, M_PKTHDR);
  m->m_len = m->m_pkthdr.len = 2000;
  memset(m->m_data, 'a', 2000);
  mbuf* n = b.getcl(M_DONTWAIT, MT_DATA, M_PKTHDR);
  n->m_len = n->m_pkthdr.len = 2000;
  memset(n->m_data, 'b', 2000);
  mbuf* of_default = m_getcl(M_DONTWAIT, MT_DATA, 0);
  // b's cluster in an mbuf of the default set, alone from the moment on that n is freed.
  mbuf* holder = m_get(M_DONTWAIT, MT_DATA);
  ASSERT_EQ(m_extshare(n, holder), 0);
  of_default->m_len = 10;
  m_catpkt(m, n);
  m_cat(m, of_default);
  m->m_pkthdr.len += 10;
  EXPECT_EQ(m_sanity(m, 1), 1);
  mbuf* copy = m_copypacket(m, M_DONTWAIT);
  ASSERT_NE(copy, nullptr);
  m_freem(m);
  m_freem(copy);
  EXPECT_EQ(InUse(a.snapshot(), WEIR_ZONE_CLUSTER), 0);
  EXPECT_EQ(InUse(b.snapshot(), WEIR_ZONE_CLUSTER), 1) << "held by an mbuf of the default set";
  EXPECT_EQ(InUse(b.snapshot(), WEIR_ZONE_MBUF), 0);
  EXPECT_EQ(holder->m_data[5], 'b');
  m_freem(holder);
  EXPECT_EQ(InUse(b.snapshot(), WEIR_ZONE_CLUSTER), 0);
  EXPECT_EQ(InUse(b.snapshot(), WEIR_ZONE_PACKET), 0);
}

TEST_F(PoolsTest, ABufferMovedByHandGoesHome) {
  Pools a("a", Small(100, 100)), b("b", Small(100, 100));
  mbuf* m = a.getcl(M_DONTWAIT, MT_DATA, 0);
  mbuf* n = b.gethdr(M_DONTWAIT, MT_DATA);
  m_tag* tag = m_tag_alloc(7, 1, 0, M_DONTWAIT);
  ASSERT_EQ(m_tag_prepend(n, tag), 0);
  n->m_ext = m->m_ext;  // as old sources do
  n->m_flags |= M_EXT;
  n->m_data = n->m_ext.ext_buf;
  m->m_flags &= ~M_EXT;
  m_free(m);
  EXPECT_EQ(InUse(a.snapshot(), WEIR_ZONE_MBUF), 0);
  EXPECT_EQ(InUse(a.snapshot(), WEIR_ZONE_CLUSTER), 1);
  m_free(n);
  for (Pools* p : {&a, &b}) {
    for (const weir_zone_snapshot& z : p->snapshot().zones) EXPECT_EQ(z.in_use, 0) << z.name;
  }
}

TEST_F(PoolsTest, MovesAndEndsEarly) {
  Pools a("a", Small(10, 10));
  weir_pools* place = a.get();
  Pools b("b", Small(10, 10));
  b = std::move(a);
  EXPECT_FALSE(a);
  EXPECT_EQ(b.get(), place);
  Pools& self = b;
  b = std::move(self);
  EXPECT_STREQ(b.name(), "a");
  EXPECT_EQ(b.destroy(), 0);
  EXPECT_EQ(b.destroy(), 0) << "there is none any more";
}

TEST_F(PoolsTest, LimitsReservesAndTrimsAreItsOwn) {
  Pools a("a", Small(10, 1000));
  EXPECT_EQ(a.set_limit(WEIR_NZONES, 5), EINVAL);
  EXPECT_EQ(a.reserve(WEIR_NZONES, 5), EINVAL);
  EXPECT_EQ(a.set_limit(WEIR_ZONE_MBUF, 20), 0);
  std::vector<mbuf*> held;
  for (mbuf* m; (m = a.get(M_DONTWAIT, MT_DATA)) != nullptr;) held.push_back(m);
  EXPECT_EQ(held.size(), 20u);
  a.set_wait_limit(1);
  EXPECT_EQ(a.get(M_WAIT, MT_DATA), nullptr);
  EXPECT_EQ(errno, ETIMEDOUT);
  for (mbuf* m : held) m_free(m);

  EXPECT_EQ(a.reserve(WEIR_ZONE_CLUSTER, 300), 0);
  EXPECT_GE(a.snapshot().zones[WEIR_ZONE_CLUSTER].total, 300);
  a.trim();
  EXPECT_GE(a.snapshot().zones[WEIR_ZONE_CLUSTER].total, 300) << "what is reserved stays";
  EXPECT_EQ(a.reserve(WEIR_ZONE_CLUSTER, 0), 0);
  EXPECT_EQ(a.trim_to(int64_t{1} << 40), 0) << "it is below that";
  a.trim_to(0);
  EXPECT_EQ(a.snapshot().zones[WEIR_ZONE_CLUSTER].total, 0);
  EXPECT_GE(a.trim_idle(), 0);
}

TEST_F(PoolsTest, ASetWithMbufsOutIsNotDestroyed) {
  Pools a("a", Small(100, 100));
  std::vector<mbuf*> held;
  for (int i = 0; i < 7; ++i) held.push_back(a.getcl(M_DONTWAIT, MT_DATA, 0));
  EXPECT_EQ(a.destroy(), 14) << "seven mbufs and seven clusters";
  ASSERT_TRUE(a);
  mbuf* more = a.get(M_DONTWAIT, MT_DATA);
  EXPECT_NE(more, nullptr) << "it is as before";
  m_freem(more);
  for (mbuf* m : held) m_freem(m);
  EXPECT_EQ(a.destroy(), 0);
  EXPECT_FALSE(a);
}

TEST_F(PoolsTest, TheDestructorSaysWhatIsOut) {
  mbuf* m;
  weir_pools* left;
  testing::internal::CaptureStderr();
  {
    Pools a("tenant", Small(100, 100));
    m = a.get(M_DONTWAIT, MT_DATA);
    left = a.get();
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "weir: set tenant is left in place: 1 objects of it are still out\n");
  m_freem(m);
  EXPECT_EQ(weir_pools_destroy(left), 0);
}

TEST_F(PoolsTest, TheNextSetInAPlaceStartsAtZero) {
  weir_pools* first;
  for (int i = 0; i < 100; ++i) {
    Pools a("again", Small(1000 + i, 500));
    ASSERT_TRUE(a) << errno;
    if (i == 0) first = a.get();
    EXPECT_EQ(a.get(), first);
    struct weir_snapshot s = a.snapshot();
    EXPECT_EQ(s.zones[WEIR_ZONE_MBUF].limit, 1000 + i);
    for (const weir_zone_snapshot& z : s.zones) {
      EXPECT_EQ(z.total, 0) << z.name;
      EXPECT_EQ(z.allocs, 0u) << z.name;
      EXPECT_EQ(z.failures, 0u) << z.name;
      EXPECT_EQ(z.recalls, 0u) << z.name;
    }
    std::thread([&] {
      std::vector<mbuf*> held;
      for (mbuf* m; (m = a.getcl(M_DONTWAIT, MT_DATA, 0)) != nullptr;) held.push_back(m);
      EXPECT_EQ(held.size(), 500u);
      for (mbuf* m : held) m_freem(m);
    }).join();
  }
}

TEST_F(PoolsTest, WrongOptionsAndTooManySetsAreRefused) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(weir_pools_create("", nullptr), nullptr);
  EXPECT_EQ(errno, EINVAL);
  EXPECT_EQ(weir_pools_create("a name that is longer than 31 bytes", nullptr), nullptr);
  weir_options o{};
  o.nmbufs = -1;
  EXPECT_EQ(weir_pools_create("x", &o), nullptr);
  EXPECT_EQ(errno, EINVAL);
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("nmbufs: -1 is not a number from 1 to"), std::string::npos) << said;
  EXPECT_EQ(weir_pools_destroy(nullptr), -1);
  EXPECT_EQ(weir_pools_destroy(weir_pools_default()), -1);
  EXPECT_EQ(errno, EINVAL);
  std::vector<Pools> all;
  for (int i = 0; i < 63; ++i) {
    all.emplace_back("one of many", Small(10, 10));
    ASSERT_TRUE(all.back()) << i;
  }
  Pools more("one too many", Small(10, 10));
  EXPECT_FALSE(more);
  EXPECT_EQ(errno, ENOSPC);
}

TEST_F(PoolsTest, AWaiterIsWokenByAFreeInItsSet) {
  Pools a("a", Small(50, 4));
  std::vector<mbuf*> held;
  for (int i = 0; i < 4; ++i) held.push_back(a.getcl(M_DONTWAIT, MT_DATA, 0));
  std::thread waiter([&] { m_freem(a.getcl(M_WAIT, MT_DATA, 0)); });
  while (a.snapshot().zones[WEIR_ZONE_CLUSTER].waits == 0) std::this_thread::yield();
  for (mbuf* m : held) m_freem(m);
  waiter.join();  // hangs if the wake-up is lost
}

using PoolsDeathTest = PoolsTest;
TEST_F(PoolsDeathTest, ADoubleFreeIsCaught) {
  Pools a("a", Small(50, 50));
  EXPECT_DEATH(
      {
        mbuf* m = a.get(M_DONTWAIT, MT_DATA);
        m_free(m);
        m_free(m);
      },
      "is free already");
}

// Threads that come and go use three sets and the default one, pass chains on, mix them, and fork.
TEST_F(PoolsTest, StressOfSeveralSets) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Pools sets[3] = {Pools("x", Small(400, 200)), Pools("y", Small(60, 30)), Pools("z", Small(9, 5))};
  std::atomic<mbuf*> exchange[8] = {};
  std::atomic<long> made{0};
  for (unsigned round = 0; round < 12; ++round) {
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        std::mt19937 random(seed + round * 4 + t);
        for (int i = 0; i < 3000; ++i) {
          const unsigned which = random() % 4;
          mbuf* m = which == 3 ? m_getcl(M_DONTWAIT, MT_DATA, M_PKTHDR)
                               : sets[which].get2(static_cast<int>(random() % 3000), M_DONTWAIT,
                                                  MT_DATA, M_PKTHDR);
          if (m == nullptr) continue;
          made.fetch_add(1);
          m->m_len = m->m_pkthdr.len = 50;
          mbuf* other = exchange[random() % 8].exchange(nullptr);
          if (other != nullptr && random() % 2 == 0) {
            mbuf* clone = m_copym(other, 0, M_COPYALL, M_DONTWAIT);
            m_freem(clone);
          }
          if (other != nullptr) m_catpkt(m, other);
          if (m->m_pkthdr.len > 500) {
            m_freem(m);
          } else {
            m_freem(exchange[random() % 8].exchange(m));
          }
        }
      });
    }
    for (std::thread& t : threads) t.join();
  }
  for (std::atomic<mbuf*>& e : exchange) m_freem(e.exchange(nullptr));
  EXPECT_GT(made.load(), 10000);
  for (Pools& p : sets) {
    for (const weir_zone_snapshot& z : p.snapshot().zones) EXPECT_EQ(z.in_use, 0) << z.name;
    EXPECT_EQ(p.destroy(), 0);
  }
}

TEST_F(PoolsTest, AForksChildHasEverySet) {
  Pools a("a", Small(100, 60));
  std::thread([&] {
    for (int i = 0; i < 40; ++i) m_freem(a.getcl(M_DONTWAIT, MT_DATA, 0));
  }).join();
  mbuf* mine = a.getcl(M_DONTWAIT, MT_DATA, 0);
  pid_t child = fork();
  if (child == 0) {
    int n = 0;
    while (a.getcl(M_DONTWAIT, MT_DATA, 0) != nullptr) ++n;
    _exit(n == 59 ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  m_freem(mine);
}

}  // namespace
}  // namespace weir
