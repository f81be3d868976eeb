// One mbuf: getting it, attaching storage, sharing that, giving it back.
#include <cerrno>
#include <climits>
#include <cstring>
#include <functional>
#include <vector>

#include "tests/chain_make.h"
#include "weir/chain/verify.h"
#include "weir/chain/weir.h"

namespace weir {
namespace {

class MGet : public ChainTest {};
class MClget : public ChainTest {};
class MFree : public ChainTest {};
// gtest runs these first, while jemalloc has few locks: it takes them all around a fork, and
// ThreadSanitizer gives up at 64.
class MFreeDeathTest : public ChainTest {};
class MExtadd : public ChainTest {};

bool AllZero(const void* p, size_t len) {
  return std::string(static_cast<const char*>(p), len) == std::string(len, 0);
}

// An mbuf whose bytes are no longer zero goes back first, so that the next one may be that one.
void LeaveGarbage() {
  mbuf* m = m_gethdr(M_WAIT, MT_DATA);
  m->m_len = 99;
  memset(&m->m_pkthdr, 0xa5, sizeof m->m_pkthdr);
  m->m_pkthdr.tags = nullptr;
  m->m_flags |= M_BCAST | M_EOR;
  m->m_nextpkt = m;
  m_free(m);
}

TEST_F(MGet, ALengthIsZeroAndDataAtTheStart) {
  LeaveGarbage();
  mbuf* m = m_get(M_DONTWAIT, MT_SONAME);
  EXPECT_EQ(m->m_len, 0);
  EXPECT_EQ(m->m_data, m->m_dat);
  EXPECT_EQ(m->m_type, MT_SONAME);
  EXPECT_EQ(m->m_flags, 0u);
  EXPECT_EQ(m->m_next, nullptr);
  EXPECT_EQ(m->m_nextpkt, nullptr);
  m_free(m);
}

TEST_F(MGet, TheWholePacketHeaderIsZero) {
  LeaveGarbage();
  mbuf* m = m_gethdr(M_DONTWAIT, MT_HEADER);
  EXPECT_EQ(m->m_len, 0);
  EXPECT_EQ(m->m_data, m->m_pktdat);
  EXPECT_EQ(m->m_flags, M_PKTHDR);
  EXPECT_TRUE(AllZero(&m->m_pkthdr, sizeof m->m_pkthdr));
  m_free(m);
}

TEST_F(MGet, GetclrZeroesAllOfMlen) {
  LeaveGarbage();
  mbuf* m = m_getclr(M_DONTWAIT, MT_DATA);
  EXPECT_EQ(m->m_len, 0);
  EXPECT_TRUE(AllZero(m->m_dat, MLEN));
  m_free(m);
}

TEST_F(MGet, ATypeOutOfRangeIsRefused) {
  for (int type : {-1, 256, 100000}) {
    errno = 0;
    EXPECT_EQ(m_get(M_DONTWAIT, type), nullptr);
    EXPECT_EQ(errno, EINVAL);
  }
}

TEST_F(MGet, WhatMakesNoSenseIsRefusedByEveryForm) {
  const int flags = static_cast<int>(M_BCAST);
  using Form = mbuf* (*)();
  const Form forms[] = {
      [] { return m_getcl(M_DONTWAIT, -1, 0); },
      [] { return m_getcl(M_DONTWAIT, MT_NTYPES, M_PKTHDR); },
      [] { return m_getcl(M_DONTWAIT, MT_DATA, flags); },
      [] { return m_getjcl(M_DONTWAIT, MT_DATA, 0, MCLBYTES + 1); },
      [] { return m_getjcl(M_DONTWAIT, MT_DATA, flags, MCLBYTES); },
      [] { return m_getjcl(M_DONTWAIT, -1, 0, MJUM9BYTES); },
      [] { return m_getjcl(M_DONTWAIT, MT_DATA, flags, MJUM9BYTES); },
      [] { return m_get2(-1, M_DONTWAIT, MT_DATA, 0); },
      [] { return m_get2(10, M_DONTWAIT, MT_NTYPES, 0); },
      [] { return m_get2(10, M_DONTWAIT, MT_DATA, flags); },
      [] { return weir_pools_get(weir_pools_default(), M_DONTWAIT, -1); },
      [] { return weir_pools_getcl(weir_pools_default(), M_DONTWAIT, MT_DATA, flags); },
  };
  for (const Form& form : forms) {
    errno = 0;
    EXPECT_EQ(form(), nullptr) << &form - forms;
    EXPECT_EQ(errno, EINVAL) << &form - forms;
  }
}

TEST_F(MGet, GetclrWithoutMemoryIsNull) {
  ForEachFailure([] { return nullptr; },
                 [](mbuf*) {
                   mbuf* m = m_getclr(M_DONTWAIT, MT_DATA);
                   m_free(m);
                   return m != nullptr;
                 });
}

TEST_F(MGet, AlignLeavesDataAtTheStartForALengthThatDoesNotFit) {
  mbuf* m = m_get(M_WAIT, MT_DATA);
  for (int len : {-1, INT_MIN, MLEN, MLEN + 1, INT_MAX}) {
    m->m_data = nullptr;
    m_align(m, len);
    EXPECT_EQ(m->m_data, m->m_dat) << len;
  }
  m_align(m, 100);
  EXPECT_EQ(m->m_data, m->m_dat + (MLEN - 100) / 8 * 8);
  m_free(m);
}

TEST_F(MGet, TheSmallestBufferThatHoldsTheSizeIsChosen) {
  struct Case {
    int size, buffer;
  };
  for (Case c : {Case{0, MLEN},
                 {MLEN, MLEN},
                 {MLEN + 1, MCLBYTES},
                 {MCLBYTES, MCLBYTES},
                 {MCLBYTES + 1, MJUMPAGESIZE},
                 {MJUMPAGESIZE + 1, MJUM9BYTES},
                 {MJUM9BYTES + 1, MJUM16BYTES},
                 {MJUM16BYTES, MJUM16BYTES}}) {
    mbuf* m = m_get2(c.size, M_DONTWAIT, MT_DATA, 0);
    EXPECT_EQ(M_SIZE(m), c.buffer) << c.size;
    m_free(m);
  }
  EXPECT_EQ(m_get2(MJUM16BYTES + 1, M_DONTWAIT, MT_DATA, 0), nullptr);
  EXPECT_EQ(errno, EMSGSIZE);
}

// More than a cache holds: some come from it, and some from elsewhere.
TEST_F(MGet, JumboPacketsAreTheSameWhereverTheyComeFrom) {
  constexpr int kTypes[] = {MT_DATA, MT_NTYPES - 1};
  struct Case {
    int zone, size;
  };
  for (auto [zone, size] : {Case{WEIR_ZONE_JUMBO_PAGE, MJUMPAGESIZE},
                            {WEIR_ZONE_JUMBO_9K, MJUM9BYTES},
                            {WEIR_ZONE_JUMBO_16K, MJUM16BYTES}}) {
    for (int flags : {0, static_cast<int>(M_PKTHDR)}) {
      std::vector<mbuf*> all;
      for (int i = 0; i < 100; ++i) {
        const int type = kTypes[i % 2];
        mbuf* m = i % 3 == 0 ? m_get2(size - 1, M_DONTWAIT, type, flags)
                             : m_getjcl(M_DONTWAIT, type, flags, size);
        ASSERT_NE(m, nullptr);
        EXPECT_EQ(m->m_type, type);
        EXPECT_EQ(m->m_flags, static_cast<uint32_t>(flags) | M_EXT);
        EXPECT_EQ(m->m_len, 0);
        EXPECT_EQ(m->m_data, m->m_ext.ext_buf);
        EXPECT_EQ(M_TRAILINGSPACE(m), size);
        EXPECT_EQ(m_extrefcnt(m), 1u);
        EXPECT_EQ(m_extzone(m), zone);
        EXPECT_TRUE(flags == 0 || AllZero(&m->m_pkthdr, sizeof m->m_pkthdr));
        memset(m->m_data, i, static_cast<size_t>(size));
        all.push_back(m);
        if (i % 7 == 0) {
          m_free(all.back());
          all.pop_back();
        }
      }
      for (mbuf* m : all) m_freem(m);
    }
  }
}

TEST_F(MGet, WithoutAJumboClusterTheMbufGoesBack) {
  struct weir_snapshot s;
  weir_snapshot(&s);
  const int64_t limit = s.zones[WEIR_ZONE_JUMBO_9K].limit;
  mbuf* last = m_getjcl(M_DONTWAIT, MT_DATA, 0, MJUM9BYTES);
  ASSERT_EQ(weir_set_limit(WEIR_ZONE_JUMBO_9K, 1), 0);
  for (int i = 0; i < 3; ++i) {
    errno = 0;
    EXPECT_EQ(m_getjcl(M_DONTWAIT, MT_DATA, M_PKTHDR, MJUM9BYTES), nullptr);
    EXPECT_EQ(errno, ENOBUFS);
  }
  ASSERT_EQ(weir_set_limit(WEIR_ZONE_JUMBO_9K, limit), 0);
  m_free(last);
}

TEST_F(MClget, SuccessShowsAsMExt) {
  mbuf* m = m_get(M_DONTWAIT, MT_DATA);
  MCLGET(m, M_DONTWAIT);
  EXPECT_TRUE(m->m_flags & M_EXT);
  EXPECT_EQ(M_TRAILINGSPACE(m), MCLBYTES);
  m_free(m);
}

TEST_F(MClget, ASecondClusterIsRefusedAndNothingLeaks) {
  mbuf* m = m_getcl(M_DONTWAIT, MT_DATA, 0);
  char* buf = m->m_ext.ext_buf;
  EXPECT_EQ(m_clget(m, M_DONTWAIT), EINVAL);
  EXPECT_EQ(m_cljget(m, M_DONTWAIT, MJUM9BYTES), EINVAL);
  EXPECT_EQ(m->m_ext.ext_buf, buf);
  m_free(m);
}

TEST_F(MClget, NoMbufOrASizeThatNoClusterHasIsEinval) {
  mbuf* m = m_get(M_DONTWAIT, MT_DATA);
  EXPECT_EQ(m_clget(nullptr, M_DONTWAIT), EINVAL);
  EXPECT_EQ(m_cljget(nullptr, M_DONTWAIT, MCLBYTES), EINVAL);
  for (int size : {-1, 0, MCLBYTES - 1, MJUM16BYTES + 1}) {
    EXPECT_EQ(m_cljget(m, M_DONTWAIT, size), EINVAL) << size;
  }
  EXPECT_FALSE(m->m_flags & M_EXT);
  m_free(m);
}

TEST_F(MFree, TheNextOneIsReturned) {
  mbuf* m = Chain({{}, {}});
  mbuf* next = m->m_next;
  EXPECT_EQ(m_free(m), next);
  EXPECT_EQ(m_free(next), nullptr);
}

TEST_F(MFree, NullIsFine) {
  EXPECT_EQ(m_free(nullptr), nullptr);
  m_freem(nullptr);
  m_freemp(nullptr);
}

TEST_F(MFree, FreemFreesOnePacketAndFreempTheList) {
  mbuf* a = Packet({{}, {}});
  mbuf* b = Packet({{}, {Buffer::kCluster}});
  mbuf* c = Packet({{}});
  a->m_nextpkt = b;
  b->m_nextpkt = c;
  m_freem(a);
  EXPECT_EQ(Lengths(b).size(), 2u);
  m_freemp(b);
}

// As old code does: no function of weir's hears of it.
TEST_F(MFree, ABufferMovedByHandIsOfItsNewMbufAlone) {
  static char own[64];
  mbuf* other = m_getcl(M_WAIT, MT_DATA, 0);
  using Then = std::function<void(mbuf*)>;
  const Then thens[] = {
      [](mbuf*) {},
      [](mbuf* m) { EXPECT_EQ(m_clget(m, M_WAIT), 0); },
      [](mbuf* m) { EXPECT_EQ(m_cljget(m, M_WAIT, MJUM9BYTES), 0); },
      [](mbuf* m) {
        EXPECT_EQ(m_extadd(m, own, sizeof own, nullptr, nullptr, nullptr, 0, EXT_NET_DRV), 0);
      },
      [&](mbuf* m) { EXPECT_EQ(m_extshare(other, m), 0); },
  };
  for (const Then& then : thens) {
    mbuf* m = m_getcl(M_WAIT, MT_DATA, 0);
    mbuf* n = m_get(M_WAIT, MT_DATA);
    n->m_ext = m->m_ext;
    n->m_data = n->m_ext.ext_buf;
    n->m_flags |= M_EXT;
    m->m_flags &= ~M_EXT;
    m->m_data = m->m_dat;
    then(m);
    EXPECT_EQ(FindFault(m), nullptr);
    EXPECT_EQ(FindFault(n), nullptr);
    m_free(m);
    // What is handed out from now on is not n's.
    std::vector<mbuf*> more;
    for (int i = 0; i < 8; ++i) {
      more.push_back(m_getcl(M_WAIT, MT_DATA, 0));
      EXPECT_NE(more.back()->m_ext.ext_buf, n->m_ext.ext_buf);
      EXPECT_NE(more.back()->m_ext.ext_buf, other->m_ext.ext_buf);
      EXPECT_NE(more.back()->m_ext.ext_buf, own);
    }
    for (mbuf* one : more) m_free(one);
    m_free(n);
  }
  m_free(other);
}

// The other way round: an mbuf that had a cluster to itself gets, by hand, one that others share.
TEST_F(MFree, ABufferGivenByHandStaysWithItsOtherHolders) {
  using Lose = std::function<void(mbuf*)>;
  const Lose losses[] = {
      [](mbuf* m) { EXPECT_EQ(m_extremove(m), 0); },
      [](mbuf* m) { m_freem(m_split(m, 0, M_WAIT)); },
  };
  for (const Lose& lose : losses) {
    mbuf* m = m_getcl(M_WAIT, MT_DATA, 0);
    m->m_len = 1000;
    lose(m);
    ASSERT_FALSE(m->m_flags & M_EXT);
    mbuf* holder = m_getcl(M_WAIT, MT_DATA, 0);
    holder->m_len = 100;
    mbuf* other = m_copym(holder, 0, 100, M_WAIT);
    m->m_ext = other->m_ext;
    m->m_data = other->m_data;
    m->m_flags |= M_EXT;
    other->m_flags &= ~M_EXT;
    other->m_data = other->m_dat;
    EXPECT_EQ(FindFault(m), nullptr);
    m_free(m);
    EXPECT_EQ(m_extrefcnt(holder), 1u);
    mbuf* next = m_getcl(M_WAIT, MT_DATA, 0);
    EXPECT_NE(next->m_ext.ext_buf, holder->m_ext.ext_buf);
    for (mbuf* one : {next, other, holder}) m_free(one);
  }
}

int64_t FreePackets() {
  struct weir_snapshot s;
  weir_snapshot(&s);
  return s.zones[WEIR_ZONE_PACKET].cached_thread + s.zones[WEIR_ZONE_PACKET].cached_depot;
}

// So that the next packet need not be made of an mbuf and a cluster.
TEST_F(MFree, TheLastHolderOfAPacketsClusterIsAPacketAgain) {
  m_freem(m_getcl(M_WAIT, MT_DATA, M_PKTHDR));
  const int64_t before = FreePackets();
  if (before == 0) GTEST_SKIP() << "packets are not kept";
  for (int holders : {1, 2, 5}) {
    mbuf* all[5] = {m_getcl(M_WAIT, MT_DATA, M_PKTHDR)};
    all[0]->m_len = all[0]->m_pkthdr.len = 100;
    for (int i = 1; i < holders; ++i) all[i] = m_copypacket(all[0], M_WAIT);
    const char* cluster = all[0]->m_ext.ext_buf;
    for (int i = 0; i < holders; ++i) {
      EXPECT_EQ(FreePackets(), before - 1);
      m_freem(all[i]);
    }
    EXPECT_EQ(FreePackets(), before);
    mbuf* again = m_getcl(M_WAIT, MT_DATA, M_PKTHDR);
    EXPECT_EQ(again, all[holders - 1]);
    EXPECT_EQ(again->m_ext.ext_buf, cluster);
    EXPECT_EQ(m_extrefcnt(again), 1u);
    EXPECT_TRUE(M_WRITABLE(again));
    m_freem(again);
  }
}

TEST_F(MFreeDeathTest, ADoubleFreeAbortsWithAMessage) {
  EXPECT_DEATH(
      {
        mbuf* m = m_get(M_WAIT, MT_DATA);
        m_free(m);
        m_free(m);
      },
      "double free|use-after-poison|heap-use-after-free");
}

TEST_F(MFreeDeathTest, AForeignPointerAbortsWithAMessage) {
  EXPECT_DEATH(
      {
        alignas(256) static mbuf foreign = {};
        m_free(&foreign);
      },
      "not an mbuf");
  EXPECT_DEATH(
      {
        alignas(256) static mbuf foreign = {};
        foreign.m_pool = 255;  // more sets of zones than there can be
        m_free(&foreign);
      },
      "not an mbuf");
}

// One that looks alive when it comes to be allocated.
TEST_F(MFreeDeathTest, AWriteToTheStateOfAFreeMbufAbortsWithAMessage) {
  EXPECT_DEATH(
      {
        mbuf* m = m_get(M_WAIT, MT_DATA);
        const uint32_t live = m->m_state;
        m_free(m);
        m->m_state = live;
        for (int i = 0; i < 1000; ++i) m_get(M_WAIT, MT_DATA);
      },
      "was written to while it was free|use-after-poison|heap-use-after-free");
  EXPECT_DEATH(
      {
        mbuf* m = m_getcl(M_WAIT, MT_DATA, 0);
        const uint32_t live = m->m_state;
        m_free(m);
        m->m_state = live;
        for (int i = 0; i < 1000; ++i) m_getcl(M_WAIT, MT_DATA, 0);
      },
      "was written to while it was free|use-after-poison|heap-use-after-free");
}

int freed = 0;
void CountFree(mbuf*) { ++freed; }

TEST_F(MExtadd, TheCallbackRunsOnceWithTheLastHolder) {
  freed = 0;
  char buf[100];
  mbuf* m = m_get(M_WAIT, MT_DATA);
  ASSERT_EQ(m_extadd(m, buf, sizeof buf, CountFree, nullptr, nullptr, 0, EXT_NET_DRV), 0);
  m->m_len = 50;
  mbuf* n = m_copym(m, 0, 50, M_WAIT);
  EXPECT_EQ(m_extrefcnt(m), 2u);
  EXPECT_FALSE(M_WRITABLE(n));
  m_free(m);
  EXPECT_EQ(freed, 0);
  EXPECT_TRUE(M_WRITABLE(n));
  m_free(n);
  EXPECT_EQ(freed, 1);
}

TEST_F(MExtadd, AShareOfReadOnlyDataStaysReadOnly) {
  mbuf* m = Chain({{Buffer::kReadOnly, 0, 50}});
  mbuf* n = m_copym(m, 0, 50, M_WAIT);
  m_free(m);
  EXPECT_EQ(m_extrefcnt(n), 1u);
  EXPECT_FALSE(M_WRITABLE(n));
  m_free(n);
}

TEST_F(MExtadd, ACallersCountIsUsedAndLeftToTheCaller) {
  freed = 0;
  char buf[100];
  uint32_t count = 1;
  mbuf* m = m_get(M_WAIT, MT_DATA);
  ASSERT_EQ(m_extaddref(m, buf, sizeof buf, &count, CountFree, nullptr, nullptr), 0);
  m->m_len = 50;
  mbuf* n = m_copym(m, 0, 50, M_WAIT);
  EXPECT_EQ(count, 2u);
  m_free(m);
  m_free(n);
  EXPECT_EQ(freed, 1);
}

TEST_F(MExtadd, ACountThatCannotGoOnIsReportedAndTheBufferStays) {
  freed = 0;
  char buf[100];
  uint32_t count = (uint32_t{1} << 31) - 1;  // as many holders as are counted
  mbuf* m = m_get(M_WAIT, MT_DATA);
  ASSERT_EQ(m_extaddref(m, buf, sizeof buf, &count, CountFree, nullptr, nullptr), 0);
  m->m_len = 50;
  testing::internal::CaptureStderr();
  mbuf* n = m_copym(m, 0, 50, M_WAIT);
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("is shared more than 2147483648 times and will never be freed"),
            std::string::npos)
      << said;
  m_free(m);
  m_free(n);
  EXPECT_EQ(freed, 0);
}

TEST_F(MExtadd, BadArgumentsAreEinvalAndAttachNothing) {
  char buf[100];
  uint32_t count = 1;
  mbuf* m = m_get(M_WAIT, MT_DATA);
  auto add = [&](mbuf* to, char* b, unsigned size, void* arg, int flags, int type) {
    return m_extadd(to, b, size, CountFree, arg, nullptr, flags, type);
  };
  EXPECT_EQ(add(nullptr, buf, 100, nullptr, 0, EXT_NET_DRV), EINVAL);
  EXPECT_EQ(add(m, nullptr, 100, nullptr, 0, EXT_NET_DRV), EINVAL);
  EXPECT_EQ(add(m, buf, 1u << 31, nullptr, 0, EXT_NET_DRV), EINVAL);
  EXPECT_EQ(add(m, buf, 100, nullptr, static_cast<int>(M_EOR), EXT_NET_DRV), EINVAL);
  EXPECT_EQ(add(m, buf, 100, nullptr, 0, EXT_CLUSTER), EINVAL);
  EXPECT_EQ(add(m, buf, 100, nullptr, 0, EXT_EXTREF + 1), EINVAL);
  EXPECT_EQ(add(m, buf, 100, nullptr, 0, EXT_EXTREF), EINVAL) << "no count";
  EXPECT_EQ(m_extaddref(m, buf, 100, nullptr, CountFree, nullptr, nullptr), EINVAL);
  EXPECT_EQ(m_extmalloc(nullptr, 100, M_WAIT), EINVAL);
  EXPECT_EQ(m_extmalloc(m, 1u << 31, M_WAIT), EINVAL);
  EXPECT_FALSE(m->m_flags & M_EXT);
  EXPECT_EQ(add(m, buf, 100, &count, 0, EXT_EXTREF), 0);
  EXPECT_EQ(m_extrefcnt(m), 1u);
  EXPECT_EQ(add(m, buf, 100, nullptr, 0, EXT_NET_DRV), EINVAL) << "it has a buffer";
  EXPECT_EQ(m_extmalloc(m, 100, M_WAIT), EINVAL);
  m_free(m);
}

TEST_F(MExtadd, QuestionsAboutNoBufferHaveAnAnswer) {
  mbuf* m = m_get(M_WAIT, MT_DATA);
  mbuf* n = m_getcl(M_WAIT, MT_DATA, 0);
  for (mbuf* none : {static_cast<mbuf*>(nullptr), m}) {
    EXPECT_EQ(m_extrefcnt(none), 0u);
    EXPECT_EQ(m_extzone(none), -1);
    EXPECT_EQ(m_extremove(none), EINVAL);
    EXPECT_EQ(m_extshare(none, m), EINVAL);
  }
  EXPECT_EQ(m_extshare(n, nullptr), EINVAL);
  EXPECT_EQ(m_extshare(n, n), EINVAL) << "it has a buffer";
  EXPECT_EQ(m_extzone(n), WEIR_ZONE_CLUSTER);
  EXPECT_EQ(m_extrefcnt(n), 1u);
  m_free(m);
  m_free(n);
}

TEST_F(MExtadd, AReferenceThatCannotBeCountedLeavesTheOtherEmpty) {
  const int failures = ForEachFailure(
      [] {
        return Chain({{Buffer::kExternal, 0, 50}, {}});
      },
      [](mbuf* m) {
        mbuf* n = m->m_next;
        n->m_data = m->m_data + 10;
        n->m_len = 40;
        MCLADDREFERENCE(m, n);
        const bool done = n->m_flags & M_EXT;
        EXPECT_EQ(n->m_data, done ? m->m_data + 10 : n->m_dat);
        EXPECT_EQ(n->m_len, done ? 40 : 0);
        m_freem(m);
        return done;
      });
  EXPECT_EQ(failures, 1);
}

TEST_F(MExtadd, AShareOfATypeThatDoesNotExistIsRefused) {
  mbuf* m = Packet({{Buffer::kCluster, 0, 50}});
  m->m_type = MT_NTYPES;
  errno = 0;
  EXPECT_EQ(m_copypacket(m, M_DONTWAIT), nullptr);
  EXPECT_EQ(errno, EINVAL);
  m->m_type = MT_DATA;
  m_freem(m);
}

}  // namespace
}  // namespace weir
