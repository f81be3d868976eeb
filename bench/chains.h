// W6: nearly 16 KiB of data come in, in eight pieces; the chain is cut in the middle of a piece,
// put together again, made contiguous, and freed. Mostly, it is the copying that takes time.
#ifndef WEIR_BENCH_CHAINS_H_
#define WEIR_BENCH_CHAINS_H_

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstring>

#include "bench/buffer.h"
#include "bench/work.h"

namespace weir_bench {

inline constexpr size_t kPieces = 8;
inline constexpr size_t kChainBytes = kPieces * kDataBytes;
inline constexpr size_t kCut = 5000;

template <typename Peer>
concept Chains = requires(typename Peer::Buf* b) {
  Peer::Linearise(b);
};

template <typename Peer>
typename Peer::Buf* MakePiece(const char* from) {
  typename Peer::Buf* b = Peer::AllocPacket();
  Peer::Fill(b);
  memcpy(Peer::Data(b), from, kDataBytes);
  return b;
}

// The bytes at `from`, contiguous, after all that.
template <typename Peer>
typename Peer::Buf* PassThrough(const char* from) {
  typename Peer::Buf* chain = MakePiece<Peer>(from);
  for (size_t i = 1; i < kPieces; ++i) {
    Peer::Join(chain, MakePiece<Peer>(from + i * kDataBytes));
  }
  typename Peer::Buf* rest = Peer::Split(chain, kCut);
  Use(rest);
  Peer::Join(chain, rest);
  return Peer::Linearise(chain);
}

template <typename Peer>
void BuildAndCut(benchmark::State& state) {
  [[maybe_unused]] typename Peer::Thread thread;
  // Not from the peer's own malloc, which would put it somewhere else in a cache line and a page. It
  // comes in at each place of a page in turn, as some suit one peer better than another.
  constexpr size_t kPage = 4096, kStep = 5 * 64;
  alignas(kPage) static char in[kChainBytes + kPage];
  memset(in, 'x', sizeof in);
  size_t at = 0;
  for (auto _ : state) {
    at = (at + kStep) % kPage;
    typename Peer::Buf* b = PassThrough<Peer>(in + at);
    benchmark::DoNotOptimize(Peer::Data(b)[kChainBytes - 1]);
    Peer::FreeChain(b);
  }
  Units(state, 1);
}

template <typename Peer>
void RegisterChains() {
  if constexpr (Chains<Peer>) Add<Peer>("W6", BuildAndCut<Peer>);
}

}  // namespace weir_bench

#endif  // WEIR_BENCH_CHAINS_H_
