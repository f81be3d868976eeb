// libevent's evbuffer, without locks: one thread has it at a time.
#ifndef WEIR_BENCH_EVBUFFER_PEER_H_
#define WEIR_BENCH_EVBUFFER_PEER_H_

#include <event2/buffer.h>
#include <malloc.h>

#include <cstddef>

#include "bench/buffer.h"

namespace weir_bench {

struct EvbufferPeer {
  static constexpr char kName[] = "evbuffer";
  using Buf = evbuffer;
  struct Thread {};
  static void Start(size_t) {}
  // What references a buffer shares a count without a lock.
  static constexpr bool kClonesStay = true;

  static Buf* AllocSmall() { return Make(sizeof(Buffer)); }
  static void FreeSmall(Buf* b) { evbuffer_free(b); }
  static Buf* AllocPacket() { return Make(kDataBytes); }
  static void FreePacket(Buf* b) { evbuffer_free(b); }
  static void FreeChain(Buf* b) { evbuffer_free(b); }

  static char* Data(Buf* b) { return reinterpret_cast<char*>(evbuffer_pullup(b, -1)); }
  static void Fill(Buf*) {}
  static Buf* Clone(Buf* b) {
    Buf* n = evbuffer_new();
    evbuffer_add_buffer_reference(n, b);
    return n;
  }
  static void Join(Buf* a, Buf* b) {
    evbuffer_add_buffer(a, b);
    evbuffer_free(b);
  }
  static Buf* Split(Buf*& a, size_t at) {
    Buf* rest = a;
    a = evbuffer_new();
    evbuffer_remove_buffer(rest, a, at);
    return rest;
  }
  static Buf* Linearise(Buf* a) {
    evbuffer_pullup(a, -1);
    return a;
  }

  static void Trim() { malloc_trim(0); }

 private:
  static Buf* Make(size_t n) {
    Buf* b = evbuffer_new();
    evbuffer_iovec room;
    evbuffer_reserve_space(b, static_cast<ev_ssize_t>(n), &room, 1);
    room.iov_len = n;
    evbuffer_commit_space(b, &room, 1);
    return b;
  }
};

}  // namespace weir_bench

#endif  // WEIR_BENCH_EVBUFFER_PEER_H_
