// What peers do that bring no header of their own: the operations of works.h on struct Buffer, over
// any memory. A Memory has
//   TakeHeader, PutHeader    sizeof(Buffer) bytes
//   TakeBlock, PutBlock      kBlockBytes
//   TakeSized(n), PutSized   at least n bytes; makes n what there is
#ifndef WEIR_BENCH_BUFFER_PEER_H_
#define WEIR_BENCH_BUFFER_PEER_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "bench/buffer.h"

namespace weir_bench {

template <typename Memory>
struct BufferPeer {
  using Buf = Buffer;
  struct Thread {};
  static void Start(size_t) {}

  WEIR_BENCH_INLINED static Buf* AllocSmall() {
    Buf* b = Header();
    WriteHeader(b, 0, reinterpret_cast<char*>(&b->packet));
    return b;
  }
  WEIR_BENCH_INLINED static void FreeSmall(Buf* b) { Memory::PutHeader(b); }

  WEIR_BENCH_INLINED static Buf* AllocPacket() {
    Buf* b = Header();
    WritePacketHeader(b, static_cast<char*>(Memory::TakeBlock()));
    return b;
  }
  WEIR_BENCH_INLINED static void FreePacket(Buf* b) {
    if (DropBlock(b)) Memory::PutBlock(b->ext.buf);
    Memory::PutHeader(b);
  }

  static Buf* AllocSized(size_t n) {
    Buf* b = Header();
    if (n <= sizeof b->room) {
      WriteHeader(b, kPacket, b->room);
      b->packet = {};
    } else {
      size_t room = n;
      WritePacketHeader(b, static_cast<char*>(Memory::TakeSized(room)));
      b->ext.size = static_cast<uint32_t>(room);
    }
    SetLength(b, n);
    return b;
  }
  static void FreeChain(Buf* b) {
    while (b != nullptr) {
      Buf* next = b->next;
      if ((b->flags & kExternal) && DropBlock(b)) Memory::PutSized(b->ext.buf, b->ext.size);
      Memory::PutHeader(b);
      b = next;
    }
  }

  static char* Data(Buf* b) { return b->data; }
  static void Fill(Buf* b) { SetLength(b, kDataBytes); }

  WEIR_BENCH_INLINED static Buf* Clone(Buf* b) {
    Buf* n = Header();
    ShareBlock(b, n);
    return n;
  }

  static void Join(Buf* a, Buf* b) {
    a->packet.len += b->packet.len;
    while (a->next != nullptr) a = a->next;
    a->next = b;
  }
  static Buf* Split(Buf*& a, size_t at) {
    Buf* b = a;
    size_t off = at;
    for (; off >= static_cast<size_t>(b->len); b = b->next) off -= static_cast<size_t>(b->len);
    Buf* rest = Clone(b);
    rest->data += off;
    rest->len -= static_cast<int32_t>(off);
    rest->next = b->next;
    rest->packet.len = a->packet.len - at;
    b->next = nullptr;
    b->len = static_cast<int32_t>(off);
    a->packet.len = at;
    return rest;
  }
  static Buf* Linearise(Buf* a) {
    Buf* n = AllocSized(a->packet.len);
    char* to = n->data;
    for (Buf* b = a; b != nullptr; b = b->next) {
      memcpy(to, b->data, static_cast<size_t>(b->len));
      to += b->len;
    }
    FreeChain(a);
    return n;
  }

 private:
  static Buf* Header() { return static_cast<Buf*>(Memory::TakeHeader()); }
  static void SetLength(Buf* b, size_t n) {
    b->len = static_cast<int32_t>(n);
    b->packet.len = n;
  }
};

}  // namespace weir_bench

#endif  // WEIR_BENCH_BUFFER_PEER_H_
