// Peers do the work; and each way not to do it is found out.
#include "bench/check.h"

#include <gtest/gtest.h>

#include "bench/limit_peer.h"
#include "bench/malloc_peer.h"

namespace weir_bench {
namespace {

TEST(PeerCheck, LimitDoesTheWork) { EXPECT_STREQ(PeerCheck<LimitPeer>().Run(), nullptr); }
TEST(PeerCheck, MallocDoesTheWork) { EXPECT_STREQ(PeerCheck<MallocPeer>().Run(), nullptr); }

struct OnePacketForAll : LimitPeer {
  static Buf* AllocPacket() {
    static Buf* const only = LimitPeer::AllocPacket();
    only->next = nullptr;
    return only;
  }
  static void FreePacket(Buf*) {}
};
TEST(PeerCheck, FindsPacketsThatAreTheSame) {
  EXPECT_STREQ(PeerCheck<OnePacketForAll>().Run(), "packets in use share memory");
}

struct OneSmallForAll : LimitPeer {
  static Buf* AllocSmall() {
    static Buf* const only = LimitPeer::AllocSmall();
    return only;
  }
  static void FreeSmall(Buf*) {}
};
TEST(PeerCheck, FindsSmallBuffersThatAreTheSame) {
  EXPECT_STREQ(PeerCheck<OneSmallForAll>().Run(), "small buffers in use are the same");
}

struct CloneCopies : LimitPeer {
  static Buf* Clone(Buf* b) {
    Buf* n = AllocPacket();
    Fill(n);
    memcpy(n->data, b->data, kDataBytes);
    return n;
  }
};
TEST(PeerCheck, FindsClonesThatCopy) {
  EXPECT_STREQ(PeerCheck<CloneCopies>().Run(), "a clone does not share the data");
}

struct CloneCountsNothing : LimitPeer {
  static Buf* Clone(Buf* b) {
    Buf* n = AllocPacket();
    n->data = n->ext.buf = b->data;
    return n;
  }
  static void FreePacket(Buf* b) {
    memset(b->data, 0, kDataBytes);  // as if it were used again
  }
};
TEST(PeerCheck, FindsClonesThatHoldNothing) {
  EXPECT_STREQ(PeerCheck<CloneCountsNothing>().Run(), "a clone loses its data with the packet");
}

struct LinearisesNothing : LimitPeer {
  static Buf* Linearise(Buf* b) { return b; }
};
TEST(PeerCheck, FindsChainsThatStayInPieces) {
  EXPECT_STREQ(PeerCheck<LinearisesNothing>().Run(), "a chain is not what was put in");
}

struct CopiesNothing : LimitPeer {
  static Buf* Linearise(Buf* b) {
    Buf* n = AllocSized(b->packet.len);
    FreeChain(b);
    return n;
  }
};
TEST(PeerCheck, FindsChainsThatLoseTheirBytes) {
  EXPECT_STREQ(PeerCheck<CopiesNothing>().Run(), "a chain is not what was put in");
}

struct FreesNothing : LimitPeer {
  static void FreePacket(Buf*) {}
};
TEST(PeerCheck, FindsPacketsThatAreNotFreed) {
  EXPECT_STREQ(PeerCheck<FreesNothing>().Run(), "what is freed cannot be had again");
}

struct SizesOfOneKind : LimitPeer {
  static Buf* AllocSized(size_t n) {
    static Buf* const only = LimitPeer::AllocSized(16384);
    only->len = static_cast<int32_t>(n);
    return only;
  }
  static void FreeChain(Buf*) {}
};
TEST(PeerCheck, FindsSizesThatShareMemory) {
  EXPECT_STREQ(PeerCheck<SizesOfOneKind>().Run(), "sizes share memory");
}

}  // namespace
}  // namespace weir_bench
