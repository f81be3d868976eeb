// Packets: mbufs that are kept together with a 2 KiB cluster, ready for use, so that a packet costs
// one take and one put. A secondary zone: its objects are those of the mbuf and cluster zones, and
// go back there when one of those is short.
//
// A free packet is an mbuf whose m_ext still names its cluster. Packets are in thread caches and in
// a depot of their own; whoever looks for an mbuf or a cluster at the limit recalls these caches
// too, and takes packets of this depot apart. While anyone waits for an mbuf or a cluster, packets
// are freed apart.
#ifndef WEIR_ALLOC_PACKETS_H_
#define WEIR_ALLOC_PACKETS_H_

#include "weir/alloc/caches.h"

namespace weir {

class Packets final : public Caches {
 public:
  constexpr explicit Packets(weir_pools& pools) : Caches(pools, WEIR_ZONE_PACKET) {}

  // What the fast path could not do. `type` is the mbuf's. AllocSlow returns a packet of the depot
  // or one made of an mbuf and a cluster, ready for use; nullptr with errno, as of Zone.
  void* AllocSlow(ThreadRecord* t, int type, int how);
  void FreeSlow(ThreadRecord* t, int type, void* packet);

  // A magazine's worth of free packets goes to the zones of their parts. False: there is none.
  bool TakeApart();
  // The same with those that have been in the depot since the last call and were not needed.
  void TakeIdleApart();

  void Fill(weir_zone_snapshot& out, const Tallies& sums) const;
  void ResetFigures();

 private:
  bool Wanted() const override;
  void Fill(Cache& cache, int64_t kept) override;
  void PutLoose(void* packet) override;
  void Returned() override;
  void TakeApart(Magazine* m);  // in transit

  SharedCounter apart_;  // free packets that were taken apart
};

}  // namespace weir

#endif  // WEIR_ALLOC_PACKETS_H_
