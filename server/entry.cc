#include "weir/server/entry.h"

#include <malloc.h>

#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "weir/chain/mbuf.h"
#include "weir/stats/snapshot.h"

namespace weir::server {

Entry::Owner Entry::Make(std::string_view key, size_t room) {
  void* memory = std::malloc(sizeof(Entry) + key.size() + room);
  if (memory == nullptr) throw std::bad_alloc();
  Owner entry(new (memory) Entry);
  entry->bytes_ = malloc_usable_size(memory);
  entry->key_size_ = static_cast<uint32_t>(key.size());
  // What the allocator rounded up to is ours as well.
  entry->room_ = static_cast<uint32_t>(entry->bytes_ - sizeof(Entry) - key.size());
  std::memcpy(entry->data(), key.data(), key.size());
  return entry;
}

void Entry::Destroy(Entry* entry) {
  entry->~Entry();
  std::free(entry);
}

void Entry::SetText(std::string_view value) {
  chain_.clear();
  // It may be part of the value that it replaces.
  std::memmove(data() + key_size_, value.data(), value.size());
  value_size_ = value.size();
}

void Entry::SetChain(Chain chain, size_t size) {
  chain_ = std::move(chain);
  value_size_ = size;
}

Chain Entry::TakeChain() {
  value_size_ = 0;
  return std::move(chain_);
}

size_t Entry::ChainBytes() const {
  size_t bytes = 0;
  for (const mbuf* m = chain_.get(); m != nullptr; m = m->m_next) {
    bytes += MSIZE + (m->m_flags & M_EXT ? m->m_ext.ext_size : 0);
  }
  return bytes;
}

long Entry::ObjectsHeldAlone(int zone) const {
  long objects = 0;
  for (const mbuf* m = chain_.get(); m != nullptr; m = m->m_next) {
    if (zone < 0 || zone == WEIR_ZONE_MBUF) ++objects;
    if (!(m->m_flags & M_EXT) || m_extrefcnt(m) != 1) continue;
    if (zone < 0 || zone == m_extzone(m)) ++objects;
  }
  return objects;
}

}  // namespace weir::server
