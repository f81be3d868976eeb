// m_split.
#include <cerrno>
#include <climits>

#include "tests/chain_make.h"

namespace weir {
namespace {

class MSplit : public ChainTest {};

TEST_F(MSplit, EveryCutOfAMixedChain) {
  for (bool packet : {true, false}) {
    for (int len = 0; len <= 420; ++len) {
      std::initializer_list<Piece> pieces = {{Buffer::kSmall, 3, 150},  {},
                                             {Buffer::kCluster, 9, 30}, {Buffer::kReadOnly, 0, 40},
                                             {Buffer::kSmall, 0, 200},  {}};
      mbuf* m = packet ? Packet(pieces) : Chain(pieces);
      std::string data = Bytes(m);
      mbuf* tail = m_split(m, len, M_DONTWAIT);
      ExpectChain(m, data.substr(0, static_cast<size_t>(len)));
      if (packet || len < 420) ExpectChain(tail, data.substr(static_cast<size_t>(len)));
      m_freem(tail);
      m_freem(m);
    }
  }
}

TEST_F(MSplit, TheClusterAtTheCutIsShared) {
  mbuf* m = Packet({{Buffer::kCluster, 0, 1000}});
  mbuf* tail = m_split(m, 400, M_DONTWAIT);
  EXPECT_EQ(tail->m_data, m->m_data + 400);
  EXPECT_EQ(m_extrefcnt(m), 2u);
  m_freem(m);
  EXPECT_TRUE(M_WRITABLE(tail));
  m_freem(tail);
}

// Each field and flag, whether the cut is in the mbuf that has the header or behind it, and whether
// the cluster was shared before or not.
TEST_F(MSplit, TheTailHasTheHeaderButForItsLength) {
  for (int cut : {400, 1400}) {
    for (bool shared : {false, true}) {
      mbuf* m = Packet({{Buffer::kCluster, 0, 1000}, {Buffer::kCluster, 0, 1000}});
      mbuf* copy = shared ? m_copypacket(m, M_DONTWAIT) : nullptr;
      struct ifnet* rcvif = reinterpret_cast<struct ifnet*>(&cut);
      m->m_pkthdr.rcvif = rcvif;
      m->m_pkthdr.flowid = 1;
      m->m_pkthdr.csum_flags = 2;
      m->m_pkthdr.csum_data = 3;
      m->m_pkthdr.rcv_tstmp = 4;
      m->m_pkthdr.PH_loc.sixtyfour[0] = 5;
      m->m_pkthdr.ether_vtag = 6;
      m->m_flags |= M_MCAST | M_EOR;
      m->m_next->m_flags |= M_EOR;
      m->m_nextpkt = m;
      mbuf* tail = m_split(m, cut, M_DONTWAIT);
      for (const mbuf* half : {m, tail}) {
        EXPECT_EQ(half->m_pkthdr.rcvif, rcvif);
        EXPECT_EQ(half->m_pkthdr.tags, nullptr);
        EXPECT_EQ(half->m_pkthdr.flowid, 1u);
        EXPECT_EQ(half->m_pkthdr.csum_flags, 2u);
        EXPECT_EQ(half->m_pkthdr.csum_data, 3u);
        EXPECT_EQ(half->m_pkthdr.rcv_tstmp, 4u);
        EXPECT_EQ(half->m_pkthdr.PH_loc.sixtyfour[0], 5u);
        EXPECT_EQ(half->m_pkthdr.ether_vtag, 6);
        EXPECT_TRUE(half->m_flags & M_MCAST);
        EXPECT_TRUE(m_last(const_cast<mbuf*>(half))->m_flags & M_EXT);
      }
      EXPECT_EQ(m->m_pkthdr.len, cut);
      EXPECT_EQ(tail->m_pkthdr.len, 2000 - cut);
      EXPECT_EQ(m->m_nextpkt, m);
      EXPECT_EQ(tail->m_nextpkt, nullptr);
      EXPECT_EQ((m->m_flags & M_EOR) != 0, cut == 1400) << "the mark stays with its byte";
      EXPECT_EQ((m_last(m)->m_flags & M_EOR) != 0, false) << "the mark stays with its byte";
      EXPECT_TRUE(tail->m_flags & M_EOR);
      m->m_nextpkt = nullptr;
      m_freem(m);
      m_freem(copy);
      m_freem(tail);
    }
  }
}

TEST_F(MSplit, AtTheEndAPacketGivesAnEmptyPacketWithNothingShared) {
  mbuf* m = Packet({{Buffer::kCluster, 0, 1000}});
  mbuf* tail = m_split(m, 1000, M_DONTWAIT);
  ASSERT_NE(tail, nullptr);
  ExpectChain(tail, "");
  EXPECT_TRUE(tail->m_flags & M_PKTHDR);
  EXPECT_EQ(tail->m_pkthdr.len, 0);
  EXPECT_EQ(tail->m_pkthdr.flowid, m->m_pkthdr.flowid);
  EXPECT_TRUE(M_WRITABLE(m)) << "nothing is shared";
  EXPECT_FALSE(tail->m_flags & M_EXT);
  m_freem(tail);
  m_freem(m);
}

TEST_F(MSplit, AtTheEndWithoutAHeaderItIsNullWithoutError) {
  mbuf* m = Chain({{Buffer::kCluster, 0, 1000}, {}});
  errno = 99;
  EXPECT_EQ(m_split(m, 1000, M_DONTWAIT), nullptr);
  EXPECT_EQ(errno, 0);
  EXPECT_EQ(Lengths(m), (std::vector<int>{1000, 0}));
  m_freem(m);
}

TEST_F(MSplit, AtTheStartTheTailTakesAllAndNothingIsShared) {
  for (Buffer buffer : {Buffer::kSmall, Buffer::kCluster, Buffer::kReadOnly}) {
    mbuf* m = Packet({{buffer, 4, 100}});
    std::string data = Bytes(m);
    mbuf* tail = m_split(m, 0, M_DONTWAIT);
    ExpectChain(m, "");
    ExpectChain(tail, data);
    EXPECT_LE(m_extrefcnt(tail), 1u);
    EXPECT_EQ(m_extrefcnt(m), 0u);
    EXPECT_TRUE(M_WRITABLE(m));
    EXPECT_EQ(M_WRITABLE(tail), buffer != Buffer::kReadOnly);
    m_freem(tail);
    m_freem(m);
  }
}

TEST_F(MSplit, TheTailGetsTheWholeHeaderFlagsAndTags) {
  for (int cut : {0, 50, 100, 300, 1100}) {
    mbuf* m = Packet({{Buffer::kSmall, 0, 100}, {Buffer::kCluster, 0, 1000}});
    AddTag(m, 1, "one");
    AddTag(m, 2, "two");
    mbuf* tail = m_split(m, cut, M_DONTWAIT);
    for (mbuf* i : {m, tail}) {
      EXPECT_EQ(i->m_flags & M_COPYFLAGS, M_PKTHDR | M_BCAST | M_PROTO3 | M_LINK1);
      EXPECT_EQ(i->m_pkthdr.rcvif, m->m_pkthdr.rcvif);
      EXPECT_EQ(i->m_pkthdr.flowid, 0x11111111u);
      EXPECT_EQ(i->m_pkthdr.csum_flags, 0x22222222u);
      EXPECT_EQ(i->m_pkthdr.csum_data, 0x33333333u);
      EXPECT_EQ(i->m_pkthdr.rcv_tstmp, 0x4444444455555555u);
      EXPECT_EQ(i->m_pkthdr.PH_loc.sixtyfour[0], 0x6666666677777777u);
      EXPECT_EQ(i->m_pkthdr.ether_vtag, 0x8888);
      EXPECT_EQ(Tags(i), "2:two 1:one ");
    }
    EXPECT_EQ(m->m_pkthdr.len, cut);
    EXPECT_EQ(tail->m_pkthdr.len, 1100 - cut);
    m_freem(m);
    EXPECT_EQ(Tags(tail), "2:two 1:one ");
    m_freem(tail);
  }
}

TEST_F(MSplit, MoreThanMhlenOfASmallMbufGoesBehindAnEmptyHeaderMbuf) {
  mbuf* m = Packet({{Buffer::kSmall, 0, 10}, {Buffer::kSmall, 0, MLEN}});
  mbuf* tail = m_split(m, 15, M_DONTWAIT);
  EXPECT_EQ(Lengths(tail), (std::vector<int>{0, MLEN - 5}));
  m_freem(tail);
  m_freem(m);
}

TEST_F(MSplit, AReadOnlyMbufIsNotShiftedForTheHeader) {
  mbuf* m = Packet({{Buffer::kSmall, 0, 10}, {Buffer::kSmall, 0, 100}});
  mbuf* next = m->m_next;
  next->m_flags |= M_RDONLY;
  std::string before = Buffers(next);
  mbuf* tail = m_split(m, 10, M_DONTWAIT);
  EXPECT_EQ(tail->m_next, next);
  EXPECT_EQ(Buffers(next), before);
  m_freem(tail);
  m_freem(m);
}

TEST_F(MSplit, BetweenMbufsTheNextOneBecomesTheFirstOfThePacket) {
  mbuf* m = Packet({{Buffer::kSmall, 0, 10}, {Buffer::kCluster, 0, 100}});
  mbuf* next = m->m_next;
  EXPECT_EQ(m_split(m, 10, M_DONTWAIT), next);
  EXPECT_TRUE(M_WRITABLE(next));
  m_freem(next);
  m_freem(m);
}

TEST_F(MSplit, AnEndOfRecordStaysWithItsByte) {
  mbuf* m = Packet({{Buffer::kSmall, 0, 10}, {Buffer::kCluster, 0, 100}});
  m->m_flags |= M_EOR;
  m->m_next->m_flags |= M_EOR;
  mbuf* tail = m_split(m, 50, M_DONTWAIT);
  EXPECT_TRUE(m->m_flags & M_EOR);
  EXPECT_FALSE(m->m_next->m_flags & M_EOR);
  EXPECT_TRUE(tail->m_flags & M_EOR);
  m_freem(tail);
  m_freem(m);
}

TEST_F(MSplit, OutOfRangeIsEinvalWithTheChainIntact) {
  mbuf* m = Packet({{Buffer::kSmall, 0, 10}, {Buffer::kCluster, 0, 100}});
  std::string data = Bytes(m);
  for (int len : {-1, 111, INT_MAX, INT_MIN}) {
    errno = 0;
    EXPECT_EQ(m_split(m, len, M_DONTWAIT), nullptr);
    EXPECT_EQ(errno, EINVAL);
  }
  EXPECT_EQ(m_split(nullptr, 0, M_DONTWAIT), nullptr);
  ExpectChain(m, data);
  m_freem(m);
}

TEST_F(MSplit, FailureRestoresEverything) {
  for (int cut : {5, 10, 60, 115, 200}) {
    auto make = [] {
      mbuf* m =
          Packet({{Buffer::kSmall, 0, 10}, {Buffer::kReadOnly, 0, 100}, {Buffer::kSmall, 0, 200}});
      AddTag(m, 1, "one");
      AddTag(m, 2, "two");
      m->m_flags |= M_EOR;
      return m;
    };
    int failures = ForEachFailure(make, [&](mbuf* m) {
      std::string data = Bytes(m);
      std::string header(reinterpret_cast<char*>(m) + sizeof m->m_next,
                         MPKTHSIZE - sizeof m->m_next);
      mbuf* next = m->m_next;
      mbuf* tail = m_split(m, cut, M_DONTWAIT);
      bool done = tail != nullptr;
      if (!done) {
        EXPECT_EQ(errno, ENOBUFS);
        ExpectChain(m, data);
        EXPECT_EQ(header,
                  std::string(reinterpret_cast<char*>(m) + sizeof m->m_next, header.size()));
        EXPECT_EQ(m->m_next, next);
        EXPECT_EQ(Lengths(m), (std::vector<int>{10, 100, 200}));
      }
      m_freem(tail);
      m_freem(m);
      return done;
    });
    EXPECT_GE(failures, 2) << "two tags at least";
  }
}

}  // namespace
}  // namespace weir
