#include "weir/alloc/slab_range.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

#include <bit>
#include <mutex>

#include "weir/alloc/metadata.h"
#include "weir/stats/break.h"

namespace weir {
namespace {

constinit std::mutex mutex;
constinit sigset_t held_back{};  // what to go back to; under the mutex

}  // namespace

void LockRanges() {
  sigset_t all, before;
  sigfillset(&all);
  if (Broken(kBreakRangeMask)) sigemptyset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  mutex.lock();
  held_back = before;
}

void UnlockRanges() {
  sigset_t before = held_back;
  mutex.unlock();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

char* MapAligned(size_t bytes, size_t align, int protection) {
  // `align` more contains an aligned block; the rest goes back at once.
  void* got =
      mmap(nullptr, bytes + align, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (got == MAP_FAILED) return nullptr;
  char* p = static_cast<char*>(got);
  size_t before = -reinterpret_cast<uintptr_t>(p) % align;
  if (before != 0) munmap(p, before);
  if (before != align) munmap(p + before + bytes, align - before);
  return p + before;
}

bool SlabRange::Open(char* base, size_t bytes) {
  Block* table = static_cast<Block*>(MetadataAlloc(bytes / kHugeBytes * sizeof(Block)));
  if (table == nullptr) return false;
  table_ = table;
  base_ = base;
  blocks_ = bytes / kHugeBytes;
  return true;
}

void* SlabRange::Allocate() {
  RangesLock lock;
  for (; first_ < blocks_; ++first_) {
    Block& block = table_[first_];
    if (block.out == kAllOut) continue;
    char* at = base_ + first_ * kHugeBytes;
    if (block.out == 0) {
      Backing backing = Back(at, block);
      if (backing == kNoMemory) return nullptr;
      if (backing == kLost) {
        block.out = kAllOut;
        continue;
      }
    }
    const unsigned place = std::countr_one(block.out);
    block.out |= static_cast<uint8_t>(1u << place);
    return at + place * kSlabBytes;
  }
  return nullptr;
}

void SlabRange::Release(void* slab) {
  RangesLock lock;
  const size_t offset = static_cast<size_t>(static_cast<char*>(slab) - base_);
  const size_t number = offset / kHugeBytes;
  Block& block = table_[number];
  block.out &= static_cast<uint8_t>(~(1u << offset % kHugeBytes / kSlabBytes));
  if (number < first_) first_ = number;
  Returned(static_cast<char*>(slab), block, block.out == 0);
}

void SlabRange::Returned(char* slab, Block&, bool) { madvise(slab, kSlabBytes, MADV_DONTNEED); }

}  // namespace weir
