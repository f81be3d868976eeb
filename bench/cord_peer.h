// absl::Cord: a packet is a cord of one flat buffer. Cords themselves are values; here they lie in
// blocks of the limit's, which cost next to nothing.
#ifndef WEIR_BENCH_CORD_PEER_H_
#define WEIR_BENCH_CORD_PEER_H_

#include <malloc.h>

#include <cstddef>
#include <new>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/cord_buffer.h"
#include "bench/buffer.h"
#include "bench/pile.h"

namespace weir_bench {

struct CordPeer {
  static constexpr char kName[] = "cord";
  using Buf = absl::Cord;
  struct Thread {};
  static void Start(size_t) {}

  static Buf* AllocSmall() { return Make(sizeof(Buffer)); }
  static void FreeSmall(Buf* b) { FreePacket(b); }
  static Buf* AllocPacket() { return Make(kDataBytes); }
  static void FreePacket(Buf* b) {
    b->~Cord();
    Holders::Put(b);
  }
  static void FreeChain(Buf* b) { FreePacket(b); }

  static char* Data(Buf* b) { return const_cast<char*>(b->Flatten().data()); }
  static void Fill(Buf*) {}
  static Buf* Clone(Buf* b) { return Hold(*b); }
  static void Join(Buf* a, Buf* b) {
    a->Append(std::move(*b));
    FreePacket(b);
  }
  static Buf* Split(Buf*& a, size_t at) {
    const size_t rest = a->size() - at;
    Buf* b = Hold(a->Subcord(at, rest));
    a->RemoveSuffix(rest);
    return b;
  }
  static Buf* Linearise(Buf* a) {
    a->Flatten();
    return a;
  }

  static void Trim() { malloc_trim(0); }

 private:
  using Holders = Pile<sizeof(absl::Cord)>;
  template <typename... From>
  static Buf* Hold(From&&... from) {
    return new (Holders::Take()) absl::Cord(std::forward<From>(from)...);
  }
  static Buf* Make(size_t n) {
    absl::CordBuffer buffer = absl::CordBuffer::CreateWithDefaultLimit(n);
    buffer.SetLength(n);
    Buf* b = Hold();
    b->Append(std::move(buffer));
    return b;
  }
};

}  // namespace weir_bench

#endif  // WEIR_BENCH_CORD_PEER_H_
