// m_cat, m_catpkt, m_adj.
#include <climits>

#include "tests/chain_make.h"

namespace weir {
namespace {

class MCat : public ChainTest {};
class MAdj : public ChainTest {};

TEST_F(MCat, DataThatFitsExactlyIsCoalesced) {
  struct Case {
    Piece to;
    int room;
  };
  for (Case c : {Case{{Buffer::kSmall, 0, 100}, MLEN - 100},
                 {{Buffer::kCluster, 48, 1900}, 100},
                 {{Buffer::kExternal, 0, 39900}, 100}}) {
    mbuf* m = Chain({{}, c.to});
    mbuf* n = Chain({{Buffer::kSmall, 0, c.room}});
    std::string both = Bytes(m) + Bytes(n);
    EXPECT_EQ(m_cat(m, n), 0);
    ExpectChain(m, both);
    EXPECT_EQ(Lengths(m).size(), 2u);
    EXPECT_EQ(M_TRAILINGSPACE(m->m_next), 0);
    m_freem(m);
  }
}

TEST_F(MCat, OneByteTooManyIsLinked) {
  mbuf* m = Chain({{Buffer::kCluster, 48, 1900}});
  mbuf* n = Chain({{Buffer::kSmall, 0, 101}});
  std::string both = Bytes(m) + Bytes(n);
  EXPECT_EQ(m_cat(m, n), 0);
  ExpectChain(m, both);
  EXPECT_EQ(m->m_next, n);
  m_freem(m);
}

TEST_F(MCat, ASharedOrReadOnlyTargetIsNotWritten) {
  for (Buffer buffer : {Buffer::kCluster, Buffer::kReadOnly}) {
    mbuf* m = Packet({{buffer, 0, 100}});
    mbuf* copy = m_copypacket(m, M_WAIT);
    std::string before = Buffers(copy);
    mbuf* n = Chain({{Buffer::kSmall, 0, 10}});
    EXPECT_EQ(m_cat(m, n), 0);
    EXPECT_EQ(m->m_next, n);
    EXPECT_TRUE(Buffers(copy) == before);
    m_freem(copy);
    m_freem(m);
  }
}

TEST_F(MCat, WhatWasCutIsOnePieceAgain) {
  for (Buffer buffer : {Buffer::kCluster, Buffer::kReadOnly, Buffer::kExternal}) {
    mbuf* m = Packet({{buffer, 0, 100}, {buffer, 0, 100}});
    mbuf* copy = m_copypacket(m, M_WAIT);  // for more than one other holder
    const std::string all = Bytes(m), before = Buffers(copy);
    mbuf* tail = m_split(m, 130, M_WAIT);
    ASSERT_EQ(Lengths(tail), std::vector<int>{70});
    EXPECT_EQ(m_catpkt(m, tail), 0);
    ExpectChain(m, all);
    EXPECT_EQ(Lengths(m), (std::vector<int>{100, 100}));
    EXPECT_EQ(m_extrefcnt(m->m_next), 2u);
    EXPECT_TRUE(Buffers(copy) == before);
    m_freem(copy);
    m_freem(m);
  }
}

// The same bytes, or the next ones, of buffers that are freed one by one.
TEST_F(MCat, NeighboursThatShareNoBufferAreLinked) {
  static char bytes[200];
  mbuf* all[2];
  mbuf* copies[2];
  for (int i = 0; i < 2; ++i) {
    all[i] = m_get(M_WAIT, MT_DATA);
    ASSERT_EQ(m_extadd(all[i], bytes, 200, nullptr, nullptr, nullptr, 0, EXT_MOD_TYPE), 0);
    all[i]->m_data += 100 * i;
    all[i]->m_len = 100;
    copies[i] = m_copym(all[i], 0, M_COPYALL, M_WAIT);
  }
  EXPECT_EQ(m_cat(all[0], all[1]), 0);
  EXPECT_EQ(all[0]->m_next, all[1]);
  m_freem(all[0]);
  for (mbuf* m : copies) m_freem(m);
}

// Two buffers of one count, as a region and a part of it that are freed together: what lies behind
// the first one's data is the second one's.
TEST_F(MCat, NeighbouringBuffersOfOneCountAreLinked) {
  static int freed;
  freed = 0;
  char region[200] = {};
  uint32_t count = 1;
  auto from = [&](unsigned at) {
    mbuf* m = m_get(M_DONTWAIT, MT_DATA);
    m_ext_free_t* count_free = [](mbuf*) { ++freed; };
    EXPECT_EQ(m_extaddref(m, region + at, static_cast<unsigned>(sizeof region) - at, &count,
                          count_free, nullptr, nullptr),
              0);
    m->m_len = 100;
    return m;
  };
  mbuf* m = from(0);
  ++count;
  mbuf* n = from(100);
  ASSERT_EQ(m->m_data + m->m_len, n->m_data);
  ASSERT_EQ(M_TRAILINGROOM(m), n->m_len);
  EXPECT_EQ(m_cat(m, n), 0);
  EXPECT_EQ(m->m_next, n);
  m_freem(m);
  EXPECT_EQ(freed, 1);
}

// The other way round they are no piece of the buffer.
TEST_F(MCat, PiecesThatChangePlacesAreLinked) {
  mbuf* m = Packet({{Buffer::kCluster, 0, 100}});
  mbuf* tail = m_split(m, 30, M_WAIT);
  const std::string turned = Bytes(tail) + Bytes(m);
  EXPECT_EQ(m_catpkt(tail, m), 0);
  ExpectChain(tail, turned);
  EXPECT_EQ(Lengths(tail), (std::vector<int>{70, 30}));
  m_freem(tail);
}

TEST_F(MCat, TheSecondHeaderIsClearedWithItsTags) {
  for (int len : {10, MHLEN}) {  // coalesced, linked
    mbuf* m = Packet({{Buffer::kSmall, 0, 100}});
    mbuf* n = Packet({{Buffer::kSmall, 0, len}, {Buffer::kSmall, 0, 10}});
    AddTag(n, 1, "freed, or the leak checker says so");
    n->m_nextpkt = m;
    std::string both = Bytes(m) + Bytes(n);
    EXPECT_EQ(m_cat(m, n), 0);
    EXPECT_EQ(m->m_pkthdr.len, 100) << "m_cat leaves it alone";
    m_fixhdr(m);
    ExpectChain(m, both);
    for (mbuf* i = m->m_next; i != nullptr; i = i->m_next) {
      EXPECT_FALSE(i->m_flags & (M_PKTHDR | M_BCAST));
    }
    m_freem(m);
  }
}

TEST_F(MCat, AnEndOfRecordKeepsItsPlace) {
  mbuf* m = Chain({{Buffer::kSmall, 0, 10}});
  mbuf* n = Chain({{Buffer::kSmall, 0, 10}, {Buffer::kSmall, 0, 10}});
  n->m_flags |= M_EOR;
  EXPECT_EQ(m_cat(m, n), 0);
  EXPECT_EQ(Lengths(m), (std::vector<int>{20, 10})) << "not past the mark";
  EXPECT_TRUE(m->m_flags & M_EOR);
  EXPECT_FALSE(m->m_next->m_flags & M_EOR);
  m_freem(m);
}

TEST_F(MCat, DataOfAnotherTypeIsLinked) {
  mbuf* m = Chain({{Buffer::kSmall, 0, 10}});
  mbuf* n = Chain({{Buffer::kSmall, 0, 10}});
  ASSERT_EQ(m_chtype(n, MT_CONTROL), 0);
  EXPECT_EQ(m_cat(m, n), 0);
  EXPECT_EQ(m->m_next, n);
  m_freem(m);
}

TEST_F(MCat, NullAndOwnPartsAreRefused) {
  mbuf* m = Chain({{Buffer::kCluster, 0, 10}, {Buffer::kCluster, 0, 10}});
  EXPECT_EQ(m_cat(nullptr, m), EINVAL);
  EXPECT_EQ(m_cat(m, m), EINVAL);
  EXPECT_EQ(m_cat(m, m->m_next), EINVAL);
  EXPECT_EQ(m_cat(m, nullptr), 0);
  EXPECT_EQ(m_catpkt(m, nullptr), EINVAL) << "no packet";
  EXPECT_EQ(Lengths(m), (std::vector<int>{10, 10}));
  m_freem(m);
}

TEST_F(MCat, CatpktAddsTheLengths) {
  mbuf* m = Packet({{Buffer::kSmall, 0, 10}});
  mbuf* n = Packet({{Buffer::kCluster, 0, 1000}});
  std::string both = Bytes(m) + Bytes(n);
  EXPECT_EQ(m_catpkt(m, n), 0);
  ExpectChain(m, both);
  n = Chain({{Buffer::kCluster, 0, 2000}});
  both += Bytes(n);
  EXPECT_EQ(m_catpkt(m, n), 0);
  ExpectChain(m, both);
  EXPECT_EQ(m->m_pkthdr.len, 3010);
  m_freem(m);
}

TEST_F(MCat, CatpktOfNothingChangesNothingAndNeedsAPacket) {
  mbuf* m = Packet({{Buffer::kSmall, 0, 10}});
  EXPECT_EQ(m_catpkt(m, nullptr), 0);
  EXPECT_EQ(m_catpkt(nullptr, m), EINVAL);
  EXPECT_EQ(m->m_pkthdr.len, 10);
  m_freem(m);
}

TEST_F(MCat, CatpktPastIntMaxIsRefusedWithBothIntact) {
  mbuf* m = Packet({{Buffer::kSmall, 0, 10}});
  mbuf* n = Packet({{Buffer::kSmall, 0, 10}});
  m->m_pkthdr.len = INT_MAX - 9;
  EXPECT_EQ(m_catpkt(m, n), EMSGSIZE);
  EXPECT_EQ(Lengths(n), (std::vector<int>{10}));
  m_freem(m);
  m_freem(n);
}

TEST_F(MAdj, EveryTrimLeavesTheRightBytesAndExactLength) {
  for (int len = -45; len <= 45; ++len) {
    mbuf* m =
        Packet({{Buffer::kSmall, 3, 7}, {}, {Buffer::kCluster, 9, 11}, {Buffer::kReadOnly, 0, 13}});
    std::string data = Bytes(m);
    size_t cut = std::min<size_t>(data.size(), static_cast<size_t>(len < 0 ? -len : len));
    EXPECT_EQ(m_adj(m, len), 0);
    ExpectChain(m, len < 0 ? data.substr(0, data.size() - cut) : data.substr(cut));
    m_freem(m);
  }
}

TEST_F(MAdj, IntMinAndIntMaxEmptyTheChain) {
  for (int len : {INT_MIN, INT_MIN + 1, INT_MAX}) {
    mbuf* m = Packet({{Buffer::kSmall, 0, 100}, {Buffer::kCluster, 0, 100}});
    EXPECT_EQ(m_adj(m, len), 0);
    ExpectChain(m, "");
    EXPECT_EQ(m->m_pkthdr.len, 0);
    m_freem(m);
  }
}

TEST_F(MAdj, ATailTrimFreesTheMbufsThatItEmptiesButNotTheFirst) {
  mbuf* m =
      Packet({{Buffer::kSmall, 0, 10}, {Buffer::kCluster, 0, 20}, {}, {Buffer::kCluster, 0, 30}});
  m_adj(m, -30);
  EXPECT_EQ(Lengths(m), (std::vector<int>{10, 20}));
  m_adj(m, -5);
  EXPECT_EQ(Lengths(m), (std::vector<int>{10, 15}));
  m_adj(m, -25);
  EXPECT_EQ(Lengths(m), (std::vector<int>{0}));
  m_freem(m);
}

TEST_F(MAdj, AHeadTrimLeavesEmptyMbufsWithDataAdvanced) {
  mbuf* m = Packet({{Buffer::kSmall, 8, 10}, {Buffer::kCluster, 0, 20}, {Buffer::kSmall, 0, 5}});
  char* first = m->m_data;
  char* second = m->m_next->m_data;
  m_adj(m, 15);
  EXPECT_EQ(Lengths(m), (std::vector<int>{0, 15, 5}));
  EXPECT_EQ(m->m_data, first + 10);
  EXPECT_EQ(m->m_next->m_data, second + 5);
  EXPECT_EQ(m->m_pkthdr.len, 20);
  m_freem(m);
}

TEST_F(MAdj, TheEndOfATrimmedRecordMovesToTheNewEnd) {
  mbuf* m = Packet({{Buffer::kSmall, 0, 10}, {Buffer::kSmall, 0, 20}});
  m->m_next->m_flags |= M_EOR;
  m_adj(m, -20);
  EXPECT_TRUE(m->m_flags & M_EOR);
  m_freem(m);
}

TEST_F(MAdj, NullAndZeroAreNoOps) {
  EXPECT_EQ(m_adj(nullptr, 5), 0);
  EXPECT_EQ(m_adj(nullptr, INT_MIN), 0);
  mbuf* m = Packet({{Buffer::kSmall, 0, 10}, {}});
  EXPECT_EQ(m_adj(m, 0), 0);
  EXPECT_EQ(Lengths(m), (std::vector<int>{10, 0}));
  m_freem(m);
}

}  // namespace
}  // namespace weir
