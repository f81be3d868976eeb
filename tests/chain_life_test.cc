// One mbuf: getting it, attaching storage, sharing that, giving it back.
#include <cerrno>
#include <cstring>

#include "tests/chain_make.h"

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

}  // namespace
}  // namespace weir
