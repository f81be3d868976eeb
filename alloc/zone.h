// A zone: all objects of one size, with a hard limit on how many there may be.
//
// An allocation looks in four places, nearest first: the thread's cache (inline, alloc/cache.h),
// the depot's full magazines, the loose stack (single objects back at their slabs), and slots of
// the current slab that were never carved. If all are empty, a new slab; then what other processors
// keep for themselves in the depot; at the limit, recall.
//
//   thread caches <--- half a magazine ---> depot <--- recall --- all caches
//        |                                    |
//        +--- one at a time (revoked) ---> loose stack, linked in the slabs' tables
//
// Caches and depot are alloc/caches.h.
//
// At the limit (AtLimit). The thread announces itself as a waiter, and so long as anyone is
// announced the zone is in *exhaustion mode*: caches stay revoked, every free goes to the loose
// stack or to the oldest waiter, nobody moves more than one object. Then: recall all caches; look,
// also among free packets (alloc/packets.h); broadcast the drain once; recall and look again; then
// fail, or sleep until something comes back.
//
// No false exhaustion: a thread gives up only after a look that found nothing while no cache was
// busy or held anything (they were all seen revoked and empty) and nothing was in transit
// (alloc/transit.h). No lost wake-up: reclaim/waiters.h, and Caches::Restore.
//
// Progress: steps up to a new slab are lock-free. A new slab may block in the slab source. A
// thread at the limit may be delayed by another that was stopped in the middle of moving objects
// (it yields and looks again, kLooks times), which no lock-free structure can avoid without
// calling an object in someone's hands free.
#ifndef WEIR_ALLOC_ZONE_H_
#define WEIR_ALLOC_ZONE_H_

#include <cstdint>

#include "weir/alloc/caches.h"
#include "weir/alloc/index_stack.h"
#include "weir/alloc/layout.h"
#include "weir/alloc/quarantine.h"
#include "weir/alloc/slab.h"
#include "weir/alloc/thread_record.h"
#include "weir/alloc/transit.h"
#include "weir/reclaim/waiters.h"
#include "weir/stats/counter.h"

namespace weir {

enum How { kNoWait = 1, kWait = 2 };

class Zone final : public Caches {
 public:
  constexpr Zone(weir_pools& pools, int id) : Caches(pools, id) {}

  // What the fast path could not do. `t` is the caller's record or nullptr. Alloc returns nullptr
  // with errno ENOBUFS, ETIMEDOUT or ECANCELED. Free cannot fail.
  void* AllocSlow(ThreadRecord* t, int tally, int how);
  void FreeSlow(ThreadRecord* t, int tally, void* object);

  // Recalls the caches in which objects of this zone may be: its own, and those of packets.
  bool Recall();

  // Puts a free object where takers look, unless someone waits for it.
  void PutOne(void* object);
  // The same for several, by who is in transit.
  void PutMany(void* const* objects, int n);

  // Most objects that may exist. 0, or EINVAL below what is in use or out of range. Any time. When
  // it is lowered, free objects above it are set aside until it is raised or their slab can go.
  int SetLimit(int64_t objects);
  // [V4] seq_cst: pairs with [V3].
  int64_t limit() const { return limit_.load(std::memory_order_seq_cst); }
  // How many magazines each shard of the depot keeps for its own processor; at the limit none.
  int64_t Kept() const;

  // Carves so that at least `objects` exist, and keeps them from Trim. 0, EINVAL (negative or above
  // the limit), ENOBUFS.
  int Reserve(int64_t objects);

  // Gives slabs of which every object is free back to the slab source, `most` bytes or a little
  // more. Returns bytes given back. Free objects of other slabs are put back so that those of
  // fuller slabs are taken first, and the emptier ones can go in time.
  int64_t Trim(int64_t most = INT64_MAX);
  // The same, of what has been in the depot since the last call and was not needed.
  int64_t TrimIdle();

  // Fills the zone's part of a snapshot.
  void Fill(weir_zone_snapshot& out, const Tallies& sums) const;
  int64_t InUse(const Tallies& sums) const;
  void ResetFigures();

  // In a fork's child (alloc/fork.h), whose only thread is the caller.
  void AfterFork();

  // For the start of a set, whose options are resolved: room for what is held back.
  void OpenQuarantine();

  // Held from the slab source, or from malloc.
  int64_t bytes() const;
  uint64_t failures() const { return failures_.Read(); }
  uint64_t delayed() const { return delayed_.Read(); }
  Waiters& waiters() { return waiters_; }

  bool Wanted() const override { return waiters_.Any(); }
  void Returned() override { ServeWaiters(kInside); }

 private:
  // Where the next object is carved, in one word: objects carved so far, slab + 1, place in it.
  struct Carving {
    static constexpr uint64_t Make(uint64_t carved, uint64_t slab1, uint64_t place) {
      return carved << 32 | slab1 << 11 | place;
    }
    static constexpr uint32_t Carved(uint64_t w) { return static_cast<uint32_t>(w >> 32); }
    static constexpr uint32_t Slab1(uint64_t w) { return (w >> 11) & 0x1fffff; }
    static constexpr uint32_t Place(uint64_t w) { return w & 0x7ff; }
  };
  static_assert(SlabCapacity(WEIR_ZONE_MBUF) <= 0x7ff && kMaxSlabs + 1 <= 0x1fffff);

  struct Looser {
    Atomic<uint32_t>& operator()(uint32_t number) const { return g_slabs.LinkOf(number); }
  };

  // zone.cc.
  void Fill(Cache& cache, int64_t kept) override;
  // The number that stands for a free object from now on; a number put where takers look; and the
  // object of a number that was taken, nullptr if there is no memory for it.
  uint32_t NumberFor(void* object);
  void PutNumber(uint32_t number);
  void* ObjectOf(uint32_t number);
  // The object is held back; the one that leaves for it, or nullptr.
  void* HoldBack(void* object);
  void* Leaving(void* object) const;  // the same object, verified
  // Some of what is held back goes where takers look. False: there is nothing.
  bool LetGo(Gate gate = kAtGate);
  void PutLoose(void* object) override;
  void* TakeLoose();
  void* TakeFromDepot(Gate gate);
  void* TakeOne(Gate gate = kAtGate);
  // Hands free objects to those who wait.
  void ServeWaiters(Gate gate);

  // Objects set aside by a lower limit: they are not counted as carved (carve.cc).
  void SetAside(int64_t limit);
  void* TakeSetAside(Gate gate);
  void* PopSetAside();  // in transit
  void PutAside(void* object);
  bool CountCarved(int by);
  bool OverLimit() const;

  // New objects (carve.cc). Carve: up to n from the current slab; Grow: false at the limit or
  // without memory, else there may be more to carve now.
  uint32_t Carve(uint32_t n, void** out);
  bool Grow();
  int64_t carved() const;
  bool Uncarve(uint32_t slab, uint32_t n, uint32_t counted);
  int64_t GiveBack(uint32_t slab);
  struct Loot;
  int64_t TrimLoot(Loot& loot, const Depot::Idle* idle, int64_t most);
  int64_t TrimUncarved();

  // At the limit (limit.cc).
  void* AtLimit(int tally, int how);
  void* AwaitTurn(uint64_t& ticket, int64_t deadline);
  void* LeaveQueue(uint64_t ticket, void* object);
  bool TakePacketsApart();
  bool Due(Atomic<int64_t>& at);
  void Warn();
  void Report(int64_t waited_ns) const;

  // ---- Read often, written seldom ----
  Atomic<int64_t> limit_{0};
  Atomic<int64_t> low_water_{0};
  // ---- Shared; each of these structs has cache lines of its own ----
  alignas(64) Atomic<uint64_t> carving_{0};
  alignas(64) IndexStack loose_;
  Waiters waiters_;
  alignas(64) IndexStack aside_;  // linked as loose_ is: an object is on one of them at most
  alignas(64) Quarantine quarantine_;
  // ---- Slow paths ----
  alignas(64) IndexStack spare_slabs_;  // records of slabs that are gone
  Atomic<int64_t> slabs_{0};            // live
  Atomic<int64_t> loose_count_{0};      // on loose_
  Atomic<int64_t> aside_count_{0};      // on aside_
  Atomic<uint32_t> trimming_{0};
  Atomic<int64_t> next_warning_ns_{0};
  Atomic<int64_t> next_report_ns_{0};
  SharedCounter failures_, delayed_, waits_, drains_, drained_;
  SharedCounter wait_buckets_[WEIR_WAIT_BUCKETS + 1];  // not cumulative
  SharedCounter wait_sum_ns_;
};

}  // namespace weir

#endif  // WEIR_ALLOC_ZONE_H_
