// A range of addresses that slabs are handed out from, in blocks of 2 MiB (kHugeBytes): the lowest
// free slab first, so that few blocks are in use and the rest can go back.
//
//   base                                                 base + bytes
//   | block 0                       | block 1       | ...    |
//   | slab | slab | slab | ... (8)  |
//
// Thread safety: Allocate and Release from any thread. One lock for all ranges; what a range does
// to its memory it does under the lock, so a slab is never handed out while its block is given
// back. No signal arrives while a thread has the lock, so a handler may allocate; and a fork takes
// it (LockRanges), so that a child never finds it locked.
// Progress: blocks.
#ifndef WEIR_ALLOC_SLAB_RANGE_H_
#define WEIR_ALLOC_SLAB_RANGE_H_

#include <cstddef>
#include <cstdint>

#include "weir/alloc/layout.h"
#include "weir/stats/break.h"

namespace weir {

class SlabRange {
 public:
  constexpr SlabRange() = default;
  SlabRange(const SlabRange&) = delete;
  SlabRange& operator=(const SlabRange&) = delete;

  // Hands out [base, base + bytes) from now on: a multiple of kHugeBytes, and aligned to it. The
  // memory stays the caller's and outlives the range.
  // False: no memory for the table. Once, before any other thread knows the range.
  bool Open(char* base, size_t bytes);

  // kSlabBytes, aligned to that; nullptr if all are out or there is no memory.
  void* Allocate();
  void Release(void* slab);

  char* base() const { return base_; }
  size_t bytes() const { return blocks_ * kHugeBytes; }

 protected:
  struct Block {
    uint8_t out;   // one bit a slab
    uint8_t kind;  // for the class that backs it; 0 at first
  };
  enum Backing { kBacked, kNoMemory, kLost };

  ~SlabRange() = default;

  // Makes the block's memory usable: its first slab is about to be handed out. kLost: never use the
  // block again.
  virtual Backing Back(char*, Block&) { return kBacked; }
  // `slab` came back; `empty`: the last of its block. Its contents are not wanted any more.
  virtual void Returned(char* slab, Block& block, bool empty);

 private:
  static constexpr size_t kPerBlock = kHugeBytes / kSlabBytes;
  static constexpr uint8_t kAllOut = (1u << kPerBlock) - 1;
  static_assert(kPerBlock <= 8);

  char* base_ = nullptr;
  size_t blocks_ = 0;
  Block* table_ = nullptr;
  size_t first_ = 0;  // no block below has a free slab
};

// The lock of all ranges, and of the blocks of jemalloc_slabs.cc, with signals held back. Taken by a
// fork (alloc/fork.cc).
void LockRanges();
void UnlockRanges();
class RangesLock {
 public:
  RangesLock() {
    if (!Broken(kBreakRangeLock)) LockRanges();
  }
  ~RangesLock() {
    if (!Broken(kBreakRangeLock)) UnlockRanges();
  }
  RangesLock(const RangesLock&) = delete;
  RangesLock& operator=(const RangesLock&) = delete;
};

// `bytes` of addresses aligned to `align`, both multiples of the page size; nullptr if there are
// none. Pages are had, or not, when they are touched.
char* MapAligned(size_t bytes, size_t align, int protection);

}  // namespace weir

#endif  // WEIR_ALLOC_SLAB_RANGE_H_
