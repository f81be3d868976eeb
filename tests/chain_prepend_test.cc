// m_prepend and M_PREPEND.
#include <cerrno>
#include <climits>

#include "tests/chain_make.h"

namespace weir {
namespace {

class MPrepend : public ChainTest {};

TEST_F(MPrepend, WritableLeadingSpaceIsUsedInAnMbuf) {
  mbuf* m = Packet({{Buffer::kSmall, 20, 30}});
  std::string data = Bytes(m);
  char* at = m->m_data;
  mbuf* n = m;
  M_PREPEND(n, 20, M_DONTWAIT);
  EXPECT_EQ(n, m);
  EXPECT_EQ(n->m_data, at - 20);
  EXPECT_EQ(n->m_pkthdr.len, 50);
  EXPECT_EQ(Bytes(n).substr(20), data);
  m_freem(n);
}

TEST_F(MPrepend, WritableLeadingSpaceIsUsedInAClusterToo) {
  mbuf* m = Packet({{Buffer::kCluster, 64, 1000}});
  mbuf* n = m;
  M_PREPEND(n, 64, M_DONTWAIT);
  EXPECT_EQ(n, m);
  EXPECT_EQ(n->m_len, 1064);
  EXPECT_EQ(n->m_pkthdr.len, 1064);
  m_freem(n);
}

TEST_F(MPrepend, LeadingSpaceOfASharedOrReadOnlyBufferIsNotUsed) {
  for (Buffer buffer : {Buffer::kCluster, Buffer::kReadOnly}) {
    mbuf* m = Packet({{buffer, 64, 1000}});
    mbuf* copy = m_copypacket(m, M_WAIT);
    std::string before = Buffers(copy);
    mbuf* n = m;
    M_PREPEND(n, 20, M_DONTWAIT);
    EXPECT_NE(n, m);
    ASSERT_EQ(n->m_len, 20);
    n->m_data[0] = 'X';
    EXPECT_TRUE(Buffers(copy) == before);
    m_freem(n);
    m_freem(copy);
  }
}

TEST_F(MPrepend, AnEmptyFirstMbufOffersAllOfItsBuffer) {
  mbuf* m = Packet({{Buffer::kSmall, 0, 0}, {Buffer::kSmall, 0, 10}});
  mbuf* n = m;
  M_PREPEND(n, 14, M_DONTWAIT);
  EXPECT_EQ(n, m);
  EXPECT_EQ(Lengths(n), (std::vector<int>{14, 10}));
  EXPECT_GE(M_LEADINGSPACE(n), MHLEN - 14 - 7);
  m_freem(n);
}

TEST_F(MPrepend, TheHeaderMovesToTheNewMbuf) {
  mbuf* m = Packet({{Buffer::kCluster, 0, 100}});
  AddTag(m, 1, "tag");
  m->m_flags |= M_EOR;
  std::string data = Bytes(m);
  mbuf* n = m_prepend(m, 20, M_DONTWAIT);
  ASSERT_NE(n, m);
  EXPECT_EQ(n->m_next, m);
  EXPECT_EQ(n->m_pkthdr.flowid, 0x11111111u);
  EXPECT_EQ(n->m_flags, M_PKTHDR | M_BCAST | M_PROTO3 | M_LINK1);
  EXPECT_EQ(m->m_flags, M_EXT | M_EOR);
  EXPECT_EQ(Tags(n), "1:tag ");
  EXPECT_EQ(n->m_pkthdr.len, 100) << "m_prepend leaves it alone";
  EXPECT_EQ(Bytes(n).substr(20), data);
  m_freem(n);
}

TEST_F(MPrepend, TheQueueLinkMovesToTheNewMbuf) {
  mbuf* m = Packet({{Buffer::kSmall, 0, 10}});
  mbuf* next = Packet({{}});
  m->m_nextpkt = next;
  mbuf* n = m_prepend(m, 10, M_DONTWAIT);
  EXPECT_EQ(n->m_nextpkt, next);
  EXPECT_EQ(m->m_nextpkt, nullptr);
  m_freemp(n);
}

TEST_F(MPrepend, DataIsPlacedSoThatLaterPrependsFit) {
  for (bool packet : {true, false}) {
    mbuf* m = packet ? Packet({{}}) : Chain({{}});
    m = m_prepend(m, 20, M_DONTWAIT);
    mbuf* first = m;
    M_PREPEND(m, 40, M_DONTWAIT);
    M_PREPEND(m, 14, M_DONTWAIT);
    EXPECT_EQ(m, first);
    EXPECT_EQ(m->m_len, 74);
    m_freem(m);
  }
}

TEST_F(MPrepend, WhatAnMbufHoldsExactlyTakesNoCluster) {
  mbuf* m = m_prepend(Packet({{}}), MHLEN, M_DONTWAIT);
  EXPECT_FALSE(m->m_flags & M_EXT);
  EXPECT_EQ(m->m_data, m->m_pktdat);
  m_freem(m);
  m = m_prepend(Chain({{}}), MLEN, M_DONTWAIT);
  EXPECT_FALSE(m->m_flags & M_EXT);
  m_freem(m);
}

TEST_F(MPrepend, MoreThanAnMbufHoldsTakesAClusterThatFits) {
  struct Case {
    int len, size;
  };
  for (Case c : {Case{MHLEN + 1, MCLBYTES},
                 {MCLBYTES, MCLBYTES},
                 {MCLBYTES + 1, MJUMPAGESIZE},
                 {MJUM9BYTES, MJUM9BYTES},
                 {MJUM16BYTES, MJUM16BYTES}}) {
    mbuf* m = m_prepend(Packet({{Buffer::kSmall, 0, 5}}), c.len, M_DONTWAIT);
    ASSERT_NE(m, nullptr);
    EXPECT_EQ(M_SIZE(m), c.size);
    EXPECT_EQ(m->m_len, c.len);
    m_freem(m);
  }
}

TEST_F(MPrepend, Beyond16KibIsEmsgsizeAndTheChainIsFreed) {
  errno = 0;
  EXPECT_EQ(m_prepend(Packet({{Buffer::kCluster, 0, 5}}), MJUM16BYTES + 1, M_DONTWAIT), nullptr);
  EXPECT_EQ(errno, EMSGSIZE);
  mbuf* m = Packet({{Buffer::kCluster, 0, 5}});
  M_PREPEND(m, INT_MAX, M_DONTWAIT);
  EXPECT_EQ(m, nullptr);
  EXPECT_EQ(errno, EMSGSIZE);
}

TEST_F(MPrepend, APacketLengthPastIntMaxIsEmsgsize) {
  mbuf* m = Packet({{Buffer::kSmall, 20, 5}});
  m->m_pkthdr.len = INT_MAX - 3;
  M_PREPEND(m, 4, M_DONTWAIT);
  EXPECT_EQ(m, nullptr);
  EXPECT_EQ(errno, EMSGSIZE);
}

TEST_F(MPrepend, ANegativeLengthIsRefusedAndTheChainIsFreed) {
  for (int len : {-1, INT_MIN}) {
    errno = 0;
    EXPECT_EQ(m_prepend(Packet({{}}), len, M_DONTWAIT), nullptr);
    EXPECT_EQ(errno, EINVAL);
    EXPECT_EQ(m_prependlen(Packet({{}}), len, M_DONTWAIT), nullptr);
  }
  EXPECT_EQ(m_prepend(nullptr, 1, M_DONTWAIT), nullptr);
  EXPECT_EQ(m_prependlen(nullptr, 1, M_DONTWAIT), nullptr);
  EXPECT_EQ(errno, EINVAL);
}

}  // namespace
}  // namespace weir
