// The caches of all threads for one kind of object, and the depot behind them. What a zone and the
// packets have in common; they differ in where objects come from that are in neither.
//
//   Alloc, Free       a slow operation of the caller's own cache     lock-free but for Fill
//   Recall, Close     may race with everything                       lock-free
//
// Exhaustion mode: while Wanted(), caches stay revoked, so that no object is put where the thread
// that waits for it does not look.
#ifndef WEIR_ALLOC_CACHES_H_
#define WEIR_ALLOC_CACHES_H_

#include <cstdint>
#include <initializer_list>

#include "weir/alloc/depot.h"
#include "weir/alloc/thread_record.h"
#include "weir/stats/counter.h"

struct weir_pools;

namespace weir {

class Caches {
 public:
  // What the fast path could not do, in the caller's cache. nullptr: there is none in it and none
  // to be had for it, but for `kept` magazines that are left to each other processor. False: the
  // cache does not take it.
  void* Alloc(ThreadRecord& t, int tally, int64_t kept);
  bool Free(ThreadRecord& t, int tally, void* object);

  // Takes all objects out of all thread caches of these, which belong to one set, into their
  // depots, at the cost of one HeavyFence. True if one was busy, so that something may still be in
  // someone's hands.
  static bool Recall(std::initializer_list<Caches*> which);
  // The same of those caches that nobody has used since the last call. One thread at a time.
  static void RecallIdle(std::initializer_list<Caches*> which);

  // Empties the caller's cache for good: its thread ends.
  void Close(ThreadRecord& t);

  // Fork: whether a thread other than `own` is in the middle of something; and, in the child,
  // objects of threads that are not there go to the depot.
  bool AnyBusy(const ThreadRecord* own) const;
  void BuryOthers(const ThreadRecord* own);

  // Fills in what a snapshot says of caches.
  void FillCaches(weir_zone_snapshot& out) const;
  int64_t HeldByThreads() const;
  // The depot's empty magazines, to be retired; and those that were not, back.
  size_t TakeEmpty(uint32_t* numbers, size_t most) { return depot_.TakeEmpty(numbers, most); }
  void PutEmpty(Magazine& m) { depot_.PutEmpty(&m); }
  void ResetFigures();

 protected:
  constexpr Caches(weir_pools& pools, int id) : pools_(pools), id_(id) {}
  ~Caches() = default;

  // Someone waits for what would be cached here. seq_cst.
  virtual bool Wanted() const = 0;
  // Puts objects into an empty cache, half of what it holds if there are so many.
  virtual void Fill(Cache& cache, int64_t kept) = 0;
  // Takes a single object, when there is no memory for a magazine.
  virtual void PutLoose(void* object) = 0;
  // Objects were put where takers look. The caller is in transit, or in its cache.
  virtual void Returned() = 0;

  // Moves from the depot into the cache, as Fill does; returns how many are still wanted.
  uint32_t FillFromDepot(Cache& cache, int64_t kept);
  // Puts an object into *m, a magazine being filled, which goes to the depot when it is full.
  void Pack(Magazine*& m, void* object);
  void PackRest(Magazine* m);

  weir_pools& pools_;
  const int id_;
  Depot depot_;

 private:
  template <typename Predicate>
  static bool RecallIf(std::initializer_list<Caches*> which, Predicate wanted);
  bool Open(Cache& cache);
  bool Restore(Cache& cache, bool flushing);
  void Flush(Cache& cache, uint32_t n);
  Magazine* EmptyMagazine();  // nullptr: there is no memory for one

  Atomic<uint64_t> passes_{0};  // of Recall; never reset, as the caches know some by number
  uint64_t passes_reset_ = 0;   // so many of them do not count
  SharedCounter recalled_;
};

}  // namespace weir

#endif  // WEIR_ALLOC_CACHES_H_
