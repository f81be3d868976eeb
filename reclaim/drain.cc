#include "weir/reclaim/drain.h"

#include <new>

#include "weir/reclaim/futex.h"
#include "weir/stats/break.h"

namespace weir {

struct DrainRegistry::Slot {
  Slot* next = nullptr;
  uint32_t index = 0;
  Atomic<uint32_t> word{kFilling};  // generation << 3 | State
  // Written in kFilling only, read in kRunning.
  const char* name = nullptr;
  DrainFn fn = nullptr;
  void* arg = nullptr;
};

namespace {

constexpr uint32_t kStateBits = 3;
constexpr uint32_t StateOf(uint32_t word) { return word & ((1u << kStateBits) - 1); }
constexpr uint32_t GenerationOf(uint32_t word) { return word >> kStateBits; }
constexpr uint32_t With(uint32_t word, uint32_t state) {
  return (word >> kStateBits << kStateBits) | state;
}
constexpr uint32_t NextGeneration(uint32_t word) { return (GenerationOf(word) + 1) << kStateBits; }

// The handler's slot while this thread runs it, and how deep it is in Broadcast.
__thread void* t_running = nullptr;
__thread bool t_broadcasting = false;

}  // namespace

bool DrainRegistry::InHandler() { return t_broadcasting; }

DrainRegistry::Slot* DrainRegistry::Acquire(DrainKind kind) {
  Atomic<Slot*>& head = heads_[kind];
  // [D1] acquire: pairs with [D2]; else we walk into a slot that is not written yet.
  for (Slot* s = head.load(std::memory_order_acquire); s != nullptr; s = s->next) {
    uint32_t word = s->word.load(std::memory_order_relaxed);  // hint, revalidated
    // [D3] acquire: pairs with [D4] and [D8], the slot's last user is done with it.
    if (StateOf(word) == kFree &&
        s->word.compare_exchange_strong(word, With(word, kFilling), std::memory_order_acquire,
                                        std::memory_order_relaxed)) {
      return s;
    }
  }
  Slot* fresh = new (std::nothrow) Slot;
  if (fresh == nullptr) return nullptr;
  fresh->index = slots_.fetch_add(1, std::memory_order_relaxed);  // counter
  fresh->next = head.load(std::memory_order_relaxed);             // hint, revalidated
  // ABA: slots are never unlinked, so the head never comes back.
  // [D2] release: pairs with [D1], publishes the slot.
  while (!head.compare_exchange_weak(fresh->next, fresh, std::memory_order_release,
                                     std::memory_order_relaxed)) {
  }
  return fresh;
}

int64_t DrainRegistry::Register(DrainKind kind, const char* name, DrainFn fn, void* arg) {
  Slot* s = Acquire(kind);
  if (s == nullptr) return -1;
  s->name = name;
  s->fn = fn;
  s->arg = arg;
  uint32_t word = s->word.load(std::memory_order_relaxed);  // owner-only while kFilling
  // [D5] release: pairs with [D6], publishes fn and arg; else a broadcast calls garbage.
  s->word.store(With(word, kReady), std::memory_order_release);
  return IdOf(*s, word);
}

int64_t DrainRegistry::IdOf(const Slot& s, uint32_t word) {
  return (static_cast<int64_t>(s.index) << 24) | (GenerationOf(word) & 0xffffff);
}

void DrainRegistry::UnregisterAll() {
  for (const Atomic<Slot*>& head : heads_) {
    for (Slot* s = head.load(std::memory_order_acquire); s != nullptr; s = s->next) {  // [D1]
      uint32_t word = s->word.load(std::memory_order_relaxed);  // hint, revalidated
      if (StateOf(word) == kReady || StateOf(word) == kRunning) Unregister(IdOf(*s, word));
    }
  }
}

DrainRegistry::Slot* DrainRegistry::Find(uint64_t index) const {
  for (const Atomic<Slot*>& head : heads_) {
    for (Slot* s = head.load(std::memory_order_acquire); s != nullptr; s = s->next) {  // [D1]
      if (s->index == index) return s;
    }
  }
  return nullptr;
}

bool DrainRegistry::Unregister(int64_t id) {
  Slot* s = id < 0 ? nullptr : Find(static_cast<uint64_t>(id) >> 24);
  if (s == nullptr) return false;
  uint32_t word = s->word.load(std::memory_order_relaxed);  // hint, revalidated
  for (;;) {
    if ((GenerationOf(word) & 0xffffff) != (id & 0xffffff)) return false;
    if (StateOf(word) == kReady) {
      // [D4] release: pairs with [D3] of the next user. acquire: pairs with [D9]; what the
      // handler did when it last ran happens before the caller frees its arg.
      if (s->word.compare_exchange_weak(word, NextGeneration(word) | kFree,
                                        Order(kBreakDrainIdle, std::memory_order_acq_rel),
                                        std::memory_order_relaxed)) {
        return true;
      }
    } else if (StateOf(word) == kRunning) {
      if (s->word.compare_exchange_weak(word, With(word, kLeaving), std::memory_order_relaxed,
                                        std::memory_order_relaxed)) {
        break;
      }
    } else {
      return false;
    }
  }
  if (t_running == s) return true;  // its own handler: it will not run again
  word = With(word, kLeaving);
  while (!Broken(kBreakDrainExit)) {
    // [D7] acquire: pairs with [D8]; what the handler did happens before the caller goes on, say
    // to free the handler's arg.
    uint32_t now = s->word.load(std::memory_order_acquire);
    if (now != word) break;
    FutexWait(s->word, now, kNever);
  }
  return true;
}

long DrainRegistry::RunSlot(Slot& s, int zone, long wanted) {
  uint32_t word = s.word.load(std::memory_order_relaxed);  // hint, revalidated
  // [D6] acquire: pairs with [D5] and [D9].
  if (StateOf(word) != kReady ||
      !s.word.compare_exchange_strong(word, With(word, kRunning), std::memory_order_acquire,
                                      std::memory_order_relaxed)) {
    return 0;
  }
  t_running = &s;
  long freed = s.fn(s.arg, zone, wanted);
  t_running = nullptr;
  uint32_t running = With(word, kRunning);
  // [D9] release: pairs with [D6] of the next broadcast, whichever thread runs it, and with [D4].
  if (!s.word.compare_exchange_strong(running, With(word, kReady), std::memory_order_release,
                                      std::memory_order_relaxed)) {
    // It was unregistered meanwhile.
    // [D8] release: pairs with [D7] and [D3].
    s.word.store(NextGeneration(word) | kFree, std::memory_order_release);
    FutexWake(s.word, 1 << 30);
  }
  return freed > 0 ? freed : 0;
}

long DrainRegistry::Broadcast(int zone, long wanted) {
  if (t_broadcasting) return -1;
  // [D10] acquire: pairs with [D11]; one broadcast happens before the next.
  if (in_flight_.exchange(1, std::memory_order_acquire) != 0) return -1;
  t_broadcasting = true;
  long freed = 0;
  for (const Atomic<Slot*>& head : heads_) {
    for (Slot* s = head.load(std::memory_order_acquire); s != nullptr; s = s->next) {  // [D1]
      freed += RunSlot(*s, zone, wanted);
    }
  }
  t_broadcasting = false;
  broadcasts_.Add(1);
  drained_.Add(static_cast<uint64_t>(freed));
  in_flight_.store(0, std::memory_order_release);  // [D11] release: pairs with [D10]
  return freed;
}

void DrainRegistry::AfterFork() {
  if (t_broadcasting) return;
  for (const Atomic<Slot*>& head : heads_) {
    for (Slot* s = head.load(std::memory_order_relaxed); s != nullptr; s = s->next) {  // quiescent
      uint32_t word = s->word.load(std::memory_order_relaxed);                         // quiescent
      if (StateOf(word) == kRunning) s->word.store(With(word, kReady), std::memory_order_relaxed);
      if (StateOf(word) == kLeaving) {
        s->word.store(NextGeneration(word) | kFree, std::memory_order_relaxed);
      }
    }
  }
  in_flight_.store(0, std::memory_order_relaxed);  // quiescent
}

}  // namespace weir
