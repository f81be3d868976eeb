// One part of the key space: a hash table, the order of use, and the keys that expire.
//
// Thread rule: `mutex` guards everything else. No function of a shard waits for anything.
#ifndef WEIR_SERVER_SHARD_H_
#define WEIR_SERVER_SHARD_H_

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <type_traits>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "weir/server/entry.h"

namespace weir::server {

// A key with its hash, so that it is computed once for shard and table.
struct HashedKey {
  explicit HashedKey(std::string_view text);
  std::string_view text;
  size_t hash;
};

class Shard {
 public:
  std::mutex mutex;

  Shard() = default;
  ~Shard() { Clear(); }

  // The live entry, which becomes the most recently used; null if there is none. One that has
  // expired is removed.
  Entry* Find(const HashedKey& key, int64_t now_ms);

  // Give the key a value, replacing what it had; its expiry is kept only with `keep_expiry`.
  Entry* SetText(const HashedKey& key, std::string_view value, int64_t now_ms,
                 bool keep_expiry = false);
  Entry* SetChain(const HashedKey& key, Chain chain, size_t size, int64_t now_ms,
                  bool keep_expiry = false);
  void SetExpiry(Entry* entry, int64_t at_ms);
  void Remove(Entry* entry);
  void Clear();

  // The least recently used, or null.
  Entry* Oldest() { return by_use_.empty() ? nullptr : &by_use_.back(); }

  // Looks at up to n of the keys that expire, round robin; returns how many it removed.
  size_t RemoveExpired(size_t n, int64_t now_ms);

  size_t keys() const { return table_.size(); }
  size_t expiring() const { return expiring_; }
  // Memory outside of mbufs.
  size_t bytes() const { return entry_bytes_ + table_.capacity() * kBytesOfSlot; }
  // What bytes() has changed by since this was last asked, modulo 2^64.
  size_t TakeChange() { return bytes() - std::exchange(told_bytes_, bytes()); }

  template <typename Visit>  // void(const Entry&)
  void ForEach(Visit visit) const {
    for (const Entry* entry : table_) visit(*entry);
  }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(const Entry* entry) const;
    size_t operator()(const HashedKey& key) const { return key.hash; }
  };
  struct Same {
    using is_transparent = void;
    bool operator()(const Entry* a, const Entry* b) const { return a->key() == b->key(); }
    bool operator()(const Entry* a, const HashedKey& b) const { return a->key() == b.text; }
  };
  using UseList =
      boost::intrusive::list<Entry, boost::intrusive::base_hook<UseHook>>;
  using ExpiryList = boost::intrusive::list<Entry, boost::intrusive::base_hook<ExpiryHook>,
                                            boost::intrusive::constant_time_size<false>>;
  static constexpr size_t kBytesOfSlot = sizeof(Entry*) + 1;

  Entry* Upsert(const HashedKey& key, size_t room, int64_t now_ms, bool keep_expiry);
  void ShrinkTable();
  void MarkUsed(Entry* entry, int64_t now_ms);

  absl::flat_hash_set<Entry*, Hash, Same> table_;
  UseList by_use_;  // most recently used first
  ExpiryList by_expiry_;
  size_t entry_bytes_ = 0;
  size_t told_bytes_ = 0;
  size_t expiring_ = 0;
};

}  // namespace weir::server

#endif  // WEIR_SERVER_SHARD_H_
