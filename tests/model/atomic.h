// weir::Atomic and weir::AtomicRef for model tests: see tests/model/scheduler.h.
#ifndef WEIR_TESTS_MODEL_ATOMIC_H_
#define WEIR_TESTS_MODEL_ATOMIC_H_

#include <atomic>
#include <cstdint>
#include <cstring>

#include "tests/model/scheduler.h"

namespace weir {
namespace model {

constexpr bool Acquires(std::memory_order o) {
  return o != std::memory_order_relaxed && o != std::memory_order_release;
}
constexpr bool Releases(std::memory_order o) {
  return o != std::memory_order_relaxed && o != std::memory_order_acquire;
}
template <typename T>
uint64_t Bits(T v) {
  static_assert(sizeof(T) <= sizeof(uint64_t));
  uint64_t bits = 0;
  memcpy(&bits, &v, sizeof v);
  return bits;
}

template <typename T>
T Load(const T& value, const Clock& sync, std::memory_order order) {
  if (!Running()) return value;
  Reach({Kind::kLoad, &value});
  T v = value;
  if (const Store* own = Buffered(&value)) {
    memcpy(&v, &own->bits, sizeof v);
  } else if (Acquires(order)) {
    Now().Join(sync);
  }
  Trace("load", &value, Bits(v));
  Tick();
  return v;
}

// What the only thread that writes it, the calling one, has written last: no step.
template <typename T>
T Latest(const T& value) {
  T v = value;
  if (!Running()) return v;
  if (const Store* own = Buffered(&value)) memcpy(&v, &own->bits, sizeof v);
  return v;
}

template <typename T>
void StoreTo(T& value, Clock& sync, T v, std::memory_order order) {
  if (!Running()) {
    value = v;
    return;
  }
  const bool buffer = Buffers() && order != std::memory_order_seq_cst;
  Reach({buffer ? Kind::kBuffer : Kind::kWrite, &value});
  const Clock clock = Releases(order) ? Now() : Clock{};
  if (buffer) {
    Buffer({&value, &sync, clock, Bits(v), sizeof v});
  } else {
    value = v;
    sync = clock;
  }
  Trace(buffer ? "store, buffered" : "store", &value, Bits(v));
  Tick();
}

// change(old, &next): whether to write next.
template <typename T, typename Change>
T Modify(T& value, Clock& sync, std::memory_order order, std::memory_order failure, Change change) {
  if (Running()) Reach({Kind::kWrite, &value});
  const T old = value;
  T next = old;
  const bool write = change(old, &next);
  if (write) value = next;
  if (!Running()) return old;
  if (Acquires(write ? order : failure)) Now().Join(sync);
  // A read-modify-write carries on the release sequence that it found.
  if (write && Releases(order)) sync.Join(Now());
  Trace(write ? "modify" : "compare, differs", &value, Bits(write ? next : old));
  Tick();
  return old;
}

// The operations, over Value() and Sync() of the class that derives from it.
template <typename Self, typename T>
class AtomicOperations {
 public:
  T load(std::memory_order o) const { return Load<T>(self().Value(), self().Sync(), o); }
  T exchange(T v, std::memory_order o) const {
    return Rmw(o, [v](T) { return v; });
  }
  T fetch_add(T n, std::memory_order o) const {
    return Rmw(o, [n](T old) { return static_cast<T>(old + n); });
  }
  T fetch_sub(T n, std::memory_order o) const {
    return Rmw(o, [n](T old) { return static_cast<T>(old - n); });
  }
  T fetch_or(T n, std::memory_order o) const {
    return Rmw(o, [n](T old) { return static_cast<T>(old | n); });
  }
  void store(T v, std::memory_order o) const { StoreTo<T>(self().Value(), self().Sync(), v, o); }
  bool compare_exchange_strong(T& expected, T v, std::memory_order o, std::memory_order f) const {
    return CompareExchange(expected, v, o, f, false);
  }
  bool compare_exchange_weak(T& expected, T v, std::memory_order o, std::memory_order f) const {
    return CompareExchange(expected, v, o, f, true);
  }

 private:
  const Self& self() const { return static_cast<const Self&>(*this); }
  bool CompareExchange(T& expected, T v, std::memory_order o, std::memory_order f,
                       bool weak) const {
    bool done = false;
    expected = Modify<T>(self().Value(), self().Sync(), o, f, [&](T old, T* next) {
      *next = v;
      return done = old == expected && !(weak && FailsForNoReason());
    });
    return done;
  }
  template <typename F>
  T Rmw(std::memory_order o, F f) const {
    return Modify<T>(self().Value(), self().Sync(), o, o, [&](T old, T* next) {
      *next = f(old);
      return true;
    });
  }
};

}  // namespace model

// All zero is a valid Atomic of value 0, as with std::atomic in mapped memory.
template <typename T>
class Atomic : public model::AtomicOperations<Atomic<T>, T> {
 public:
  constexpr Atomic() = default;
  constexpr Atomic(T v) : value_(v) {}
  T Latest() const { return model::Latest(value_); }
  Atomic(const Atomic&) = delete;
  Atomic& operator=(const Atomic&) = delete;

  T& Value() const { return value_; }
  model::Clock& Sync() const { return sync_; }

 private:
  mutable T value_ = T();
  mutable model::Clock sync_ = {};
};

template <typename T>
class AtomicRef : public model::AtomicOperations<AtomicRef<T>, T> {
 public:
  explicit AtomicRef(T& cell) : cell_(cell) {}
  T& Value() const { return cell_; }
  model::Clock& Sync() const { return model::SyncOf(&cell_); }

 private:
  T& cell_;
};

}  // namespace weir

#endif  // WEIR_TESTS_MODEL_ATOMIC_H_
