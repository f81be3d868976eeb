// A thread's cache of free objects of one zone, and the one mechanism by which others can take it
// away without the owner's help: revocation.
//
// Motivation. The owner allocates and frees with plain loads and stores: no read-modify-write, no
// fence. Yet at the limit no object may stay out of reach in the cache of a thread that sleeps in
// a system call. So a reclaimer can take any cache, in three steps:
//
//   1. ctl: kOwned -> kRevoking, lim = 0, for every cache that there is
//   2. one HeavyFence() for all of them
//   3. each cache whose owner is not in the middle of an operation (not busy) is emptied into the
//      depot: ctl -> kTaken. One that is busy is left to its owner: ctl -> kDrainReq.
//
// The owner's side of the fence: store busy, LightFence(), load lim. Either the reclaimer sees
// busy and keeps its hands off, or the owner sees lim == 0 and takes the slow path. Nobody waits
// for anybody.
//
// Signal handlers. The owner sets busy, unless it is, and only then reads count. A handler that
// comes before it is set is a whole operation of its own; one that comes after sees it set and
// goes to the depot. (Busy as a bit of count would leave a gap: count read, handler, busy set.)
//
//   busy   owner-written: an operation is touching slots
//   count  owner-written: number of objects
//   lim    most objects that the fast path may keep here; 0 = revoked. Written by the reclaimer in
//          kRevoking, by the owner in states that are its own (kTaken, kFlushing, kDead)
//   ctl    who may touch slots:
//
//            kOwned    the owner
//            kRevoking the reclaimer that put it there, once it saw it not busy
//            kTaken    nobody: the cache is empty, whatever count says
//            kDrainReq the owner, which must empty it before anything else
//            kFlushing the owner, which is emptying it
//            kOrphan   the reclaimer: the owner ended while it was kRevoking
//            kDead     nobody: there is no owner
//
//                 reclaimer                 owner
//      kOwned -------------> kRevoking      kTaken ------------------> kOwned    Restore
//      kDrainReq ----------> kRevoking      kDrainReq -> kFlushing --> kTaken    Enter
//      kRevoking (idle) ---> kTaken         kOwned -> kFlushing -----> kTaken    RevokeOwn
//      kRevoking (busy) ---> kDrainReq      kOwned, kDrainReq -> kFlushing -> kDead   Close
//      kOrphan ------------> kDead          kTaken ------------------> kDead     Close
//                                           kRevoking ---------------> kOrphan   Close
//                                           kDead -------------------> kTaken    Open
//
// Slow operations (Enter .. Leave) do not rely on the asymmetric fence: they exchange busy with
// sequential consistency and look at ctl. Where there is no membarrier, lim is always 0, and every
// operation is a slow one.
//
//   operation                may race with                                  progress
//   Take, Put, Enter..Leave  everything but the owner's own calls;          wait-free
//                            a signal handler of the owner gets kReentered
//   Revoke, Collect          everything                                     wait-free
//   Close                    everything but the owner's own calls           wait-free
//
// ABA on ctl: a reclaimer's compare-and-swap is from the state that it put there itself.
#ifndef WEIR_ALLOC_CACHE_H_
#define WEIR_ALLOC_CACHE_H_

#include <algorithm>
#include <cstdint>

#include "weir/alloc/layout.h"
#include "weir/reclaim/fence.h"
#include "weir/stats/atomic.h"
#include "weir/stats/break.h"
#include "weir/stats/countdown.h"
#include "weir/stats/counter.h"

namespace weir {

class Cache {
 public:
  enum Control : uint32_t { kDead, kOwned, kRevoking, kTaken, kDrainReq, kFlushing, kOrphan };

  // ---- The owner, fast ----

  // An object, counted in `allocs`; nullptr: take the slow path, as also when that says so
  // (alloc/sampling.h).
  template <int kLowBits>
  void* Take(Countdown<kLowBits> allocs) {
    if (!busy_.Claim()) [[unlikely]]  // relaxed: ordered by the fence, see [C1]
      return nullptr;
    LightFence();
    const uint64_t n = count_.Own();
    // [C1] acquire: with busy, claimed above, and LightFence, the owner's half of the asymmetric fence;
    // pairs with [C3]; else we could take from a slot that the reclaimer is emptying.
    // One unsigned compare finds the cache empty and revoked.
    if (n - 1 >= lim_.load(std::memory_order_acquire)) [[unlikely]] {
      busy_.store(0, std::memory_order_release);  // [C2]
      return nullptr;
    }
    void* object = slots_[n - 1];
    if (!allocs.Count()) [[unlikely]] {
      busy_.store(0, std::memory_order_release);  // [C2]
      return nullptr;
    }
    count_.store(n - 1, std::memory_order_relaxed);  // published by [C2]
    // [C2] release: pairs with [C4]; what we did with slots happens before the reclaimer's turn.
    busy_.store(0, std::memory_order_release);
    if (object == nullptr) __builtin_unreachable();  // so that callers do not test it again
    return object;
  }

  // Puts an object in, counted in `frees`; false: take the slow path.
  bool Put(void* object, Counter& frees) {
    if (!busy_.Claim()) [[unlikely]]  // as in Take
      return false;
    LightFence();
    const uint64_t n = count_.Own();
    if (n >= lim_.load(std::memory_order_acquire)) [[unlikely]] {  // [C1]
      busy_.store(0, std::memory_order_release);                   // [C2]
      return false;
    }
    slots_[n] = object;
    frees.Increment();
    count_.store(n + 1, std::memory_order_relaxed);  // published by [C2]
    busy_.store(0, std::memory_order_release);       // [C2]
    return true;
  }

  // ---- The owner, slow ----

  enum Entry {
    kEntered,    // the cache is ours until Leave
    kEmpty,      // it was taken and is empty: ours too; Restore to use it again
    kMustFlush,  // a reclaimer asked for it: Flush everything, then Leave
    kAway,       // a reclaimer has it: use the depot; nothing to leave
    kReentered   // a signal handler interrupted an operation: use the depot; nothing to leave
  };

  Entry Enter() {
    if (busy_.Own() != 0) return kReentered;
    // [C5] seq_cst: pairs with [C3] and [C4]. A reclaimer that does not see us busy has put
    // kRevoking where we see it.
    busy_.exchange(kBusy, std::memory_order_seq_cst);
    // [C6] seq_cst: the load of that pair; acquire besides, pairs with [C7].
    uint32_t ctl = ctl_.load(std::memory_order_seq_cst);
    if (ctl == kOwned) return kEntered;
    if (ctl == kTaken) {
      count_.store(0, std::memory_order_relaxed);  // owner-only: it was stale
      return kEmpty;
    }
    // [C8] acquire: pairs with [C7] of the reclaimer that asked.
    if (ctl == kDrainReq && ctl_.compare_exchange_strong(ctl, kFlushing, std::memory_order_acquire,
                                                         std::memory_order_relaxed)) {
      return kMustFlush;
    }
    Leave();
    return kAway;
  }

  // Between Enter and Leave.
  uint32_t count() const {
    return static_cast<uint32_t>(count_.load(std::memory_order_relaxed));  // owner-only, hint
  }
  void Push(void* object) {
    uint32_t n = count();
    slots_[n] = object;
    count_.store(n + 1, std::memory_order_relaxed);  // published by [C2]
  }
  void* Pop() {
    uint32_t n = count() - 1;
    count_.store(n, std::memory_order_relaxed);  // published by [C2]
    return slots_[n];
  }
  // The n that came last, in the order in which they came; n <= count(). And back, if there is room.
  void PopTo(void** to, uint32_t n) {
    const uint32_t left = count() - n;
    std::copy_n(slots_ + left, n, to);
    count_.store(left, std::memory_order_relaxed);  // published by [C2]
  }
  void PushFrom(void* const* from, uint32_t n) {
    const uint32_t before = count();
    std::copy_n(from, n, slots_ + before);
    count_.store(before + n, std::memory_order_relaxed);  // published by [C2]
  }
  void Leave() { busy_.store(0, std::memory_order_release); }  // [C2]

  // Without Enter: open, but there is nothing in it; and the same, or taken. Owner-only.
  bool OpenAndEmpty() const {
    return count() == 0 && lim_.load(std::memory_order_relaxed) != 0;  // hint
  }
  bool Nothing() const {
    return OpenAndEmpty() || ctl_.load(std::memory_order_relaxed) == kTaken;  // hint
  }

  // After kEmpty, or after kMustFlush with everything flushed: the fast path works again.
  void Restore(uint32_t lim) {
    lim_.store(lim, std::memory_order_relaxed);  // published by [C9], or unused (0)
    // [C9] seq_cst: pairs with [C10] and [C3]; with the owner's look at the waiters that must
    // follow, one side of a Dekker pair; the other is Waiters::Announce() [W1] and Revoke's look at
    // ctl.
    ctl_.store(kOwned, std::memory_order_seq_cst);
  }
  // After kMustFlush with nothing done: the request stands. release: as [C7].
  void Defer() { ctl_.store(kDrainReq, std::memory_order_release); }
  // After kMustFlush or RevokeOwn with everything flushed: the cache stays revoked.
  // release: as [C9].
  void StayRevoked() { ctl_.store(kTaken, std::memory_order_release); }
  // Between Enter (kEntered, or after Restore) and Leave: takes the cache away from ourselves.
  // False if a reclaimer came first; then it is that reclaimer's.
  bool RevokeOwn() {
    uint32_t expected = kOwned;
    if (!ctl_.compare_exchange_strong(expected, kFlushing, std::memory_order_acquire,
                                      std::memory_order_relaxed)) {
      return false;
    }
    lim_.store(0, std::memory_order_relaxed);  // owner-only: the owner reads it
    return true;
  }

  // The thread ends. True: the cache is ours and must be flushed, then Kill()ed. False: there is
  // nothing to flush. No other call of the owner may follow.
  bool Close();
  void Kill() {
    Leave();
    ctl_.store(kDead, std::memory_order_release);  // [C11] release: pairs with [C12]
  }

  // A new owner, of a cache that Reusable() said is dead.
  void Open() {
    busy_.store(0, std::memory_order_relaxed);      // unpublished: nobody looks at a dead cache
    count_.store(0, std::memory_order_relaxed);     // unpublished
    lim_.store(0, std::memory_order_relaxed);       // unpublished
    ctl_.store(kTaken, std::memory_order_release);  // as [C9]
  }
  // [C12] acquire: pairs with [C11].
  bool Reusable() const { return ctl_.load(std::memory_order_acquire) == kDead; }

  // ---- A reclaimer ----

  enum Revoked { kMine, kNothing, kBusyElsewhere };

  // Step 1, of the pass with this number, which no other pass of the zone has. kMine: go on with
  // HeavyFence() and, where Mine(pass), Collect. kNothing: there is nothing in it.
  // kBusyElsewhere: its owner or another reclaimer is moving its objects.
  Revoked Revoke(uint64_t pass) {
    // [C10] seq_cst: pairs with [C9].
    uint32_t ctl = ctl_.load(std::memory_order_seq_cst);
    while (ctl == kOwned || ctl == kDrainReq) {
      // [C3] seq_cst: pairs with [C5], and with lim = 0 and HeavyFence also pairs with [C1].
      // acquire besides: pairs with [C9] of the owner and [C7] of the pass before.
      if (ctl_.compare_exchange_weak(ctl, kRevoking, std::memory_order_seq_cst,
                                     std::memory_order_seq_cst)) {
        lim_.store(0, std::memory_order_relaxed);      // ordered by HeavyFence, see [C1]
        pass_.store(pass, std::memory_order_relaxed);  // owner-only: kRevoking is ours
        return kMine;
      }
    }
    return ctl == kTaken || ctl == kDead ? kNothing : kBusyElsewhere;
  }

  // Whether this pass put the cache into kRevoking. relaxed (hint): only we store this number.
  bool Mine(uint64_t pass) const { return pass_.load(std::memory_order_relaxed) == pass; }

  // Step 3, of a cache that Revoke gave us: calls take(object) for each object in it. False: the
  // owner is busy and will flush it itself.
  template <typename TakeObject>
  bool Collect(TakeObject take);

  // What a snapshot counts as being in this cache. Exact when quiet.
  uint32_t Held() const {
    uint32_t ctl = ctl_.load(std::memory_order_acquire);  // [C12]
    bool holds = ctl == kOwned || ctl == kDrainReq || ctl == kFlushing || ctl == kRevoking;
    return holds ? count() : 0;  // hint
  }
  // Whether a pass of Recall has anything to do here. seq_cst: as [C10].
  bool Recallable() const {
    uint32_t ctl = ctl_.load(std::memory_order_seq_cst);
    return ctl != kTaken && ctl != kDead;
  }
  // seq_cst: pairs with [C5]; for fork, which waits until nobody is in the middle of anything.
  bool Busy() const { return busy_.load(std::memory_order_seq_cst) != 0; }

  // In a fork's child, of a thread that is not there: everything in it goes to take, and it dies.
  // quiescent.
  template <typename TakeObject>
  void Bury(TakeObject take);

 private:
  template <typename TakeObject>
  void TakeAll(TakeObject take) {
    const uint32_t n = count();  // quiescent: ordered by [C4] or [C13]
    for (uint32_t i = 0; i < n; ++i) take(slots_[i]);
  }

  static constexpr uint32_t kBusy = OwnersAtomic<uint32_t>::kClaimed;

  // ---- Owner-written ----
  alignas(64) OwnersAtomic<uint32_t> busy_{0};
  // Reclaimer-written, but read by the owner in every operation, and written seldom.
  Atomic<uint32_t> lim_{0};
  // Of 64 bits, as what it counts is indexed with it.
  OwnersAtomic<uint64_t> count_{0};
  void* slots_[kCacheMax];
  // ---- Shared ----
  alignas(64) Atomic<uint32_t> ctl_{kDead};
  Atomic<uint64_t> pass_{0};  // the last pass that revoked it

  // So that one follows another at the same place in 256 bytes (alloc/thread_record.h).
  static constexpr size_t kUsed = (16 + sizeof slots_ + 63) / 64 * 64 + 64;
  [[maybe_unused]] alignas(64) char gap_[256 - kUsed % 256];
};
static_assert(alignof(Cache) == 64, "ctl has a cache line of its own");
static_assert(!kRealAtomics || sizeof(Cache) % 256 == 0);

template <typename TakeObject>
bool Cache::Collect(TakeObject take) {
  // [C4] acquire: pairs with [C2], the owner's last operation is complete. seq_cst besides: pairs
  // with [C5]. After HeavyFence it also sees busy of any fast operation that did not see lim == 0.
  const std::memory_order order = Order(kBreakTakeAcquire, std::memory_order_seq_cst);
  bool taken = busy_.load(order) == 0;
  for (int i = 0; !taken && i < kBusyReads; ++i) taken = busy_.load(order) == 0;
  if (taken) TakeAll(take);
  uint32_t expected = kRevoking;
  // [C7] release: pairs with [C6], [C8] and [C3], the slots are the owner's again (or nobody's)
  // after we are done with them. acquire on failure: pairs with [C13].
  if (ctl_.compare_exchange_strong(expected, taken ? kTaken : kDrainReq, std::memory_order_release,
                                   std::memory_order_acquire)) {
    return taken;
  }
  // kOrphan: the owner has ended. If it was busy then, it is not any more.
  if (!taken) TakeAll(take);
  ctl_.store(kDead, std::memory_order_release);  // [C11]
  return true;
}

inline bool Cache::Close() {
  busy_.exchange(kBusy, std::memory_order_seq_cst);     // [C5]
  uint32_t ctl = ctl_.load(std::memory_order_seq_cst);  // [C6]
  for (;;) {
    switch (ctl) {
      case kOwned:
      case kDrainReq:
        if (ctl_.compare_exchange_weak(ctl, kFlushing, std::memory_order_acquire,  // [C8]
                                       std::memory_order_acquire)) {
          lim_.store(0, std::memory_order_relaxed);  // owner-only
          return true;
        }
        break;
      case kRevoking:
        Leave();
        // [C13] release: pairs with the failing [C7]; the reclaimer may now take all.
        if (ctl_.compare_exchange_weak(ctl, kOrphan, std::memory_order_release,
                                       std::memory_order_acquire)) {
          return false;
        }
        busy_.exchange(kBusy, std::memory_order_seq_cst);  // [C5]
        ctl = ctl_.load(std::memory_order_seq_cst);        // [C6]
        break;
      default:  // kTaken: nothing in it
        Kill();
        return false;
    }
  }
}

template <typename TakeObject>
void Cache::Bury(TakeObject take) {
  if (Held() != 0) TakeAll(take);
  busy_.store(0, std::memory_order_relaxed);
  lim_.store(0, std::memory_order_relaxed);
  ctl_.store(kDead, std::memory_order_release);  // [C11]
}

}  // namespace weir

#endif  // WEIR_ALLOC_CACHE_H_
