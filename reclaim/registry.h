// The registry of thread records: one record for each live thread, never freed, used again.
//
// A record is claimed by a thread (of an abandoned one, or a new one is pushed), and abandoned
// when the thread ends. Because records are never freed, any thread may walk the list at any time
// without protection; because they are reused, what a record counts goes on counting.
//
//   operation   may race with                          progress
//   Claim       everything, for other records          lock-free (a new record may map memory)
//   Abandon     everything but the owner's own calls   wait-free
//   ForEach     everything                             wait-free, one step a record
//
// Record must have: `Record *next_record`, `Atomic<uint32_t> life`, and `bool Reusable() const`,
// true once nothing of its last owner is left in it.
//
// ABA: the list only grows, so its head cannot come back; a record's life changes hands only by
// compare-and-swap from kAbandoned.
#ifndef WEIR_RECLAIM_REGISTRY_H_
#define WEIR_RECLAIM_REGISTRY_H_

#include <cstdint>

#include "weir/stats/atomic.h"
#include "weir/stats/break.h"

namespace weir {

enum RecordLife : uint32_t { kAbandoned = 0, kClaimed = 1 };

template <typename Record>
class Registry {
 public:
  // A record that belongs to the caller alone, or nullptr if `make` returned nullptr.
  template <typename Make>
  Record* Claim(Make make) {
    for (Record* r = First(); r != nullptr; r = r->next_record) {
      if (TryClaim(r)) return r;
    }
    Record* fresh = make();
    if (fresh == nullptr) return nullptr;
    fresh->life.store(kClaimed, std::memory_order_relaxed);  // unpublished
    Record* head = head_.load(std::memory_order_relaxed);    // hint, revalidated below
    do {
      fresh->next_record = head;
      // [G1] release: pairs with [G2], publishes the new record; else a walker reads garbage.
      // seq_cst besides: a walker that misses the record announced itself before, and the record's
      // owner will see that when it opens its caches.
    } while (!head_.compare_exchange_weak(head, fresh, std::memory_order_seq_cst,
                                          std::memory_order_relaxed));
    return fresh;
  }

  // [G3] release: pairs with [G4], hands what the owner wrote to the next owner.
  void Abandon(Record* r) { r->life.store(kAbandoned, std::memory_order_release); }

  // Calls visit(record) for every record, whoever owns it.
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (Record* r = First(); r != nullptr; r = r->next_record) visit(*r);
  }

 private:
  // [G2] acquire: pairs with [G1]; seq_cst as there.
  Record* First() const { return head_.load(std::memory_order_seq_cst); }

  bool TryClaim(Record* r) {
    uint32_t life = r->life.load(std::memory_order_relaxed);  // hint, revalidated by the exchange
    if (life != kAbandoned || !r->Reusable()) return false;
    if (Broken(kBreakRecordClaim)) {
      r->life.store(kClaimed, std::memory_order_relaxed);
      return true;
    }
    // [G4] acquire: pairs with [G3]; else we could miss the last owner's counts.
    if (!r->life.compare_exchange_strong(life, kClaimed, std::memory_order_acquire,
                                         std::memory_order_relaxed)) {
      return false;
    }
    // Only now is it ours to look at: it may have been claimed and abandoned since the first look.
    if (Broken(kBreakClaimLook) || r->Reusable()) return true;
    Abandon(r);
    return false;
  }

  Atomic<Record*> head_{nullptr};
};

}  // namespace weir

#endif  // WEIR_RECLAIM_REGISTRY_H_
