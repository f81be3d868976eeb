// The depot of a zone: full and empty magazines, on lock-free stacks.
//
// A magazine is an array of object pointers with a count. Threads exchange whole magazines with
// the depot, one compare-and-swap each way, and never touch the objects. A magazine belongs to
// the thread that popped it until it is pushed again, so its contents are plain.
//
// Motivation of the shards. One stack would hand each thread what another left last: the objects'
// lines, and the stack's own, would go from processor to processor with each magazine (16 threads
// that allocate 256 packets and free them took 15 times as long for each as one thread did). So
// there is a pair of stacks for each processor. A thread pushes to the shard of the processor that
// it runs on, and pops from there; only when that is empty, from the others, first from the one
// that had something last time. From there several come at once: where one thread empties what
// another fills, their processors meet a quarter as often at the full ones, and hardly ever at the
// empty ones.
//
// Motivation of what a shard keeps. If threads need many objects at times, but not at the same
// times, there are fewer objects than all need together, and who needs them takes those of others,
// who then take those of still others: objects went from processor to processor for ever, and 16
// threads that allocate 256 packets and free them took six times as long for each as one thread
// did. So while a zone can grow, a shard that has no more than `kept` is left to its own processor,
// and the zone grows instead; idle passes give back what was too much.
//
//   PopFull, PutFull, PopEmpty, PutEmpty   may race with everything; lock-free
//                                          (PopEmpty maps memory for new magazines now and then)
//
// PopFull and NoneFull look at one shard after the other. That they find nothing thus means that
// there was nothing only if nobody moved a magazine from one shard to another meanwhile, which is
// done in transit (alloc/transit.h) or in a cache that is busy, as between the other places where
// free objects are. A single shard is linearizable.
#ifndef WEIR_ALLOC_DEPOT_H_
#define WEIR_ALLOC_DEPOT_H_

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "weir/alloc/index_stack.h"
#include "weir/alloc/layout.h"
#include "weir/alloc/magazines.h"
#include "weir/alloc/processor.h"

namespace weir {

// How many shards depots have: one for each processor, up to kMostShards. Written before the first
// use of any depot, or by tests.
inline constinit uint32_t depot_shards = 1;

class Depot {
 public:
  // A magazine with at least one object, or nullptr. From other shards than the caller's only if
  // they have more than `kept`; half as many come along, to the caller's.
  Magazine* PopFull(int64_t kept = 0) {
    const uint32_t own = Own();
    if (Magazine* m = PopFrom(own)) return m;
    return Elsewhere(own, [=, this](uint32_t from) { return MoveFull(from, own, kept); });
  }
  Magazine* PopFrom(uint32_t shard) {
    Shard& s = shards_[shard];
    Magazine* m = Pop(s.full);
    if (m == nullptr) return nullptr;
    const int64_t left = s.count.fetch_sub(1, std::memory_order_relaxed) - 1;  // counter
    if (left < s.least.load(std::memory_order_relaxed)) {                      // hint
      s.least.store(left, std::memory_order_relaxed);                          // hint
    }
    return m;
  }
  void PutFull(Magazine* m) { PutFull(m, Own()); }
  void PutFull(Magazine* m, uint32_t shard) {
    m->shard = shard;
    PushFull(m, shard);
  }
  // Whether the magazine, just popped, is of another processor's shard.
  static bool FromAnother(const Magazine& m) { return m.shard != Own(); }
  bool NoneFull() const {
    return std::all_of(shards_, shards_ + depot_shards,
                       [](const Shard& s) { return s.full.Empty(); });
  }
  int64_t count() const {
    int64_t n = 0;
    for (uint32_t i = 0; i < depot_shards; ++i) {
      n += shards_[i].count.load(std::memory_order_relaxed);  // hint
    }
    return n;
  }

  // How many magazines of each shard have not been needed since the last call: the least that there
  // were in it.
  struct Idle {
    uint32_t of[kMostShards];
    uint32_t all;
  };
  Idle TakeIdle() {
    Idle idle{};
    for (uint32_t i = 0; i < depot_shards; ++i) {
      Shard& s = shards_[i];
      const int64_t now = s.count.load(std::memory_order_relaxed);             // hint
      const int64_t least = s.least.exchange(now, std::memory_order_relaxed);  // hint
      idle.of[i] = static_cast<uint32_t>(std::max<int64_t>(0, std::min(now, least)));
      idle.all += idle.of[i];
    }
    return idle;
  }

  // An empty magazine, or nullptr if there is no memory for another.
  Magazine* PopEmpty();
  void PutEmpty(Magazine* m) { shards_[Own()].empty.Push(m->number, Links()); }
  // All empty ones, up to `most`: their numbers.
  size_t TakeEmpty(uint32_t* numbers, size_t most) {
    size_t n = 0;
    for (uint32_t i = 0; i < depot_shards; ++i) {
      while (n < most && (numbers[n] = shards_[i].empty.Pop(Links())) != IndexStack::kNone) ++n;
    }
    return n;
  }

 private:
  // In lines of its own, which mostly one processor's cache has: two, as they are fetched in pairs.
  struct alignas(128) Shard {
    IndexStack full;
    IndexStack empty;
    Atomic<int64_t> count{0};       // of full, about
    Atomic<int64_t> least{0};       // of those since TakeIdle
    Atomic<uint32_t> elsewhere{0};  // where there was something when there was nothing here
  };
  // The link of magazine i.
  struct Links {
    Atomic<uint32_t>& operator()(uint32_t i) const { return g_magazines.At(i).link; }
  };

  static uint32_t Own() {
    const uint32_t n = Processor();
    return n < depot_shards ? n : n % depot_shards;  // mostly without a division
  }
  Magazine* Pop(IndexStack& stack) {
    uint32_t i = stack.Pop(Links());
    return i == IndexStack::kNone ? nullptr : &g_magazines.At(i);
  }
  // What pop(shard) gets from the others, first from the one that had something last time, then
  // from the nearest in number: each processor looks in an order of its own, so that they do not
  // all meet.
  template <typename PopOf>
  Magazine* Elsewhere(uint32_t own, PopOf pop) {
    Atomic<uint32_t>& last = shards_[own].elsewhere;
    const uint32_t first = last.load(std::memory_order_relaxed);  // hint
    if (Magazine* m = first == own ? nullptr : pop(first)) return m;
    const uint32_t all = std::bit_ceil(depot_shards);
    for (uint32_t i = 1; i < all; ++i) {
      const uint32_t shard = own ^ i;
      Magazine* m = shard >= depot_shards || shard == first ? nullptr : pop(shard);
      if (m == nullptr) continue;
      last.store(shard, std::memory_order_relaxed);  // hint
      return m;
    }
    return nullptr;
  }

  void PushFull(Magazine* m, uint32_t shard) {
    shards_[shard].count.fetch_add(1, std::memory_order_relaxed);  // counter
    shards_[shard].full.Push(m->number, Links());
  }
  // If one shard has more full ones than it keeps, moves some to another, which are still from
  // there; the first of them, or nullptr.
  Magazine* MoveFull(uint32_t from, uint32_t to, int64_t kept) {
    const int64_t count = shards_[from].count.load(std::memory_order_relaxed);  // hint
    if (kept != 0 && count <= kept) return nullptr;
    Magazine* first = PopFrom(from);
    for (int64_t n = 1; first != nullptr && n < kept / 2; ++n) {
      Magazine* m = PopFrom(from);
      if (m == nullptr) break;
      PushFull(m, to);
    }
    return first;
  }
  // Moves some of the empty ones of one shard to another: the first of them, or nullptr.
  Magazine* MoveEmpty(uint32_t from, uint32_t to) {
    Magazine* first = Pop(shards_[from].empty);
    for (int n = 1; first != nullptr && n < kEmptyMoved; ++n) {
      Magazine* m = Pop(shards_[from].empty);
      if (m == nullptr) break;
      shards_[to].empty.Push(m->number, Links());
    }
    return first;
  }

  Shard shards_[kMostShards];
};

inline Magazine* Depot::PopEmpty() {
  const uint32_t own = Own();
  if (Magazine* m = Pop(shards_[own].empty)) return m;
  if (Magazine* m = Elsewhere(own, [=, this](uint32_t from) { return MoveEmpty(from, own); })) {
    return m;
  }
  const Magazines::Run run = g_magazines.New();
  for (uint32_t k = 0; k < run.n; ++k) {
    Magazine& m = g_magazines.At(run.first + k);
    m.number = run.first + k;
    if (k != 0) PutEmpty(&m);
  }
  return run.n == 0 ? nullptr : &g_magazines.At(run.first);
}

}  // namespace weir

#endif  // WEIR_ALLOC_DEPOT_H_
