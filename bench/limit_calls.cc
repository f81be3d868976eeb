#include "bench/limit_calls_peer.h"

#include "bench/limit_peer.h"

namespace weir_bench {

Buffer* LimitCallsPeer::AllocSmall() { return LimitPeer::AllocSmall(); }
void LimitCallsPeer::FreeSmall(Buf* b) { LimitPeer::FreeSmall(b); }
Buffer* LimitCallsPeer::AllocPacket() { return LimitPeer::AllocPacket(); }
void LimitCallsPeer::FreePacket(Buf* b) { LimitPeer::FreePacket(b); }
Buffer* LimitCallsPeer::AllocSized(size_t n) { return LimitPeer::AllocSized(n); }
void LimitCallsPeer::FreeChain(Buf* b) { LimitPeer::FreeChain(b); }
void LimitCallsPeer::Fill(Buf* b) { LimitPeer::Fill(b); }
Buffer* LimitCallsPeer::Clone(Buf* b) { return LimitPeer::Clone(b); }
void LimitCallsPeer::Join(Buf* a, Buf* b) { LimitPeer::Join(a, b); }
Buffer* LimitCallsPeer::Split(Buf*& a, size_t at) { return LimitPeer::Split(a, at); }
Buffer* LimitCallsPeer::Linearise(Buf* a) { return LimitPeer::Linearise(a); }

}  // namespace weir_bench
