// The units of work that peers are compared by, each a template over the peer.
//
// A peer is a struct with
//   kName                        what the table calls it
//   Buf                          its buffer
//   Thread                       constructed on each thread that uses the peer, before it does
//   AllocSmall, FreeSmall        256 bytes, header written
//   AllocPacket, FreePacket      a packet header and 2 KiB of room for data
//   Fill(b, len)                 says that the packet holds len bytes
//   Clone(b)                     a packet that shares b's data; freed with FreePacket
// Peers are measured warm: nothing here fails, or the program crashes.
#ifndef WEIR_BENCH_WORKS_H_
#define WEIR_BENCH_WORKS_H_

#include <benchmark/benchmark.h>

#include <cstddef>
#include <string>

#include "bench/hand_over.h"

namespace weir_bench {

inline constexpr int kBurst = 32;
inline constexpr int kHolders = 16;

// The compiler must have the pointer, and must assume that somebody wrote through it.
template <typename T>
void Use(T*& p) {
  asm volatile("" : "+r"(p) : : "memory");
}

// What the report divides by: units of work in an iteration.
inline void Units(benchmark::State& state, int n) { state.counters["units"] = n; }

template <typename Peer>
struct Works {
  using Buf = typename Peer::Buf;

  static void SmallPair(benchmark::State& state) {
    [[maybe_unused]] typename Peer::Thread thread;
    for (auto _ : state) {
      Buf* b = Peer::AllocSmall();
      Use(b);
      Peer::FreeSmall(b);
      benchmark::ClobberMemory();
    }
    Units(state, 1);
  }

  static void SmallBurst(benchmark::State& state) {
    [[maybe_unused]] typename Peer::Thread thread;
    Buf* held[kBurst];
    for (auto _ : state) {
      for (Buf*& b : held) b = Peer::AllocSmall();
      benchmark::ClobberMemory();
      for (Buf* b : held) Peer::FreeSmall(b);
      benchmark::ClobberMemory();
    }
    Units(state, kBurst);
  }

  static void PacketPair(benchmark::State& state) {
    [[maybe_unused]] typename Peer::Thread thread;
    for (auto _ : state) {
      Buf* b = Peer::AllocPacket();
      Use(b);
      Peer::FreePacket(b);
      benchmark::ClobberMemory();
    }
    Units(state, 1);
  }

  static void PacketBurst(benchmark::State& state) {
    [[maybe_unused]] typename Peer::Thread thread;
    Buf* held[kBurst];
    for (auto _ : state) {
      for (Buf*& b : held) b = Peer::AllocPacket();
      benchmark::ClobberMemory();
      for (Buf* b : held) Peer::FreePacket(b);
      benchmark::ClobberMemory();
    }
    Units(state, kBurst);
  }

  static void CloneAndFree(benchmark::State& state) {
    [[maybe_unused]] typename Peer::Thread thread;
    Buf* packet = Peer::AllocPacket();
    Peer::Fill(packet, 1500);
    for (auto _ : state) {
      Buf* b = Peer::Clone(packet);
      Use(b);
      Peer::FreePacket(b);
      benchmark::ClobberMemory();
    }
    Peer::FreePacket(packet);
    Units(state, 1);
  }

  static void HandOver(benchmark::State& state) {
    [[maybe_unused]] typename Peer::Thread thread;
    FreeingThread<Peer> other;
    for (auto _ : state) {
      Buf* b = Peer::AllocPacket();
      Use(b);
      other.Send(b);
    }
    Units(state, 1);
  }

  static void CloneAndSpread(benchmark::State& state) {
    [[maybe_unused]] typename Peer::Thread thread;
    FreeingThread<Peer> other;
    Buf* held[kHolders];
    for (auto _ : state) {
      held[0] = Peer::AllocPacket();
      Peer::Fill(held[0], 1500);
      for (int i = 1; i < kHolders; ++i) held[i] = Peer::Clone(held[0]);
      benchmark::ClobberMemory();
      other.Send(held + kHolders / 2, kHolders / 2);
      for (int i = 0; i < kHolders / 2; ++i) Peer::FreePacket(held[i]);
      benchmark::ClobberMemory();
    }
    Units(state, 1);
  }

  static void Register() {
    auto add = [](const char* work, void (*run)(benchmark::State&)) {
      return benchmark::RegisterBenchmark((std::string(work) + "/" + Peer::kName).c_str(), run)
          ->UseRealTime();
    };
    add("W1", SmallPair);
    add("W1b", SmallBurst);
    add("W2", PacketPair);
    add("W2b", PacketBurst);
    add("W3", CloneAndFree);
    add("W4", HandOver);
    add("W5", PacketPair)->Threads(2);
    add("W8", CloneAndSpread);
  }
};

template <typename Peer>
int BenchMain(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  Works<Peer>::Register();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

}  // namespace weir_bench

#endif  // WEIR_BENCH_WORKS_H_
