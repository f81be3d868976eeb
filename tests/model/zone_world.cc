#include "tests/model/zone_world.h"

#include <cstdlib>
#include <cstring>
#include <set>

#include "tests/model/plain.h"
#include "weir/alloc/alloc.h"
#include "weir/alloc/fork.h"
#include "weir/alloc/metadata.h"
#include "weir/alloc/pools.h"
#include "weir/alloc/slab_range.h"
#include "weir/alloc/slab_source.h"

namespace weir {
namespace {

// Metadata and the slab come from here, so that they can be put back with everything else.
constexpr size_t kMetadataBytes = 4 << 20;
alignas(4096) char metadata[kMetadataBytes];
size_t metadata_used = 0;

alignas(kSlabBytes) char slab[kSlabBytes];
void* TakeSlab() { return slab; }
void LeaveSlab(void*) {}
void Purge() {}
constexpr SlabSource kOneSlab{"one", TakeSlab, LeaveSlab, Purge};

}  // namespace

void* MetadataAlloc(size_t bytes) {
  bytes = (bytes + 63) / 64 * 64;
  if (metadata_used + bytes > kMetadataBytes) abort();
  metadata_used += bytes;
  return metadata + metadata_used - bytes;
}
void MetadataFree(void*, size_t) {}
void MetadataForget(void*, size_t) {}
uint64_t MetadataBytes() { return metadata_used; }

namespace {
// What alloc/fork.cc asks pthread_atfork for.
struct AtFork {
  void (*prepare)();
  void (*parent)();
  void (*child)();
} at_fork;
}  // namespace

const char* ChooseSlabSources(const weir_options&, SlabSources& chosen) {
  chosen.all = &kOneSlab;
  return nullptr;
}
void LockRanges() {}
void UnlockRanges() {}

extern "C" int pthread_atfork(void (*prepare)(), void (*parent)(), void (*child)()) noexcept {
  at_fork = {prepare, parent, child};
  return 0;
}

namespace model {

void ZoneWorld::Save(void* at, size_t bytes) {
  char* p = static_cast<char*>(at);
  regions_.push_back({p, bytes, std::vector<char>(p, p + bytes)});
}

ZoneWorld::ZoneWorld() {
  g_pools.source = &kOneSlab;
  g_pools.options.warn_interval_s = 1000000;
  g_pools.options.wait_report_ms = int64_t{1} << 40;
  for (ThreadRecord*& r : records_) {
    r = g_pools.records.Claim(
        [] { return new (MetadataAlloc(sizeof(ThreadRecord))) ThreadRecord; });
    for (Cache& cache : r->caches) cache.Open();
  }
  InstallForkHandlers();
  zone().SetLimit(1);
  zone().Reserve(1);  // makes the slab and the first magazine
  Alloc(kMain, kNoWait);
  Alloc(kMain, kNoWait);  // fails, and warns for the only time
  Free(kMain);
  Save(&g_pools, sizeof g_pools);
  Save(&g_magazines, sizeof g_magazines);
  Save(metadata, metadata_used);
}

void ZoneWorld::Reset(int64_t limit) {
  for (Region& r : regions_) memcpy(r.at, r.saved.data(), r.bytes);
  for (Hands& h : hands_) h = Hands();
  if (forked_ >= 0) at_fork.parent();  // that run was cut short: opens the gate
  forked_ = -1;
  for (int i = 0; i < 8; ++i) new (slab + i * kObjectBytes[kZone]) Plain<int>;
  zone().SetLimit(limit);
}

Zone& ZoneWorld::zone() { return g_pools.zones[kZone]; }

ThreadRecord* ZoneWorld::RecordOf(int self) {
  if (t_record == nullptr || !Running()) t_record = records_[self];
  return t_record;
}

bool ZoneWorld::Alloc(int self, int how) {
  ThreadRecord* t = RecordOf(self);
  void* object = AllocFast(kZone, 0);
  if (object == nullptr) object = zone().AllocSlow(t, TallyOf(kZone, 0), how);
  if (object == nullptr) return false;
  static_cast<Plain<int>*>(object)->Write(self);  // races with its last holder?
  Hands& h = hands_[self];
  h.objects[h.n++] = object;
  return true;
}

bool ZoneWorld::Free(int self) {
  Hands& h = hands_[self];
  if (h.n == 0) return false;
  void* object = h.objects[--h.n];
  if (static_cast<Plain<int>*>(object)->Read() != self) Fail("an object has two owners");
  static_cast<Plain<int>*>(object)->Write(100);
  ThreadRecord* t = RecordOf(self);
  if (t->caches[kZone].Put(object, t->frees[TallyOf(kZone, 0)])) return true;
  zone().FreeSlow(t, TallyOf(kZone, 0), object);
  return true;
}

void ZoneWorld::End(int self) {
  ThreadRecord* t = RecordOf(self);
  t_record = nullptr;
  zone().Close(*t);
}

void ZoneWorld::Fork(int self) {
  RecordOf(self);
  forked_ = self;
  at_fork.prepare();
  Stop();
}

void ZoneWorld::Check() {
  std::set<void*> seen;
  const int64_t others = forked_ < 0 ? 0 : 1;
  if (forked_ >= 0) {
    t_record = records_[forked_];
    forked_ = -1;
    at_fork.child();
  }
  while (Alloc(kMain, kNoWait)) {
  }
  for (Hands& h : hands_) {
    for (int i = 0; i < h.n; ++i) {
      if (!seen.insert(h.objects[i]).second) Fail("an object is in two places");
    }
  }
  if (static_cast<int64_t>(seen.size()) + others < zone().limit()) Fail("an object was lost");
}

ZoneWorld& World() {
  static ZoneWorld world;
  return world;
}

}  // namespace model
}  // namespace weir
