#include "weir/alloc/packets.h"

#include <algorithm>

#include "weir/alloc/hooks.h"
#include "weir/alloc/pools.h"

namespace weir {

bool Packets::Wanted() const {
  return pools_.zones[WEIR_ZONE_MBUF].Wanted() || pools_.zones[WEIR_ZONE_CLUSTER].Wanted();
}

void Packets::Fill(Cache& cache, int64_t kept) { FillFromDepot(cache, kept); }

void Packets::PutLoose(void* packet) {
  apart_.Add(1);
  void* cluster = SplitPacket(packet);
  pools_.zones[WEIR_ZONE_MBUF].PutOne(packet);
  pools_.zones[WEIR_ZONE_CLUSTER].PutOne(cluster);
}

// Only whole packets are in the depot: who waits for a part takes them apart.
void Packets::Returned() {
  for (int zone : {WEIR_ZONE_MBUF, WEIR_ZONE_CLUSTER}) pools_.zones[zone].waiters().Poke();
}

bool Packets::TakeApart() {
  if (depot_.NoneFull()) return false;
  InTransit guard(pools_.transit);
  Magazine* m = depot_.PopFull();
  if (m == nullptr) return false;
  TakeApart(m);
  return true;
}

void Packets::TakeIdleApart() {
  const Depot::Idle idle = depot_.TakeIdle();
  if (idle.all == 0) return;
  InTransit guard(pools_.transit);
  for (uint32_t shard = 0; shard < depot_shards; ++shard) {
    for (uint32_t n = idle.of[shard]; n > 0; --n) {
      Magazine* m = depot_.PopFrom(shard);
      if (m == nullptr) break;
      TakeApart(m);
    }
  }
}

void Packets::TakeApart(Magazine* m) {
  const int n = static_cast<int>(m->count);
  void* clusters[kMagazineRounds];
  for (int i = 0; i < n; ++i) clusters[i] = SplitPacket(m->rounds[i]);
  apart_.Add(static_cast<uint64_t>(n));
  pools_.zones[WEIR_ZONE_MBUF].PutMany(m->rounds, n);
  pools_.zones[WEIR_ZONE_CLUSTER].PutMany(clusters, n);
  m->count = 0;
  depot_.PutEmpty(m);
}

void* Packets::AllocSlow(ThreadRecord* t, int type, int how) {
  // Where packets are always freed in parts, for their clusters are shared, there are none.
  const bool none = depot_.NoneFull() && t != nullptr && t->caches[id_].Nothing();
  if (t != nullptr && !none) {
    const int64_t kept =
        std::min(pools_.zones[WEIR_ZONE_MBUF].Kept(), pools_.zones[WEIR_ZONE_CLUSTER].Kept());
    if (void* packet = Alloc(*t, TallyOf(WEIR_ZONE_PACKET, type), kept)) {
      OnAlloc(WEIR_ZONE_PACKET, packet);
      return packet;
    }
  }
  void* mbuf = pools_.Alloc(WEIR_ZONE_MBUF, type, how);
  if (mbuf == nullptr) return nullptr;
  void* cluster = pools_.Alloc(WEIR_ZONE_CLUSTER, kOfPacket, how);
  if (cluster == nullptr) {
    pools_.Free(WEIR_ZONE_MBUF, type, mbuf);
    return nullptr;
  }
  PacketCluster(mbuf) = cluster;
  return mbuf;
}

void Packets::FreeSlow(ThreadRecord* t, int type, void* packet) {
  const int tally = TallyOf(WEIR_ZONE_PACKET, type);
  if (t != nullptr && Free(*t, tally, packet)) return;
  pools_.shared.frees[tally].Add(1);
  PutLoose(packet);
}

void Packets::ResetFigures() {
  Caches::ResetFigures();
  apart_.Reset();
}

void Packets::Fill(weir_zone_snapshot& out, const Tallies& sums) const {
  uint64_t allocs = 0, frees = 0;  // as one piece
  for (int i = kFirstPacket; i < kTallies; ++i) {
    allocs += sums.allocs[i];
    frees += sums.frees[i];
  }
  FillCaches(out);
  const int64_t cached = static_cast<int64_t>(frees - allocs - apart_.Read());
  out.cached_thread = std::clamp<int64_t>(cached, 0, out.cached_thread);
  out.cached_depot = std::max<int64_t>(0, cached - out.cached_thread);
  out.allocs = allocs + sums.allocs[kPacketCluster];
  out.frees = frees + sums.frees[kPacketCluster];
  out.in_use = std::max<int64_t>(0, static_cast<int64_t>(out.allocs - out.frees));
  out.total = out.in_use + out.cached_thread + out.cached_depot;
}

}  // namespace weir
