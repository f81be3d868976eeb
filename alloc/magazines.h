// Magazines, and where they come from: one table for all depots, which never shrinks, so that a
// lock-free pop may read a link however stale its index; but chunks of it whose magazines are all
// empty give their memory back, and read as zeros until they are used again.
//
//   New      may race with everything; lock-free but for mapping memory
//   Retire   may race with everything; the magazines that it is given are the caller's
#ifndef WEIR_ALLOC_MAGAZINES_H_
#define WEIR_ALLOC_MAGAZINES_H_

#include <cstddef>
#include <cstdint>

#include "weir/alloc/index_stack.h"
#include "weir/alloc/layout.h"
#include "weir/alloc/metadata.h"

namespace weir {

struct Magazine {
  Atomic<uint32_t> link{0};
  uint32_t number;  // its own; written when it is new
  uint32_t count;
  uint32_t shard;  // of its depot, where it was last full
  void* rounds[kMagazineRounds];
};

class Magazines {
 public:
  Magazine& At(uint32_t i) const { return table_.At(i); }
  uint32_t size() const { return table_.size(); }

  // The numbers of new magazines [first, first + n), empty; n is 0 without memory.
  struct Run {
    uint32_t first, n;
  };
  Run New();

  // Of n numbers of empty magazines, in any order, retires those that make whole chunks. The others
  // are moved to the front; returns how many.
  size_t Retire(uint32_t* numbers, size_t n);

 private:
  static constexpr uint32_t kChunk = 256, kChunks = 1 << 14;

  GrowTable<Magazine, kChunk, kChunks> table_;
  IndexStack retired_;  // chunks
  Atomic<uint32_t> links_[kChunks] = {};
};

extern Magazines g_magazines;

}  // namespace weir

#endif  // WEIR_ALLOC_MAGAZINES_H_
