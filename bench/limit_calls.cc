#include "bench/limit_calls_peer.h"
#include "bench/limit_peer.h"

namespace weir_bench {

Buffer* LimitCallsPeer::AllocSmall() { return LimitPeer::AllocSmall(); }
void LimitCallsPeer::FreeSmall(Buf* b) { LimitPeer::FreeSmall(b); }
Buffer* LimitCallsPeer::AllocPacket() { return LimitPeer::AllocPacket(); }
void LimitCallsPeer::FreePacket(Buf* b) { LimitPeer::FreePacket(b); }
void LimitCallsPeer::Fill(Buf* b, int len) { LimitPeer::Fill(b, len); }
Buffer* LimitCallsPeer::Clone(Buf* b) { return LimitPeer::Clone(b); }

}  // namespace weir_bench
