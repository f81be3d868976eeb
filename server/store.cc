#include "weir/server/store.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include "weir/chain/mbuf.h"

namespace weir::server {
namespace {

// The shards that this thread has locked: an allocation under a lock may come back here, as the
// drain handler.
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
  // The entries of chains take text too, but of chains there are as many as the zones hold.
  const bool for_text = written == nullptr || !written->is_chain();
  while (shard.bytes() > limit) {
    Entry* oldest = shard.Oldest();
    if (oldest == nullptr || oldest == written) return;
    if (for_text) Note(text_was_short_);
    if (for_text && oldest->is_chain()) Note(was_crossed_);
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

bool Store::TryLock(size_t i) {
  // A std::mutex must not be tried by its own holder.
  return !(t_locked >> i & 1) && shards_[i].mutex.try_lock();
}

std::optional<int64_t> Store::EvictOlder(size_t i, int64_t until_ms, Eviction& eviction) {
  if (!TryLock(i)) return std::nullopt;
  Shard& shard = shards_[i];
  Entry* oldest;
  while ((oldest = shard.Oldest()) != nullptr && oldest->used_at_ms <= until_ms &&
         !eviction.done()) {
    long objects = oldest->ObjectsHeldAlone(eviction.zone);
    eviction.freed += objects;
    eviction.objects_left -= objects;
    eviction.text_left -= static_cast<int64_t>(oldest->bytes());
    if (!oldest->is_chain()) Note(was_crossed_);
    shard.Remove(oldest);
    evictions_.Add(1);
  }
  auto used = oldest == nullptr ? std::nullopt : std::optional(oldest->used_at_ms);
  shards_[i].mutex.unlock();
  return used;
}

long Store::Evict(int zone, long wanted) {
  wanted = std::max(wanted, kEvictAtLeast);
  Eviction eviction{zone, wanted, static_cast<int64_t>(wanted) * MCLBYTES};
  // Shards by the age of their oldest, so that all age alike; to look at them evicts nothing.
  using Age = std::pair<int64_t, size_t>;
  std::priority_queue<Age, std::vector<Age>, std::greater<>> ages;
  for (size_t i = 0; i < kShards; ++i) {
    auto used = EvictOlder(i, std::numeric_limits<int64_t>::min(), eviction);
    if (used) ages.emplace(*used, i);
  }
  while (!ages.empty() && !eviction.done()) {
    size_t i = ages.top().second;
    ages.pop();
    int64_t until = ages.empty() ? std::numeric_limits<int64_t>::max() : ages.top().first;
    auto used = EvictOlder(i, until, eviction);
    if (used) ages.emplace(*used, i);
  }
  return eviction.freed;
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
