// The key space of the server: shards by hash of the key, each with its own lock.
//
// Memory. Values in Chains are bounded by the limits of weir's zones: at a limit the drain handler
// (Evict) gives up least recently used values. All else (keys, small values, tables), "text", is
// bounded by text_limit, which each write enforces, in the same order.
//
// Lock order: shards by index; a thread that holds some only ever tries for others (eviction).
//
// Thread rule: any thread, unless stated otherwise.
#ifndef WEIR_SERVER_STORE_H_
#define WEIR_SERVER_STORE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "weir/server/shard.h"
#include "weir/stats/counter.h"

namespace weir::server {

class Store {
 public:
  static constexpr size_t kShards = 64;

  // Holds the lock of a shard, or of several.
  class Lock {
   public:
    Lock(Store& store, const HashedKey& key) : Lock(store, uint64_t{1} << IndexOf(key)) {}
    Lock(Store& store, uint64_t shards);
    ~Lock();
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

    Shard& shard(const HashedKey& key) { return store_.shards_[IndexOf(key)]; }

   private:
    Store& store_;
    uint64_t shards_;
  };

  // The shard of a key, and as a bit for Lock.
  static size_t IndexOf(const HashedKey& key) { return key.hash >> (64 - kShardBits); }
  static uint64_t BitOf(const HashedKey& key) { return uint64_t{1} << IndexOf(key); }

  // Under a Lock: what a write to `shard` does last. Removes the least recently used values of all
  // shards, but never `written`, if text is beyond its limit. Skips shards that others use.
  void TrimText(Shard& shard, const Entry* written);
  // Whether text was beyond its limit since this was last asked.
  bool TakeTextWasShort() { return Take(text_was_short_); }
  // Whether a value of one kind went for memory of the other since this was last asked: then the
  // line between them should move.
  bool TakeWasCrossed() { return Take(was_crossed_); }

  // Bytes outside of mbufs that all shards together may take.
  void set_text_limit(size_t bytes) { text_limit_.store(bytes, std::memory_order_relaxed); }
  size_t text_limit() const { return text_limit_.load(std::memory_order_relaxed); }
  // What they take, but for what writes under way have changed.
  size_t text_bytes() const { return text_bytes_.load(std::memory_order_relaxed); }

  // Removes the least recently used values of all shards until `wanted` objects of `zone` are free,
  // or bytes of text that come to as much. Skips shards that are in use. Returns how many objects
  // came free.
  long Evict(int zone, long wanted);

  // Removes some of what has expired.
  void RemoveExpired(int64_t now_ms);
  // Applies a lowered text limit.
  void TrimAll() { EvictText(nullptr); }
  void Clear();

  struct Totals {
    size_t keys = 0;
    size_t expiring = 0;
  };
  Totals totals();
  uint64_t evictions() const { return evictions_.Read(); }
  uint64_t expired() const { return expired_.Read(); }

  template <typename Visit>  // void(const Entry&), under the lock of its shard
  void ForEach(Visit visit) {
    for (size_t i = 0; i < kShards; ++i) {
      Lock lock(*this, uint64_t{1} << i);
      shards_[i].ForEach(visit);
    }
  }

 private:
  static constexpr int kShardBits = 6;
  static_assert(kShards == size_t{1} << kShardBits);
  // So that a drain is not needed for every single value.
  static constexpr long kEvictAtLeast = 256;

  // And text is trimmed to this part less than its limit.
  static constexpr size_t kTrimPart = 64;

  // What is wanted of an eviction, and how far it has come.
  struct Eviction {
    int zone;
    // Of text: from the caller's shards too then, but not what was written.
    bool for_text;
    const Entry* written;
    long objects_left;
    int64_t text_left;
    long freed = 0;
    bool done() const { return objects_left <= 0 || text_left <= 0; }
  };
  void EvictText(const Entry* written);
  void EvictOldest(Eviction& eviction);
  // Evicts from shard i what has not been used since `until_ms`. Returns when its oldest was used,
  // or nothing if it is empty or in use.
  std::optional<int64_t> EvictOlder(size_t i, int64_t until_ms, Eviction& eviction);
  // Under its lock: takes what the shard's text has changed by into account.
  void Account(Shard& shard);

  // Hints, hence relaxed: who comes too late sees it the next time. Written and taken when they
  // change only, as all threads look.
  static void Note(std::atomic<bool>& hint) {
    if (!hint.load(std::memory_order_relaxed)) hint.store(true, std::memory_order_relaxed);
  }
  static bool Take(std::atomic<bool>& hint) {
    return hint.load(std::memory_order_relaxed) && hint.exchange(false, std::memory_order_relaxed);
  }

  std::array<Shard, kShards> shards_;
  // Relaxed, both: a limit that is seen late is as good as one set late, and each shard's part of
  // the sum changes under the shard's lock.
  std::atomic<size_t> text_limit_{SIZE_MAX};
  std::atomic<size_t> text_bytes_{0};
  std::atomic<bool> text_was_short_{false};
  std::atomic<bool> was_crossed_{false};
  SharedCounter evictions_;
  SharedCounter expired_;
};

}  // namespace weir::server

#endif  // WEIR_SERVER_STORE_H_
