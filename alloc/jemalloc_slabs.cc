#include "weir/alloc/jemalloc_slabs.h"

#include <jemalloc/jemalloc.h>
#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdio>
#include <initializer_list>

#include "weir/alloc/layout.h"
#include "weir/alloc/metadata.h"
#include "weir/alloc/numa.h"
#include "weir/alloc/slab_range.h"

namespace weir {
namespace {

// Under the lock of ranges: no signal arrives meanwhile, and a fork takes it.
class JemallocSlabs {
 public:
  bool Start();
  void* Allocate();
  void Release(void* slab);
  void Purge();

 private:
  static constexpr size_t kPerBlock = 28;
  static constexpr size_t kBlockBytes = kPerBlock * kSlabBytes;  // one of jemalloc's sizes
  static constexpr size_t kBlockAlign = size_t{8} << 20;
  static constexpr uint32_t kAllOut = (uint32_t{1} << kPerBlock) - 1;
  static_assert(kBlockBytes < kBlockAlign);
  // A block is only made when all others are full.
  static constexpr size_t kMaxBlocks = kMaxSlabs / kPerBlock + 1;

  struct Block {
    char* base;
    uint32_t out;  // one bit a slab
  };

  // The first block at or above this address.
  Block* Find(const char* base);
  Block* NewBlock();

  unsigned arena_ = 0;
  int flags_ = 0;
  Block* blocks_ = nullptr;  // by address
  size_t count_ = 0;
  size_t first_ = 0;  // no block below has a free slab
};

constinit JemallocSlabs slabs;

bool JemallocSlabs::Start() {
  size_t size = sizeof arena_;
  if (mallctl("arenas.create", &arena_, &size, nullptr, 0) != 0) return false;
  // Decay off: pages go back when purge says so, not by a timer.
  for (const char* kind : {"dirty", "muzzy"}) {
    char name[40];
    snprintf(name, sizeof name, "arena.%u.%s_decay_ms", arena_, kind);
    ssize_t never = -1;
    mallctl(name, nullptr, nullptr, &never, sizeof never);
  }
  // TCACHE_NONE: else released blocks would strand in jemalloc's own thread caches.
  flags_ = MALLOCX_ARENA(arena_) | MALLOCX_ALIGN(kBlockAlign) | MALLOCX_TCACHE_NONE;
  blocks_ = static_cast<Block*>(MetadataAlloc(kMaxBlocks * sizeof(Block)));
  return blocks_ != nullptr;
}

JemallocSlabs::Block* JemallocSlabs::Find(const char* base) {
  return std::lower_bound(blocks_, blocks_ + count_, base,
                          [](const Block& b, const char* at) { return b.base < at; });
}

JemallocSlabs::Block* JemallocSlabs::NewBlock() {
  if (count_ == kMaxBlocks) return nullptr;
  char* base = static_cast<char*>(mallocx(kBlockBytes, flags_));
  if (base == nullptr) return nullptr;
  Block* at = Find(base);
  std::move_backward(at, blocks_ + count_, blocks_ + count_ + 1);
  ++count_;
  *at = {base, 0};
  first_ = static_cast<size_t>(at - blocks_);
  return at;
}

void* JemallocSlabs::Allocate() {
  RangesLock lock;
  while (first_ < count_ && blocks_[first_].out == kAllOut) ++first_;
  Block* block = first_ < count_ ? &blocks_[first_] : NewBlock();
  if (block == nullptr) return nullptr;
  const int place = std::countr_one(block->out);
  block->out |= uint32_t{1} << place;
  return block->base + static_cast<size_t>(place) * kSlabBytes;
}

void JemallocSlabs::Release(void* slab) {
  RangesLock lock;
  const size_t offset = reinterpret_cast<uintptr_t>(slab) % kBlockAlign;
  Block* block = Find(static_cast<char*>(slab) - offset);
  block->out &= ~(uint32_t{1} << offset / kSlabBytes);
  first_ = std::min(first_, static_cast<size_t>(block - blocks_));
  if (block->out != 0) {
    madvise(slab, kSlabBytes, MADV_DONTNEED);
    return;
  }
  sdallocx(block->base, kBlockBytes, flags_);
  std::move(block + 1, blocks_ + count_, block);
  --count_;
}

void JemallocSlabs::Purge() {
  char name[32];
  snprintf(name, sizeof name, "arena.%u.purge", arena_);
  mallctl(name, nullptr, nullptr, nullptr, 0);
}

void* Allocate() {
  void* slab = slabs.Allocate();
  if (slab != nullptr) PreferNearNode(slab, kSlabBytes);
  return slab;
}

constexpr SlabSource kJemalloc{"jemalloc", Allocate, [](void* slab) { slabs.Release(slab); },
                               [] { slabs.Purge(); }};

}  // namespace

const SlabSource* JemallocSlabSource() {
  static const bool made = slabs.Start();
  return made ? &kJemalloc : nullptr;
}

}  // namespace weir
