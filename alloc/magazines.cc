#include "weir/alloc/magazines.h"

#include <algorithm>

namespace weir {

constinit Magazines g_magazines;

Magazines::Run Magazines::New() {
  auto links = [this](uint32_t i) -> Atomic<uint32_t>& { return links_[i]; };
  const uint32_t chunk = retired_.Pop(links);
  if (chunk != IndexStack::kNone) return {chunk * kChunk, kChunk};
  const uint32_t i = table_.New();
  return i == table_.kNone ? Run{0, 0} : Run{i, 1};
}

size_t Magazines::Retire(uint32_t* numbers, size_t n) {
  std::sort(numbers, numbers + n);
  size_t left = 0;
  for (size_t i = 0; i < n;) {
    const uint32_t chunk = numbers[i] / kChunk;
    size_t end = i;
    while (end < n && numbers[end] / kChunk == chunk) ++end;
    if (end - i == kChunk) {
      MetadataForget(&table_.At(chunk * kChunk), sizeof(Magazine) * kChunk);
      retired_.Push(chunk, [this](uint32_t k) -> Atomic<uint32_t>& { return links_[k]; });
    } else {
      std::copy(numbers + i, numbers + end, numbers + left);
      left += end - i;
    }
    i = end;
  }
  return left;
}

}  // namespace weir
