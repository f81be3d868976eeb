#include "tests/model/zone_world.h"

#include <cstdlib>
#include <cstring>
#include <set>

#include "tests/model/plain.h"
#include "weir/alloc/alloc.h"
#include "weir/alloc/fork.h"
#include "weir/alloc/metadata.h"
#include "weir/alloc/own_thread.h"
#include "weir/alloc/pools.h"
#include "weir/alloc/sampling.h"
#include "weir/alloc/slab_range.h"
#include "weir/alloc/slab_source.h"

namespace weir {
namespace {

// Metadata and slabs come from here, so that they can be put back with everything else.
constexpr size_t kMetadataBytes = 10 << 20;
alignas(4096) char metadata[kMetadataBytes];
size_t metadata_used = 0;

constexpr int kSlabs = 2;
alignas(kSlabBytes) char slabs[kSlabs][kSlabBytes];
int slabs_used = 0;
void* TakeSlab() {
  if (slabs_used == kSlabs) abort();
  return slabs[slabs_used++];
}
void LeaveSlab(void*) {}
void Purge() {}
constexpr SlabSource kStaticSlabs{"static", TakeSlab, LeaveSlab, Purge};

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
  chosen.all = &kStaticSlabs;
  return nullptr;
}
void StartTrimming() {}
int KeepOwnThread() { return 0; }
void LeaveOwnThread() {}
void RingOwnThread() {}
void RestartOwnThread() {}
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

ZoneWorld::ZoneWorld(bool packets)
    : packets_(packets), kind_(packets ? WEIR_ZONE_CLUSTER : WEIR_ZONE_JUMBO_PAGE) {
  g_pools.source = &kStaticSlabs;
  g_pools.options.warn_interval_s = 1000000;
  g_pools.options.wait_report_ms = 0;  // never: a wait that times out would hide a lost wake-up
  for (ThreadRecord*& r : records_) {
    r = g_pools.records.Claim(
        [] { return new (MetadataAlloc(sizeof(ThreadRecord))) ThreadRecord; });
    for (Cache& cache : r->caches) cache.Open();
  }
  InstallForkHandlers();
  for (int kind : {int{WEIR_ZONE_MBUF}, kind_}) {
    if (kind == WEIR_ZONE_MBUF && !packets) continue;
    g_pools.zones[kind].SetLimit(1);
    g_pools.zones[kind].Reserve(1);  // makes the slab and the first magazine
    g_pools.zones[kind].Reserve(0);
    Alloc(kMain, kNoWait, kind);
    Alloc(kMain, kNoWait, kind);  // fails, and warns for the only time
    Free(kMain);
  }
  OpenQuarantine(2);  // makes the ring
  OpenQuarantine(0);
  Save(&g_pools, sizeof g_pools);
  Save(&g_magazines, sizeof g_magazines);
  Save(metadata, metadata_used);
}

void ZoneWorld::Reset(int64_t limit, int64_t mbufs) {
  depot_shards = 1;
  for (Region& r : regions_) memcpy(r.at, r.saved.data(), r.bytes);
  for (Hands& h : hands_) h = Hands();
  if (forked_ >= 0) at_fork.parent();  // that run was cut short: opens the gate
  forked_ = -1;
  for (int s = 0; s < slabs_used; ++s) {
    const size_t bytes = kObjectBytes[packets_ && s == 0 ? WEIR_ZONE_MBUF : kind_];
    for (size_t i = 0; i < 8; ++i) new (slabs[s] + i * bytes) Plain<int>;
  }
  zone().SetLimit(limit);
  if (packets_) g_pools.zones[WEIR_ZONE_MBUF].SetLimit(mbufs);
}

void ZoneWorld::Shards(uint32_t n) { depot_shards = n; }

void ZoneWorld::OpenQuarantine(int64_t n) {
  g_pools.options.quarantine = n;
  zone().OpenQuarantine();
}

void ZoneWorld::Quarantine() {
  OpenQuarantine(2);
  g_pools.uncached = 1u << kind_;
}

Zone& ZoneWorld::zone() { return g_pools.zones[kind_]; }

ThreadRecord* ZoneWorld::RecordOf(int self) {
  if (t_thread.record == nullptr || !Running()) t_thread.record = records_[self];
  t_processor = static_cast<uint32_t>(self);
  return t_thread.record;
}

// Plain memory of an object, which finds out about races with its last holder.
static Plain<int>& In(void* object) { return *static_cast<Plain<int>*>(object); }

bool ZoneWorld::KnowsRate(int self) {
  ThreadRecord& r = *records_[self];
  if (r.rate_seen == SampleRate()) return true;
  // Or it will when it next allocates, for it cannot do so on the fast path.
  r.allocs[0].Arm(UINT64_MAX);
  return r.caches[kind_].Take(r.allocs[0]) == nullptr;
}

bool ZoneWorld::Alloc(int self, int how, int kind) {
  RecordOf(self);
  void* object = g_pools.Alloc(kind, 0, how);
  if (object == nullptr) return false;
  In(object).Write(self);
  if (kind == WEIR_ZONE_PACKET) In(PacketCluster(object)).Write(self);
  Hands& h = hands_[self];
  h.held[h.n++] = {kind, object};
  return true;
}

bool ZoneWorld::Free(int self) {
  Hands& h = hands_[self];
  if (h.n == 0) return false;
  const auto [kind, object] = h.held[--h.n];
  for (void* part : {object, kind == WEIR_ZONE_PACKET ? PacketCluster(object) : object}) {
    if (In(part).Read() != self) Fail("an object has two owners");
  }
  In(object).Write(100);
  if (kind == WEIR_ZONE_PACKET) In(PacketCluster(object)).Write(100);
  RecordOf(self);
  g_pools.Free(kind, 0, object);
  return true;
}

void ZoneWorld::End(int self) {
  ThreadRecord* t = RecordOf(self);
  t_thread.record = nullptr;
  zone().Close(*t);
  if (!packets_) return;
  g_pools.zones[WEIR_ZONE_MBUF].Close(*t);
  g_pools.packets.Close(*t);
}

void ZoneWorld::Fork(int self) {
  RecordOf(self);
  forked_ = self;
  at_fork.prepare();
  Stop();
}

void ZoneWorld::Check() {
  const int64_t others = forked_ < 0 ? 0 : 1;
  if (forked_ >= 0) {
    t_thread.record = records_[forked_];
    forked_ = -1;
    at_fork.child();
  }
  CheckZone(kind_, others);
  if (packets_) CheckZone(WEIR_ZONE_MBUF, others);
}

void ZoneWorld::CheckZone(int zone, int64_t others) {
  while (Alloc(kMain, kNoWait, zone)) {
  }
  std::set<void*> seen;
  for (Hands& h : hands_) {
    for (int i = 0; i < h.n; ++i) {
      auto [kind, object] = h.held[i];
      if (kind != zone && kind != WEIR_ZONE_PACKET) continue;
      if (kind == WEIR_ZONE_PACKET && zone == WEIR_ZONE_CLUSTER) object = PacketCluster(object);
      if (!seen.insert(object).second) Fail("an object is in two places");
    }
  }
  if (static_cast<int64_t>(seen.size()) + others < g_pools.zones[zone].limit()) {
    Fail("an object was lost");
  }
}

ZoneWorld& World(bool packets) {
  static ZoneWorld world(packets);
  return world;
}

}  // namespace model
}  // namespace weir
