#include "weir/server/store.h"

#include <bit>

#include "weir/chain/mbuf.h"

namespace weir::server {
namespace {

// The shards that this thread has locked: an allocation under a lock may come back here, as the
// drain handler, and a std::mutex must not be tried by its own holder.
thread_local uint64_t t_locked = 0;

template <typename Do>
void ForEachBit(uint64_t bits, Do action) {
  for (; bits != 0; bits &= bits - 1) action(static_cast<size_t>(std::countr_zero(bits)));
}

}  // namespace

Store::Lock::Lock(Store& store, uint64_t shards) : store_(store), shards_(shards) {
  ForEachBit(shards_, [&](size_t i) { store_.shards_[i].mutex.lock(); });
  t_locked |= shards_;
}

Store::Lock::~Lock() {
  t_locked &= ~shards_;
  ForEachBit(shards_, [&](size_t i) { store_.shards_[i].mutex.unlock(); });
}

void Store::TrimText(Shard& shard, const Entry* written) {
  size_t limit = text_limit() / kShards;
  while (shard.bytes() > limit) {
    Entry* oldest = shard.Oldest();
    if (oldest == nullptr || oldest == written) return;
    shard.Remove(oldest);
    evictions_.Add(1);
  }
}

void Store::TrimAll() {
  for (size_t i = 0; i < kShards; ++i) {
    Lock lock(*this, uint64_t{1} << i);
    TrimText(shards_[i], nullptr);
  }
}

Store::Freed Store::EvictSome(Shard& shard, int zone) {
  Freed freed;
  for (int i = 0; i < kEvictPerTurn; ++i) {
    Entry* oldest = shard.Oldest();
    if (oldest == nullptr) break;
    freed.objects += oldest->ObjectsHeldAlone(zone);
    freed.text += oldest->bytes();
    shard.Remove(oldest);
    evictions_.Add(1);
  }
  return freed;
}

long Store::Evict(int zone, long wanted) {
  wanted = std::max(wanted, kEvictAtLeast);
  size_t enough_text = static_cast<size_t>(wanted) * MCLBYTES;
  Freed freed;
  uint64_t empty = 0;
  while (freed.objects < wanted && freed.text < enough_text && empty != ~uint64_t{0}) {
    size_t i = next_to_evict_.fetch_add(1, std::memory_order_relaxed) % kShards;
    uint64_t bit = uint64_t{1} << i;
    if (empty & bit) continue;
    // A shard that is busy now counts as empty: whoever wants memory must not wait for its lock.
    if ((t_locked & bit) || !shards_[i].mutex.try_lock()) {
      empty |= bit;
      continue;
    }
    Freed some = EvictSome(shards_[i], zone);
    shards_[i].mutex.unlock();
    freed.objects += some.objects;
    freed.text += some.text;
    if (some.text == 0) empty |= bit;
  }
  return freed.objects;
}

void Store::RemoveExpired(int64_t now_ms) {
  constexpr size_t kSample = 20;
  for (size_t i = 0; i < kShards; ++i) {
    Lock lock(*this, uint64_t{1} << i);
    Shard& shard = shards_[i];
    // As long as much of what it looks at has expired, there is likely more.
    size_t removed;
    do {
      removed = shard.RemoveExpired(kSample, now_ms);
      expired_.Add(removed);
    } while (removed > kSample / 4);
  }
}

void Store::Clear() {
  for (size_t i = 0; i < kShards; ++i) {
    Lock lock(*this, uint64_t{1} << i);
    shards_[i].Clear();
  }
}

Store::Totals Store::totals() {
  Totals totals;
  for (size_t i = 0; i < kShards; ++i) {
    Lock lock(*this, uint64_t{1} << i);
    totals.keys += shards_[i].keys();
    totals.expiring += shards_[i].expiring();
    totals.text_bytes += shards_[i].bytes();
  }
  return totals;
}

}  // namespace weir::server
