// Peers do the work; and each way not to do it is found out.
#include "bench/check.h"

#include <gtest/gtest.h>

#include "bench/limit_peer.h"
#include "bench/malloc_peer.h"

namespace weir_bench {
namespace {

TEST(PeerCheck, LimitDoesTheWork) { EXPECT_TRUE(PeerCheck<LimitPeer>().Run()); }
TEST(PeerCheck, MallocDoesTheWork) { EXPECT_TRUE(PeerCheck<MallocPeer>().Run()); }

struct OnePacketForAll : LimitPeer {
  static Buf* AllocPacket() {
    static Buf* const only = LimitPeer::AllocPacket();
    only->next = nullptr;
    return only;
  }
  static void FreePacket(Buf*) {}
};
TEST(PeerCheck, FindsPacketsThatAreTheSame) { EXPECT_FALSE(PeerCheck<OnePacketForAll>().Run()); }

struct OneSmallForAll : LimitPeer {
  static Buf* AllocSmall() {
    static Buf* const only = LimitPeer::AllocSmall();
    return only;
  }
  static void FreeSmall(Buf*) {}
};
TEST(PeerCheck, FindsSmallBuffersThatAreTheSame) {
  EXPECT_FALSE(PeerCheck<OneSmallForAll>().Run());
}

struct CloneCopies : LimitPeer {
  static Buf* Clone(Buf* b) {
    Buf* n = AllocPacket();
    Fill(n);
    memcpy(n->data, b->data, kDataBytes);
    return n;
  }
};
TEST(PeerCheck, FindsClonesThatCopy) { EXPECT_FALSE(PeerCheck<CloneCopies>().Run()); }

struct CloneCountsNothing : LimitPeer {
  static Buf* Clone(Buf* b) {
    Buf* n = AllocPacket();
    n->data = n->ext.buf = b->data;
    return n;
  }
  static void FreePacket(Buf* b) {
    memset(b->data, 0, kDataBytes);
    LimitPeer::FreePacket(b);
  }
};
TEST(PeerCheck, FindsClonesThatHoldNothing) { EXPECT_FALSE(PeerCheck<CloneCountsNothing>().Run()); }

struct LinearisesNothing : LimitPeer {
  static Buf* Linearise(Buf* b) { return b; }
};
TEST(PeerCheck, FindsChainsThatStayInPieces) { EXPECT_FALSE(PeerCheck<LinearisesNothing>().Run()); }

struct CopiesNothing : LimitPeer {
  static Buf* Linearise(Buf* b) {
    Buf* n = AllocSized(b->packet.len);
    FreeChain(b);
    return n;
  }
};
TEST(PeerCheck, FindsChainsThatLoseTheirBytes) { EXPECT_FALSE(PeerCheck<CopiesNothing>().Run()); }

struct FreesNothing : LimitPeer {
  static void FreePacket(Buf*) {}
};
TEST(PeerCheck, FindsPacketsThatAreNotFreed) { EXPECT_FALSE(PeerCheck<FreesNothing>().Run()); }

struct SizesOfOneKind : LimitPeer {
  static Buf* AllocSized(size_t n) {
    static Buf* const only = LimitPeer::AllocSized(16384);
    only->len = static_cast<int32_t>(n);
    return only;
  }
  static void FreeChain(Buf*) {}
};
TEST(PeerCheck, FindsSizesThatShareMemory) { EXPECT_FALSE(PeerCheck<SizesOfOneKind>().Run()); }

}  // namespace
}  // namespace weir_bench
