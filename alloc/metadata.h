// Memory for the allocator's own tables. It is never given back, so what lives in it is
// type-stable: a lock-free reader may look at an element at any time, however stale its index.
#ifndef WEIR_ALLOC_METADATA_H_
#define WEIR_ALLOC_METADATA_H_

#include <cstddef>
#include <cstdint>
#include <new>

#include "weir/stats/atomic.h"

namespace weir {

// Zeroed, page-aligned, only backed by memory once touched; nullptr if there is none.
void* MetadataAlloc(size_t bytes);
void MetadataFree(void* p, size_t bytes);  // of a block that was never published
// Gives the memory of a whole block back; it stays readable and writable, and reads as zeros until
// it is written to, if whole pages could go, or else as it was.
void MetadataForget(void* p, size_t bytes);
// Bytes allocated so far.
uint64_t MetadataBytes();

// An array that grows: elements are numbered from 0, made in their default state, and stay.
//
// Thread safety: all methods, any thread. New is lock-free but for mapping memory; At is
// wait-free.
template <typename T, uint32_t kChunk, uint32_t kChunks>
class GrowTable {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  // The number of a new element, or kNone if memory or numbers have run out.
  uint32_t New() {
    uint32_t i = next_.load(std::memory_order_relaxed);  // hint, revalidated
    do {
      if (i >= kChunk * kChunks || !Ensure(i / kChunk)) return kNone;
      // relaxed (counter): the chunk itself is published by [M1].
    } while (!next_.compare_exchange_weak(i, i + 1, std::memory_order_relaxed,
                                          std::memory_order_relaxed));
    return i;
  }

  // The element with a number that New returned.
  T& At(uint32_t i) const {
    // [M2] acquire: pairs with [M1]; else the elements may not be made yet.
    return chunks_[i / kChunk].load(std::memory_order_acquire)[i % kChunk];
  }

  uint32_t size() const { return next_.load(std::memory_order_relaxed); }  // hint

 private:
  bool Ensure(uint32_t c) {
    if (chunks_[c].load(std::memory_order_acquire) != nullptr) return true;  // [M2]
    T* fresh = static_cast<T*>(MetadataAlloc(sizeof(T) * kChunk));
    if (fresh == nullptr) return false;
    for (uint32_t k = 0; k < kChunk; ++k) new (fresh + k) T;
    T* none = nullptr;
    // [M1] release: pairs with [M2]. ABA: a chunk is set once.
    if (!chunks_[c].compare_exchange_strong(none, fresh, std::memory_order_release,
                                            std::memory_order_relaxed)) {
      MetadataFree(fresh, sizeof(T) * kChunk);
    }
    return true;
  }

  Atomic<T*> chunks_[kChunks] = {};
  Atomic<uint32_t> next_{0};
};

}  // namespace weir

#endif  // WEIR_ALLOC_METADATA_H_
