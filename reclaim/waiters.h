// Threads that wait for an object: first come, first served, and what comes back is handed to them.
//
//   waiter                                  who has an object to give
//   Announce()
//   t = Enter()                  [Q1]       Grant(object): the oldest waiter gets it, or else
//   look for an object (seq_cst)            push it where takers look (seq_cst)
//     found: Leave(t)                       Queued()? [Q2] take one, if it is still there, and
//     Grant
//   Await(t): an object, or look again      (all of it again)
//
// No wake-up is lost: the two sides are a Dekker pair of sequentially consistent operations. Either
// the waiter's look sees the push, or the pusher's Queued() sees the waiter and takes the object
// back to hand it over.
//
// Tickets are numbers that never come back; ticket t waits at slot t % kSlots, one word:
//
//   kEmpty ------> kWaiting ------> kEmpty         Await, and when it took what it was granted
//   kEmpty, kWaiting, kAgain -----> an object      Grant, for the ticket at the head
//   kEmpty, kWaiting -------------> kAgain         Poke: look again, something has changed
//   kEmpty, kWaiting, kAgain -----> kCancelled     Leave; Grant makes it kEmpty and goes on
//
//   operation                     may race with        progress
//   Announce .. Count, Oldest     everything           wait-free
//   Enter, Grant, Leave, Poke     everything           lock-free
//   Await                         everything           sleeps
//
// ABA: head and tail only grow; a slot goes from ticket t to t + kSlots only through kEmpty (or
// kAgain, which says no more than it says).
//
// While any thread is announced the zone is in exhaustion mode: see alloc/zone.h.
#ifndef WEIR_RECLAIM_WAITERS_H_
#define WEIR_RECLAIM_WAITERS_H_

#include <cstdint>

#include "weir/reclaim/futex.h"
#include "weir/stats/atomic.h"
#include "weir/stats/break.h"

namespace weir {

class Waiters {
 public:
  // ---- Exhaustion mode ----

  // [W1] seq_cst: pairs with [W2]; else a cache could be given back to its owner while a thread
  // looks for what is in it.
  void Announce() { waiting_.fetch_add(1, std::memory_order_seq_cst); }
  // relaxed (hint): who still sees us does more than it must.
  void Retire() { waiting_.fetch_sub(1, std::memory_order_relaxed); }
  // [W2] seq_cst: pairs with [W1].
  bool Any() const { return waiting_.load(std::memory_order_seq_cst) != 0; }
  uint32_t Count() const { return waiting_.load(std::memory_order_relaxed); }  // hint

  // ---- The queue: the waiter ----

  static constexpr uint64_t kNoTicket = UINT64_MAX;
  // Besides objects' numbers, what Await and Leave return.
  static constexpr uint32_t kNothing = UINT32_MAX;      // no object; of Await: the deadline passed
  static constexpr uint32_t kLook = UINT32_MAX - 1;     // look for one yourself
  static constexpr uint32_t kMostNumber = 0xffff'0000;  // numbers of objects are below

  // A place in the queue, or kNoTicket if it is full. Whoever enters must look for an object, and
  // then Await or Leave.
  uint64_t Enter() {
    uint64_t t = tail_.load(std::memory_order_relaxed);  // hint, revalidated
    for (;;) {
      const uint32_t slot = SlotOf(t).load(std::memory_order_relaxed);  // hint: ours if the tail is
      const bool full = (slot != kEmpty && slot != kAgain) ||
                        t - head_.load(std::memory_order_relaxed) >= kSlots;  // hint
      if (full) {
        const uint64_t now = tail_.load(std::memory_order_relaxed);  // hint
        if (now == t) return kNoTicket;
        t = now;
        continue;
      }
      // [Q1] seq_cst: pairs with [Q2].
      if (tail_.compare_exchange_weak(t, t + 1, std::memory_order_seq_cst,
                                      std::memory_order_relaxed)) {
        return t;
      }
    }
  }

  // True if nobody has waited longer than the caller, who has ticket t or none yet.
  bool Oldest(uint64_t t) const {
    const uint64_t head = head_.load(std::memory_order_seq_cst);  // [Q2]
    return t == kNoTicket ? head == tail_.load(std::memory_order_seq_cst) : head >= t;
  }

  // Sleeps until the ticket is served: the number of an object, which is the caller's, and the
  // ticket is spent. Or kLook or kNothing, and it stands.
  uint32_t Await(uint64_t t, int64_t deadline_ns) {
    Atomic<uint32_t>& slot = SlotOf(t);
    for (;;) {
      // [Q4] acquire: pairs with [Q3], what the last owner did with the object, and with [Q5].
      uint32_t v = slot.load(std::memory_order_acquire);
      if (v >= kFirstObject) return Consume(slot, v);
      if (v == kWaiting) {
        if (!FutexWait(slot, kWaiting, deadline_ns)) return kNothing;
        continue;
      }
      const uint32_t next = v == kAgain ? kEmpty : kWaiting;
      // relaxed (hint): nothing is published; what it becomes instead is seen by [Q4].
      if (slot.compare_exchange_strong(v, next, std::memory_order_relaxed,
                                       std::memory_order_relaxed) &&
          next == kEmpty) {
        return kLook;
      }
    }
  }

  // Gives the ticket up. The number of an object that it was granted meanwhile, or kNothing.
  uint32_t Leave(uint64_t t) {
    Atomic<uint32_t>& slot = SlotOf(t);
    uint32_t v = slot.load(std::memory_order_acquire);  // [Q4]
    do {
      if (v >= kFirstObject) return Consume(slot, v);
    } while (!slot.compare_exchange_weak(v, kCancelled, std::memory_order_acquire,
                                         std::memory_order_acquire));  // [Q4]
    return kNothing;
  }

  // ---- The queue: who has an object ----

  // [Q2] seq_cst: pairs with [Q1].
  bool Queued() const {
    return head_.load(std::memory_order_seq_cst) != tail_.load(std::memory_order_seq_cst);
  }

  // Hands the object to the oldest waiter. False: nobody waits, it is still the caller's.
  bool Grant(uint32_t number) {
    uint64_t h = head_.load(std::memory_order_seq_cst);   // [Q2]
    while (h != tail_.load(std::memory_order_seq_cst)) {  // [Q2]
      if (!head_.compare_exchange_weak(h, h + 1, std::memory_order_seq_cst,
                                       std::memory_order_seq_cst)) {
        continue;
      }
      if (Serve(SlotOf(h), number)) return true;
      h = head_.load(std::memory_order_seq_cst);  // [Q2]
    }
    return false;
  }

  // Everyone in the queue looks again, and keeps its place.
  void Poke() {
    const uint64_t tail = tail_.load(std::memory_order_seq_cst);  // [Q2]
    for (uint64_t t = head_.load(std::memory_order_seq_cst); t < tail; ++t) {
      Atomic<uint32_t>& slot = SlotOf(t);
      uint32_t v = slot.load(std::memory_order_relaxed);  // hint, revalidated
      while (v == kWaiting || v == kEmpty) {
        // [Q5] release: pairs with [Q4], the look that follows sees what has changed.
        if (!slot.compare_exchange_weak(v, kAgain, std::memory_order_release,
                                        std::memory_order_relaxed)) {
          continue;
        }
        if (v == kWaiting) FutexWake(slot, 1);
        break;
      }
    }
  }

  // In a fork's child, where only n announcements of this thread are left: nobody is in the queue,
  // and what was granted to threads that are not there goes to put(number). quiescent.
  template <typename Put>
  void Reset(uint32_t n, Put put) {
    waiting_.store(n, std::memory_order_relaxed);
    for (Atomic<uint32_t>& slot : slots_) {
      const uint32_t v = slot.load(std::memory_order_relaxed);
      if (v == kEmpty) continue;  // most have never been touched
      slot.store(kEmpty, std::memory_order_relaxed);
      if (v >= kFirstObject) put(v - kFirstObject);
    }
    head_.store(0, std::memory_order_relaxed);
    tail_.store(0, std::memory_order_relaxed);
  }

 private:
#ifdef WEIR_TINY
  static constexpr uint32_t kSlots = 2;
#else
  static constexpr uint32_t kSlots = 16384;  // most threads of one zone that wait in order
#endif
  enum : uint32_t { kEmpty, kWaiting, kAgain, kCancelled, kFirstObject };
  static_assert(kMostNumber + kFirstObject < kLook);

  Atomic<uint32_t>& SlotOf(uint64_t t) { return slots_[t % kSlots]; }

  static uint32_t Consume(Atomic<uint32_t>& slot, uint32_t v) {
    slot.store(kEmpty, std::memory_order_relaxed);  // hint: Enter takes it for free from now on
    return v - kFirstObject;
  }

  // The ticket of this slot is the caller's to serve. False: it was given up.
  static bool Serve(Atomic<uint32_t>& slot, uint32_t number) {
    uint32_t v = slot.load(std::memory_order_relaxed);  // hint, revalidated
    while (v != kCancelled) {
      // [Q3] release: pairs with [Q4], what we did with the object.
      if (slot.compare_exchange_weak(v, number + kFirstObject,
                                     Order(kBreakGrant, std::memory_order_release),
                                     std::memory_order_relaxed)) {
        if (v == kWaiting) FutexWake(slot, 1);
        return true;
      }
    }
    slot.store(kEmpty, std::memory_order_relaxed);  // hint, as in Consume
    return false;
  }

  alignas(64) Atomic<uint32_t> waiting_{0};
  alignas(64) Atomic<uint64_t> head_{0};
  Atomic<uint64_t> tail_{0};
  Atomic<uint32_t> slots_[kSlots] = {};
};

}  // namespace weir

#endif  // WEIR_RECLAIM_WAITERS_H_
