// What is recorded of an mbuf or a cluster from its allocation until it is free: who allocated it,
// when, and what became of it.
//
// A table by address. An address has a bucket in each of three tables, the second sixteen times as
// large as the first, and the third as the second; its record lies in the first of these buckets
// that had room. So a few records touch little memory, and a lookup looks at three cache lines at
// most. When all three buckets are full, the object is not recorded.
//
// An object is recorded by who allocates it and dropped by who frees it; in between, whoever has it
// may change its record, and anyone may look at it.
//
//   operation            may race with                                 progress
//   Add, Find, Drop      everything but operations on the same object  wait-free
//   ForEach              everything                                    wait-free
//
// ABA on a key: an address comes back as a key only after its object was dropped, and who is given a
// place writes a record of its own.
#ifndef WEIR_ALLOC_HELD_H_
#define WEIR_ALLOC_HELD_H_

#include <cstddef>
#include <cstdint>

#include "weir/stats/atomic.h"
#include "weir/stats/break.h"

namespace weir {

// One record, read as a whole.
struct HeldFigures {
  const void* object;
  const void* buffer;  // what an mbuf's data lies in, if not in itself and if it is known; of a
                       // cluster that is shared: its reference count, in memory that stays
  uint32_t zone, pool;
  uint32_t stands_for;  // so many allocations
  uint32_t stack;       // alloc/stack_depot.h
  int thread;
  int64_t since_ns;  // on CLOCK_MONOTONIC
  uint64_t history;  // an event a byte, the last one lowest
  const char* where;  // last weir_touch, or nullptr
  int64_t where_ns;
};

class alignas(64) HeldRecord {
 public:
  // The owner of a new place, and of the object in it.
  void Write(const HeldFigures& f, uint64_t serial) {
    // [H5] release: pairs with [H6]. Whoever reads a field that is written here or later sees that
    // the serial number before it has gone.
    stack_thread_.store(Pair(f.stack, static_cast<uint32_t>(f.thread)), std::memory_order_release);
    kind_.store(Pair(f.zone << 16 | f.pool, f.stands_for), std::memory_order_release);  // [H5]
    since_ns_.store(f.since_ns, std::memory_order_release);                             // [H5]
    buffer_.store(f.buffer, std::memory_order_release);                                 // [H5]
    history_.store(f.history, std::memory_order_release);                               // [H5]
    where_.store(f.where, std::memory_order_release);                                   // [H5]
    where_ns_.store(f.where_ns, std::memory_order_release);                             // [H5]
    serial_.store(serial, std::memory_order_release);                                   // [H5]
  }
  void Erase() { serial_.store(0, std::memory_order_relaxed); }  // ordered by [H5] of the next

  // Who has the object; a cluster, several may. A reader may see one of these changes without
  // another.
  void Note(uint8_t event) {
    uint64_t before = history_.load(std::memory_order_relaxed);  // hint, revalidated
    // [H5]. ABA: the same eight events as before are the same history.
    while (!history_.compare_exchange_weak(before, before << 8 | event, std::memory_order_release,
                                           std::memory_order_relaxed)) {
    }
  }
  void Touch(const char* where, int64_t now) {
    where_.store(where, std::memory_order_release);   // [H5]
    where_ns_.store(now, std::memory_order_release);  // [H5]
  }
  void Refer(const void* buffer) { buffer_.store(buffer, std::memory_order_release); }  // [H5]

  // The record of the place that has this key. False: there is none, or it is being written.
  bool Read(const Atomic<uintptr_t>& key, HeldFigures& f) const {
    // [H6] acquire: pairs with [H5]; what is read below is of this record or of a later one.
    const uint64_t serial = serial_.load(std::memory_order_acquire);
    if (serial == 0) return false;
    const uint64_t stack_thread = stack_thread_.load(std::memory_order_acquire);  // [H6]
    const uint64_t kind = kind_.load(std::memory_order_acquire);                  // [H6]
    f.since_ns = since_ns_.load(std::memory_order_acquire);                       // [H6]
    f.buffer = buffer_.load(std::memory_order_acquire);                           // [H6]
    f.history = history_.load(std::memory_order_acquire);                         // [H6]
    f.where = where_.load(std::memory_order_acquire);                             // [H6]
    f.where_ns = where_ns_.load(std::memory_order_acquire);                       // [H6]
    // [H6] with [H3] besides: a key that is not this record's comes after its number has gone.
    f.object = reinterpret_cast<const void*>(key.load(std::memory_order_acquire));
    f.stack = static_cast<uint32_t>(stack_thread >> 32);
    f.thread = static_cast<int>(static_cast<uint32_t>(stack_thread));
    f.zone = static_cast<uint32_t>(kind >> 48);
    f.pool = static_cast<uint32_t>(kind >> 32) & 0xffff;
    f.stands_for = static_cast<uint32_t>(kind);
    // relaxed (hint): a later record's number would be seen, by [H6].
    return Broken(kBreakHeldSerial) || serial_.load(std::memory_order_relaxed) == serial;
  }

 private:
  static constexpr uint64_t Pair(uint32_t high, uint32_t low) {
    return static_cast<uint64_t>(high) << 32 | low;
  }

  Atomic<uint64_t> serial_{0};  // 0: nothing; else no other record has ever had it
  Atomic<uint64_t> stack_thread_{0};
  Atomic<uint64_t> kind_{0};
  Atomic<int64_t> since_ns_{0};
  Atomic<const void*> buffer_{nullptr};
  Atomic<uint64_t> history_{0};
  Atomic<const char*> where_{nullptr};
  Atomic<int64_t> where_ns_{0};
};
static_assert(!kRealAtomics || sizeof(HeldRecord) == 64);

class HeldTable {
 public:
  // nullptr: there is no room.
  HeldRecord* Add(const HeldFigures& figures);
  // nullptr: it was not added.
  HeldRecord* Find(const void* object);
  void Drop(const void* object);

  template <typename Visit>
  void ForEach(Visit visit) const {
    for (const Level& level : levels_) {
      const Bucket* buckets = level.buckets.load(std::memory_order_acquire);  // [H10]
      for (size_t i = 0; buckets != nullptr && i < level.size; ++i) {
        for (int k = 0; k < kWays; ++k) {
          HeldFigures f;
          const Atomic<uintptr_t>& key = buckets[i].keys[k];
          if (key.load(std::memory_order_relaxed) == 0) continue;  // hint, revalidated
          if (buckets[i].records[k].Read(key, f)) visit(f);
        }
      }
    }
  }
  uint64_t full() const { return full_.load(std::memory_order_relaxed); }  // counter

 private:
  static constexpr int kWays = 8;
  struct Bucket {
    alignas(64) Atomic<uintptr_t> keys[kWays] = {};
    HeldRecord records[kWays];
  };
  struct Level {
    size_t size;  // a power of two
    Atomic<Bucket*> buckets{nullptr};
  };

  static Bucket* Open(Level& level);
  HeldRecord* AddTo(Bucket& bucket, const HeldFigures& figures);
  template <typename Visit>
  bool FindPlace(const void* object, Visit visit);

#ifdef WEIR_TINY
  Level levels_[3] = {{1}, {1}, {1}};
#else
  Level levels_[3] = {{1 << 9}, {1 << 13}, {1 << 17}};
#endif
  Atomic<uint64_t> serials_{0};
  Atomic<uint64_t> full_{0};
};

extern HeldTable g_held;

}  // namespace weir

#endif  // WEIR_ALLOC_HELD_H_
