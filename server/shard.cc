#include "weir/server/shard.h"

#include <utility>

#include "absl/hash/hash.h"

namespace weir::server {
namespace {

size_t HashOf(std::string_view text) {
  return absl::HashOf(text);
}

}  // namespace

HashedKey::HashedKey(std::string_view text) : text(text), hash(HashOf(text)) {}

size_t Shard::Hash::operator()(const Entry* entry) const { return HashOf(entry->key()); }

Entry* Shard::Find(const HashedKey& key, int64_t now_ms) {
  auto found = table_.find(key);
  if (found == table_.end()) return nullptr;
  Entry* entry = *found;
  if (entry->Expired(now_ms)) {
    Remove(entry);
    return nullptr;
  }
  MarkUsed(entry, now_ms);
  return entry;
}

void Shard::MarkUsed(Entry* entry, int64_t now_ms) {
  entry->used_at_ms = now_ms;
  by_use_.splice(by_use_.begin(), by_use_, by_use_.iterator_to(*entry));
}

Entry* Shard::Upsert(const HashedKey& key, size_t room, int64_t now_ms, bool keep_expiry) {
  int64_t expiry = Entry::kNever;
  if (auto found = table_.find(key); found != table_.end()) {
    Entry* old = *found;
    if (keep_expiry) expiry = old->expires_at_ms;
    if (old->Fits(room)) {
      if (!keep_expiry) SetExpiry(old, Entry::kNever);
      MarkUsed(old, now_ms);
      return old;
    }
    Remove(old);
  }
  Entry* entry = Entry::Make(key.text, room).release();
  table_.insert(entry);
  entry->used_at_ms = now_ms;
  by_use_.push_front(*entry);
  entry_bytes_ += entry->bytes();
  SetExpiry(entry, expiry);
  return entry;
}

Entry* Shard::SetText(const HashedKey& key, std::string_view value, int64_t now_ms,
                      bool keep_expiry) {
  Entry* entry = Upsert(key, value.size(), now_ms, keep_expiry);
  entry->SetText(value);
  return entry;
}

Entry* Shard::SetChain(const HashedKey& key, Chain chain, size_t size, int64_t now_ms,
                       bool keep_expiry) {
  Entry* entry = Upsert(key, 0, now_ms, keep_expiry);
  entry->SetChain(std::move(chain), size);
  return entry;
}

void Shard::SetExpiry(Entry* entry, int64_t at_ms) {
  bool was = entry->expires_at_ms != Entry::kNever;
  bool is = at_ms != Entry::kNever;
  entry->expires_at_ms = at_ms;
  if (is == was) return;
  if (is) {
    by_expiry_.push_back(*entry);
    ++expiring_;
  } else {
    by_expiry_.erase(by_expiry_.iterator_to(*entry));
    --expiring_;
  }
}

void Shard::Remove(Entry* entry) {
  SetExpiry(entry, Entry::kNever);
  table_.erase(table_.find(entry));
  by_use_.erase(by_use_.iterator_to(*entry));
  entry_bytes_ -= entry->bytes();
  Entry::Destroy(entry);
  ShrinkTable();
}

// A table never shrinks by itself, and one that many short values have left behind could take all
// the memory that its shard may. What it shrinks to doubles before the next insertion at most, and
// then seven eighths must go before it shrinks again.
void Shard::ShrinkTable() {
  constexpr size_t kSmall = 64;
  if (table_.capacity() > kSmall && table_.size() < table_.capacity() / 8) table_.rehash(0);
}

void Shard::Clear() {
  by_expiry_.clear();
  by_use_.clear();
  for (Entry* entry : table_) Entry::Destroy(entry);
  absl::flat_hash_set<Entry*, Hash, Same>().swap(table_);
  entry_bytes_ = 0;
  expiring_ = 0;
}

size_t Shard::RemoveExpired(size_t n, int64_t now_ms) {
  size_t removed = 0;
  for (size_t looked = 0; looked < n && !by_expiry_.empty(); ++looked) {
    Entry* entry = &by_expiry_.front();
    if (entry->Expired(now_ms)) {
      Remove(entry);
      ++removed;
    } else {
      by_expiry_.splice(by_expiry_.end(), by_expiry_, by_expiry_.begin());
    }
  }
  return removed;
}

}  // namespace weir::server
