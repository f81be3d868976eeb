// That a peer does the work and does not only take no time: bytes are written and read back, what
// is shared is shared, and what is freed can be had again.
#ifndef WEIR_BENCH_CHECK_H_
#define WEIR_BENCH_CHECK_H_

#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "bench/buffer.h"
#include "bench/chains.h"
#include "bench/hand_over.h"
#include "bench/resident.h"

namespace weir_bench {

// Bytes that tell where they are from.
inline std::vector<char> SomeBytes(size_t n, unsigned seed) {
  std::vector<char> bytes(n);
  std::minstd_rand random(seed + 1);
  for (char& c : bytes) c = static_cast<char>(random() >> 8);
  return bytes;
}

template <typename Peer>
class PeerCheck {
 public:
  // The first thing that is wrong, or null.
  const char* Run() {
    for (void (PeerCheck::*check)() :
         {&PeerCheck::Packets, &PeerCheck::Small, &PeerCheck::Clones, &PeerCheck::Sized,
          &PeerCheck::Chain, &PeerCheck::HandedOver, &PeerCheck::Frees}) {
      if (fault_ == nullptr) (this->*check)();
    }
    return fault_;
  }

 private:
  using Buf = typename Peer::Buf;

  void Expect(bool good, const char* what) {
    if (!good && fault_ == nullptr) fault_ = what;
  }
  static bool Holds(Buf* b, size_t n, unsigned seed) {
    return memcmp(Peer::Data(b), SomeBytes(n, seed).data(), n) == 0;
  }
  static Buf* Packet(unsigned seed) { return MakePiece<Peer>(SomeBytes(kDataBytes, seed).data()); }

  void Packets() {
    std::vector<Buf*> all;
    for (unsigned i = 0; i < kMany; ++i) all.push_back(Packet(i));
    for (unsigned i = 0; i < kMany; ++i) {
      Expect(Holds(all[i], kDataBytes, i), "packets in use share memory");
      Peer::FreePacket(all[i]);
    }
  }

  void Small() {
    std::vector<Buf*> all;
    for (unsigned i = 0; i < kMany; ++i) {
      all.push_back(Peer::AllocSmall());
      for (unsigned k = 0; k < i; ++k)
        Expect(all[k] != all[i], "small buffers in use are the same");
    }
    for (Buf* b : all) Peer::FreeSmall(b);
  }

  void Clones() {
    Buf* b = Packet(1);
    std::vector<Buf*> clones;
    for (unsigned i = 0; i < kMany; ++i) {
      clones.push_back(Peer::Clone(b));
      Expect(clones[i] != b, "a clone is the packet itself");
      Expect(Peer::Data(clones[i]) == Peer::Data(b), "a clone does not share the data");
    }
    Peer::FreePacket(b);
    Buf* other = Packet(2);
    for (Buf* clone : clones) {
      Expect(Holds(clone, kDataBytes, 1), "a clone loses its data with the packet");
      Peer::FreePacket(clone);
    }
    Peer::FreePacket(other);
  }

  void Sized() {
    if constexpr (requires { Peer::AllocSized(size_t{1}); }) {
      std::vector<Buf*> all;
      constexpr unsigned kSizes[] = {40, 576, 1500, 2000, 4096, 9216, 16384};
      for (unsigned n : kSizes) {
        all.push_back(Peer::AllocSized(n));
        memcpy(Peer::Data(all.back()), SomeBytes(n, n).data(), n);
      }
      for (size_t i = 0; i < std::size(kSizes); ++i) {
        Expect(Holds(all[i], kSizes[i], kSizes[i]), "sizes share memory");
        Peer::FreeChain(all[i]);
      }
    }
  }

  void Chain() {
    if constexpr (Chains<Peer>) {
      for (unsigned i = 0; i < kMany; ++i) {
        Buf* b = PassThrough<Peer>(bytes_.data());
        Expect(Holds(b, kChainBytes, kSeed), "a chain is not what was put in");
        Peer::FreeChain(b);
      }
    }
  }

  // What another thread receives is what was sent; it has freed it when there is more than memory.
  void HandedOver() {
    unsigned next = 0;
    const auto look = [&](Buf* b) {
      Expect(Holds(b, kDataBytes, next++), "another thread sees other data");
      Peer::FreePacket(b);
    };
    OtherThread<Peer, decltype(look)> other(look);
    for (unsigned i = 0; i < 20 * kMany; ++i) other.Send(Packet(i));
  }

  void Frees() {
    const double before = ResidentBytes();
    for (unsigned i = 0; i < 50000; ++i) {  // 100 MB
      Buf* b = MakePiece<Peer>(bytes_.data());
      Buf* clone = Peer::Clone(b);
      Peer::FreePacket(b);
      Peer::FreePacket(clone);
      Peer::FreeSmall(Peer::AllocSmall());
      if constexpr (Chains<Peer>) {
        if (i % 8 == 0) Peer::FreeChain(PassThrough<Peer>(bytes_.data()));
      }
    }
    Expect(ResidentBytes() - before < 10e6, "what is freed cannot be had again");
  }

  static constexpr unsigned kMany = 100;
  static constexpr unsigned kSeed = 7;
  const std::vector<char> bytes_ = SomeBytes(kChainBytes, kSeed);
  const char* fault_ = nullptr;
};

}  // namespace weir_bench

#endif  // WEIR_BENCH_CHECK_H_
