#include "weir/alloc/metadata.h"

#include <sys/mman.h>

namespace weir {
namespace {
constinit Atomic<uint64_t> total{0};
}  // namespace

void* MetadataAlloc(size_t bytes) {
  void* p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) return nullptr;
  total.fetch_add(bytes, std::memory_order_relaxed);  // counter
  return p;
}

void MetadataFree(void* p, size_t bytes) {
  munmap(p, bytes);
  total.fetch_sub(bytes, std::memory_order_relaxed);  // counter
}

void MetadataForget(void* p, size_t bytes) { madvise(p, bytes, MADV_DONTNEED); }

uint64_t MetadataBytes() { return total.load(std::memory_order_relaxed); }  // counter

}  // namespace weir
