// Giving memory back: slabs of which every object is free.
#include <algorithm>
#include <cstdint>

#include "weir/alloc/pools.h"
#include "weir/alloc/zone.h"

namespace weir {
namespace {

// While a trim has an object in its hands: whether it was set aside, in the address's lowest bit.
void* Marked(void* object) { return static_cast<char*>(object) + 1; }
bool IsMarked(const void* p) { return reinterpret_cast<uintptr_t>(p) % 2 != 0; }
void* Unmarked(void* p) { return static_cast<char*>(p) - (IsMarked(p) ? 1 : 0); }

// Objects [from, to) of the loot are of one slab; `counted` of them are not set aside.
struct Group {
  uint32_t slab, from, to, counted;
  uint32_t size() const { return to - from; }
};

}  // namespace

// What a trim has in its hands, in memory of its own.
struct Zone::Loot {
  explicit Loot(int64_t objects)
      : most(static_cast<size_t>(objects + kMagazineRounds)),
        bytes(most * (sizeof(void*) + sizeof(Group) + sizeof(Magazine*))),
        all(static_cast<void**>(MetadataAlloc(bytes))),
        groups(reinterpret_cast<Group*>(all + most)),
        magazines(reinterpret_cast<Magazine**>(groups + most)) {}
  ~Loot() {
    if (all != nullptr) MetadataFree(all, bytes);
  }
  Loot(const Loot&) = delete;
  Loot& operator=(const Loot&) = delete;

  void Take(Magazine* m) {
    while (m->count != 0) all[n++] = m->rounds[--m->count];
  }
  // Groups by slab, those with most free objects first. Returns how many groups.
  uint32_t Sort();

  const size_t most;
  const size_t bytes;
  void** const all;
  Group* const groups;
  Magazine** const magazines;
  uint32_t n = 0;
};

uint32_t Zone::Loot::Sort() {
  std::sort(all, all + n);
  uint32_t count = 0;
  for (uint32_t i = 0; i < n;) {
    Group g{g_slabs.Find(all[i]), i, i, 0};
    for (; g.to < n && g_slabs.Find(all[g.to]) == g.slab; ++g.to) {
      g.counted += IsMarked(all[g.to]) ? 0 : 1;
    }
    i = g.to;
    groups[count++] = g;
  }
  std::sort(groups, groups + count,
            [](const Group& a, const Group& b) { return a.size() > b.size(); });
  return count;
}

// Takes all objects of a slab, n, out of the count. False if more were carved meanwhile, or if it
// would go below the low-water mark.
bool Zone::Uncarve(uint32_t slab, uint32_t n, uint32_t counted) {
  uint64_t w = carving_.load(std::memory_order_acquire);  // [V2]
  uint64_t next;
  do {
    bool current = Carving::Slab1(w) == slab + 1;
    if (current ? Carving::Place(w) != n : SlabCapacity(id_) != n) return false;
    if (Carving::Carved(w) - static_cast<int64_t>(counted) <
        low_water_.load(std::memory_order_relaxed)) {  // hint
      return false;
    }
    uint32_t left = Carving::Carved(w) - counted;
    next = current ? Carving::Make(left, 0, 0)
                   : Carving::Make(left, Carving::Slab1(w), Carving::Place(w));
  } while (!carving_.compare_exchange_weak(w, next, std::memory_order_acq_rel,
                                           std::memory_order_acquire));  // [V2]
  return true;
}

// A slab of which no object is in anyone's hands. Returns its bytes.
int64_t Zone::GiveBack(uint32_t slab) {
  g_slabs.Unmake(slab, spare_slabs_, pools_.SourceOf(id_));
  slabs_.fetch_sub(1, std::memory_order_relaxed);  // counter
  return kSlabBytes;
}

// Takes so many magazines of each shard, the lowest (nullptr: all), and if that is all, what is
// loose or set aside too; gives up to `most` bytes of slabs back, and puts the rest back.
int64_t Zone::TrimLoot(Loot& loot, const Depot::Idle* idle, int64_t most) {
  InTransit guard(pools_.transit);
  bool all = true;
  for (uint32_t shard = 0; shard < depot_shards; ++shard) {
    uint32_t popped = 0;
    for (size_t rounds = loot.n; rounds + kMagazineRounds <= loot.most; ++popped) {
      Magazine* m = depot_.PopFrom(shard);
      if (m == nullptr) break;
      loot.magazines[popped] = m;
      rounds += m->count;
    }
    // The first popped are the latest used: they go back, in the order in which they were.
    const uint32_t taken = idle == nullptr ? popped : std::min(popped, idle->of[shard]);
    const uint32_t kept = popped - taken;
    if (kept != 0) all = false;
    for (uint32_t i = kept; i > 0; --i) depot_.PutFull(loot.magazines[i - 1], shard);
    for (uint32_t i = kept; i < popped; ++i) {
      loot.Take(loot.magazines[i]);
      depot_.PutEmpty(loot.magazines[i]);
    }
  }
  while (all && loot.n < loot.most) {
    void* object = TakeLoose();
    if (object == nullptr) break;
    loot.all[loot.n++] = object;
  }
  while (all && loot.n < loot.most) {
    uint32_t number = aside_.Pop(Looser());
    if (number == IndexStack::kNone) break;
    loot.all[loot.n++] = Marked(g_slabs.ObjectAt(number, id_));
  }
  int64_t freed = 0;
  Magazine* m = nullptr;
  const uint32_t groups = loot.Sort();
  for (uint32_t i = 0; i < groups; ++i) {
    const Group& g = loot.groups[i];
    if (freed < most && Uncarve(g.slab, g.size(), g.counted)) {
      aside_count_.fetch_sub(g.size() - g.counted, std::memory_order_relaxed);  // counter
      freed += GiveBack(g.slab);
      continue;
    }
    for (uint32_t k = g.from; k < g.to; ++k) {
      if (IsMarked(loot.all[k])) {
        aside_.Push(g_slabs.NumberOf(Unmarked(loot.all[k]), id_), Looser());
      } else {
        Pack(m, loot.all[k]);
      }
    }
  }
  PackRest(m);
  return freed;
}

// A slab of which nothing was ever carved: something else came back while it was made.
int64_t Zone::TrimUncarved() {
  const uint32_t slab1 = Carving::Slab1(carving_.load(std::memory_order_acquire));  // [V2]
  return slab1 != 0 && Uncarve(slab1 - 1, 0, 0) ? GiveBack(slab1 - 1) : 0;
}

int64_t Zone::Trim(int64_t most) {
  if (waiters_.Any()) return 0;
  while (LetGo()) {
  }
  // [Z1] acquire: pairs with [Z2]; one trim happens before the next.
  if (trimming_.exchange(1, std::memory_order_acquire) != 0) return 0;
  int64_t freed = 0;
  {
    Loot loot(carved() + aside_count_.load(std::memory_order_relaxed));  // hint
    if (loot.all != nullptr) freed = TrimLoot(loot, nullptr, most);
  }
  if (freed < most) freed += TrimUncarved();
  trimming_.store(0, std::memory_order_release);  // [Z2] release: pairs with [Z1]
  waiters_.Poke();
  if (freed != 0) pools_.SourceOf(id_).purge();
  return freed;
}

int64_t Zone::TrimIdle() {
  const Depot::Idle idle = depot_.TakeIdle();
  if (waiters_.Any()) return 0;
  if (trimming_.exchange(1, std::memory_order_acquire) != 0) return 0;  // [Z1]
  int64_t freed = TrimUncarved();
  if (idle.all != 0) {
    Loot loot(depot_.count() * kMagazineRounds);
    if (loot.all != nullptr) freed += TrimLoot(loot, &idle, INT64_MAX);
  }
  trimming_.store(0, std::memory_order_release);  // [Z2]
  waiters_.Poke();
  if (freed != 0) pools_.SourceOf(id_).purge();
  return freed;
}

}  // namespace weir

int64_t weir_pools::Trim() {
  Recall();
  while (packets.TakeApart()) {
  }
  int64_t bytes = 0;
  for (weir::Zone& zone : zones) bytes += zone.Trim();
  if (bytes != 0) RetireMagazines();
  return bytes;
}

// What is free takes magazines to hold it; now there is less of it.
void weir_pools::RetireMagazines() {
  const size_t most = weir::g_magazines.size();
  const size_t bytes = most * sizeof(uint32_t);
  uint32_t* numbers = static_cast<uint32_t*>(weir::MetadataAlloc(bytes));
  if (numbers == nullptr) return;
  size_t n = 0;
  for (int i = 0; i < WEIR_NZONES; ++i) n += caches(i).TakeEmpty(numbers + n, most - n);
  const size_t left = weir::g_magazines.Retire(numbers, n);
  for (size_t i = 0; i < left; ++i) zones[0].PutEmpty(weir::g_magazines.At(numbers[i]));
  weir::MetadataFree(numbers, bytes);
}

int64_t weir_pools::TrimTo(int64_t target) {
  int64_t given = 0;
  // First what no thread would miss.
  for (bool recalled : {false, true}) {
    if (recalled) {
      Recall();
      while (packets.TakeApart()) {
      }
    }
    for (weir::Zone& zone : zones) {
      int64_t held = 0;
      for (const weir::Zone& z : zones) held += z.bytes();
      if (held <= target) return given;
      given += zone.Trim(held - target);
    }
  }
  return given;
}

int64_t weir_pools::TrimIdle() {
  if (trimming_idle.exchange(1, std::memory_order_acquire) != 0) return 0;  // [Z1]
  weir::Caches::RecallIdle({&zones[0], &zones[1], &zones[2], &zones[3], &zones[4], &packets});
  packets.TakeIdleApart();
  int64_t bytes = 0;
  for (weir::Zone& zone : zones) bytes += zone.TrimIdle();
  trimming_idle.store(0, std::memory_order_release);  // [Z2]
  return bytes;
}
