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
  ForEachBit(shards_, [&](size_t i) {
    store_.Account(store_.shards_[i]);
    store_.shards_[i].mutex.unlock();
  });
}

void Store::Account(Shard& shard) {
  if (size_t change = shard.TakeChange(); change != 0) {
    text_bytes_.fetch_add(change, std::memory_order_relaxed);
  }
}

void Store::TrimText(Shard& shard, const Entry* written) {
  Account(shard);
  EvictText(written);
}

void Store::EvictText(const Entry* written) {
  const size_t limit = text_limit(), bytes = text_bytes();
  if (bytes <= limit) return;
  Note(text_was_short_);
  Eviction eviction{.zone = -1,
                    .for_text = true,
                    .written = written,
                    .objects_left = std::numeric_limits<long>::max(),
                    .text_left = static_cast<int64_t>(bytes - limit + limit / kTrimPart)};
  EvictOldest(eviction);
}

long Store::Evict(int zone, long wanted) {
  wanted = std::max(wanted, kEvictAtLeast);
  Eviction eviction{.zone = zone,
                    .for_text = false,
                    .written = nullptr,
                    .objects_left = wanted,
                    .text_left = static_cast<int64_t>(wanted) * MCLBYTES};
  EvictOldest(eviction);
  return eviction.freed;
}

void Store::EvictOldest(Eviction& eviction) {
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
}

std::optional<int64_t> Store::EvictOlder(size_t i, int64_t until_ms, Eviction& eviction) {
  Shard& shard = shards_[i];
  // An eviction must not wait. What this thread has locked itself may be in its hands, but not if
  // it has come to trim; a std::mutex must not be tried by its own holder either.
  const bool ours = t_locked >> i & 1;
  if (ours ? !eviction.for_text : !shard.mutex.try_lock()) return std::nullopt;
  Entry* oldest;
  while ((oldest = shard.Oldest()) != nullptr && oldest != eviction.written &&
         oldest->used_at_ms <= until_ms && !eviction.done()) {
    const size_t before = shard.bytes();
    const long objects = oldest->ObjectsHeldAlone(eviction.zone);
    if (oldest->is_chain() == eviction.for_text) Note(was_crossed_);
    shard.Remove(oldest);
    evictions_.Add(1);
    eviction.freed += objects;
    eviction.objects_left -= objects;
    eviction.text_left -= static_cast<int64_t>(before - shard.bytes());
  }
  auto used = oldest == nullptr || oldest == eviction.written ? std::nullopt
                                                              : std::optional(oldest->used_at_ms);
  Account(shard);
  if (!ours) shard.mutex.unlock();
  return used;
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
  }
  return totals;
}

}  // namespace weir::server
