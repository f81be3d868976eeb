// The units of work that peers are compared by, each a template over the peer.
//
// A peer is a struct with
//   kName                        what the table calls it
//   Buf                          its buffer
//   Thread                       constructed on each thread that uses the peer, before it does
//   Start(packets)               before all else, once; so many packets may be in use at once
//   AllocSmall, FreeSmall        256 bytes, header written
//   AllocPacket, FreePacket      a packet header and 2 KiB of room for data
//   Fill(b)                      says that the packet holds kDataBytes bytes
//   Data(b)                      where they are
//   Clone(b)                     a packet that shares b's data; freed with FreePacket
// and, if it can
//   AllocSized(n), FreeChain     a packet that holds n bytes, at most 16 KiB; frees any chain
//   Join(a, b)                   puts b behind a
//   Split(a, at)                 a keeps so many bytes; returns the rest
//   Linearise(a)                 the same bytes in one piece
//   kClonesStay                  its clones may not be freed on another thread
//   Trim()                       gives back what is free
//   Disturb()                    does what may go on in the background: disturber.h
//   Record(one_in)               records who allocates so many: sampling.h
//   Limit(on)                    from now on AllocPacket returns null some time
// Peers are measured warm: nothing here fails, or the program crashes.
#ifndef WEIR_BENCH_WORKS_H_
#define WEIR_BENCH_WORKS_H_

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstring>

#include "bench/apart.h"
#include "bench/hand_over.h"
#include "bench/ping_pong.h"
#include "bench/work.h"

namespace weir_bench {

inline constexpr int kBurst = 32;
inline constexpr int kHolders = 16;

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

  template <int kPackets>
  static void PacketBurst(benchmark::State& state) {
    [[maybe_unused]] typename Peer::Thread thread;
    Buf* held[kPackets];
    for (auto _ : state) {
      for (Buf*& b : held) b = Peer::AllocPacket();
      benchmark::ClobberMemory();
      for (Buf* b : held) Peer::FreePacket(b);
      benchmark::ClobberMemory();
    }
    Units(state, kPackets);
  }

  static void CloneAndFree(benchmark::State& state) {
    [[maybe_unused]] typename Peer::Thread thread;
    Buf* packet = Peer::AllocPacket();
    Peer::Fill(packet);
    for (auto _ : state) {
      Buf* b = Peer::Clone(packet);
      Use(b);
      Peer::FreePacket(b);
      benchmark::ClobberMemory();
    }
    Peer::FreePacket(packet);
    Units(state, 1);
  }

  // As W3, but of a packet whose data and lengths have just been written: what is still on its way
  // to the cache when it is shared.
  static void CloneFresh(benchmark::State& state) {
    constexpr size_t kHeaders = 64;
    [[maybe_unused]] typename Peer::Thread thread;
    for (auto _ : state) {
      Buf* packet = Peer::AllocPacket();
      memset(Peer::Data(packet), 1, kHeaders);
      Peer::Fill(packet);
      benchmark::ClobberMemory();
      Buf* b = Peer::Clone(packet);
      Use(b);
      Peer::FreePacket(b);
      Peer::FreePacket(packet);
      benchmark::ClobberMemory();
    }
    Units(state, 1);
  }

  static void HandOver(benchmark::State& state) {
    Distanced distanced(state);
    [[maybe_unused]] typename Peer::Thread thread;
    FreeingThread<Peer> other;
    Apart apart(other.handle());
    for (auto _ : state) {
      Buf* b = Peer::AllocPacket();
      Use(b);
      other.Send(b);
    }
    Units(state, 1);
    ByTheClock(state);
  }

  static void CloneAndSpread(benchmark::State& state) {
    Distanced distanced(state);
    [[maybe_unused]] typename Peer::Thread thread;
    FreeingThread<Peer> other;
    Apart apart(other.handle());
    Buf* held[kHolders];
    for (auto _ : state) {
      held[0] = Peer::AllocPacket();
      Peer::Fill(held[0]);
      for (int i = 1; i < kHolders; ++i) held[i] = Peer::Clone(held[0]);
      benchmark::ClobberMemory();
      other.Send(held + kHolders / 2, kHolders / 2);
      for (int i = 0; i < kHolders / 2; ++i) Peer::FreePacket(held[i]);
      benchmark::ClobberMemory();
    }
    Units(state, 1);
    ByTheClock(state);
  }

  // Three threads: one allocates, one looks at the packet and passes it on, one frees.
  static void Pipeline(benchmark::State& state) {
    [[maybe_unused]] typename Peer::Thread thread;
    FreeingThread<Peer> last;
    const auto pass_on = [&last](Buf* b) {
      Use(b);
      last.Send(b);
    };
    OtherThread<Peer, decltype(pass_on)> middle(pass_on);
    for (auto _ : state) {
      Buf* b = Peer::AllocPacket();
      Use(b);
      middle.Send(b);
    }
    Units(state, 1);
    ByTheClock(state);
  }

  static void Register() {
    Add<Peer>("W1", SmallPair);
    Add<Peer>("W1b", SmallBurst);
    Add<Peer>("W2", PacketPair);
    Add<Peer>("W2b", PacketBurst<kBurst>);
    Add<Peer>("W3", CloneAndFree);
    Add<Peer>("W4", HandOver);
    Add<Peer>("W5", PacketPair)->Threads(2);
    if constexpr (!requires { Peer::kClonesStay; }) Add<Peer>("W8", CloneAndSpread);
    Add<Peer>("fresh", CloneFresh);
    Add<Peer>("burst-256", PacketBurst<256>);
    Add<Peer>("pipeline", Pipeline);
    Add<Peer>("threads-4", PacketPair)->Threads(4);
    Add<Peer>("threads-8", PacketPair)->Threads(8);
    Add<Peer>("threads-16", PacketPair)->Threads(16);
  }
};

}  // namespace weir_bench

#endif  // WEIR_BENCH_WORKS_H_
