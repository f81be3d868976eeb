// A registry of callbacks, in lists: registered, run and unregistered by any threads at any time.
//
// States of a slot, in its one word (generation in the upper bits, so that a stale id is caught):
//
//   kFree -> kFilling -> kReady <-> kRunning        Register, Run
//              kReady ---------------------> kFree  Unregister
//              kRunning -> kLeaving -------> kFree  Unregister while it runs: waits, unless it is
//                                                   called from inside the callback
//
//   operation   may race with               progress
//   Register    everything                  lock-free (a new slot may map memory)
//   Unregister  everything                  waits only for its own callback, running elsewhere
//   Run         everything                  each callback runs in one thread at a time; a thread
//                                           that finds it running in another passes over it
//
// No lock is held while callbacks run. A callback may register and unregister any.
// ABA: slots are never freed, and each reuse changes the generation.
#ifndef WEIR_RECLAIM_CALLBACKS_H_
#define WEIR_RECLAIM_CALLBACKS_H_

#include <cstdint>
#include <new>

#include "weir/reclaim/futex.h"
#include "weir/stats/atomic.h"
#include "weir/stats/break.h"

namespace weir {

// The slots of which the calling thread runs the callbacks, innermost first: one may be inside of
// another's, of another registry too.
struct RunningSlot {
  const void* slot;
  const RunningSlot* outer;
};
inline constinit thread_local const RunningSlot* t_running_slot = nullptr;

template <typename Callback, uint32_t kLists>
class Callbacks {
 public:
  // An id >= 0, or -1 when memory or ids have run out. Copies the callback.
  int64_t Register(uint32_t list, const Callback& callback) {
    Slot* s = Acquire(list);
    if (s == nullptr) return -1;
    s->callback = callback;
    uint32_t word = s->word.load(std::memory_order_relaxed);  // owner-only while kFilling
    // [D5] release: pairs with [D6], publishes the callback; else Run calls garbage.
    s->word.store(With(word, kReady), std::memory_order_release);
    return IdOf(*s, word);
  }

  // True once it is not running and will never run again; false if there is no such id.
  bool Unregister(int64_t id);
  // How many there were.
  int UnregisterAll();

  // Calls call(callback) for each of the list that does not run in another thread.
  template <typename Call>
  void Run(uint32_t list, Call call) {
    ForEachSlot(list, [&](Slot& s) { RunSlot(s, call); });
  }

  // In a fork's child, whose only thread this is: what ran in another thread runs no more.
  // quiescent.
  void AfterFork();

 private:
  enum State : uint32_t { kFree, kFilling, kReady, kRunning, kLeaving };

  struct Slot {
    Slot* next = nullptr;
    uint32_t index = 0;
    Atomic<uint32_t> word{kFilling};  // generation << 3 | State
    Callback callback{};              // written in kFilling, or by who runs it
  };

  static constexpr uint32_t kStateBits = 3;
  static constexpr uint32_t StateOf(uint32_t word) { return word & ((1u << kStateBits) - 1); }
  static constexpr uint32_t GenerationOf(uint32_t word) { return word >> kStateBits; }
  static constexpr uint32_t With(uint32_t word, uint32_t state) {
    return (word >> kStateBits << kStateBits) | state;
  }
  static constexpr uint32_t NextGeneration(uint32_t word) {
    return (GenerationOf(word) + 1) << kStateBits;
  }
  static int64_t IdOf(const Slot& s, uint32_t word) {
    return (static_cast<int64_t>(s.index) << 24) | (GenerationOf(word) & 0xffffff);
  }
  static bool RunsHere(const Slot& s) {
    for (const RunningSlot* r = t_running_slot; r != nullptr; r = r->outer) {
      if (r->slot == &s) return true;
    }
    return false;
  }

  template <typename Visit>
  void ForEachSlot(uint32_t list, Visit visit) const {
    // [D1] acquire: pairs with [D2]; else we walk into a slot that is not written yet.
    for (Slot* s = heads_[list].load(std::memory_order_acquire); s != nullptr; s = s->next) {
      visit(*s);
    }
  }
  template <typename Visit>
  void ForEachSlot(Visit visit) const {
    for (uint32_t list = 0; list < kLists; ++list) ForEachSlot(list, visit);
  }

  Slot* Acquire(uint32_t list);
  template <typename Call>
  static void RunSlot(Slot& s, Call& call);

  Atomic<Slot*> heads_[kLists] = {};
  Atomic<uint32_t> slots_{0};
};

template <typename Callback, uint32_t kLists>
typename Callbacks<Callback, kLists>::Slot* Callbacks<Callback, kLists>::Acquire(uint32_t list) {
  Atomic<Slot*>& head = heads_[list];
  for (Slot* s = head.load(std::memory_order_acquire); s != nullptr; s = s->next) {  // [D1]
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

template <typename Callback, uint32_t kLists>
int Callbacks<Callback, kLists>::UnregisterAll() {
  int n = 0;
  ForEachSlot([&](Slot& s) {
    uint32_t word = s.word.load(std::memory_order_relaxed);  // hint, revalidated
    if (StateOf(word) != kReady && StateOf(word) != kRunning) return;
    if (Unregister(IdOf(s, word))) ++n;
  });
  return n;
}

template <typename Callback, uint32_t kLists>
bool Callbacks<Callback, kLists>::Unregister(int64_t id) {
  Slot* s = nullptr;
  if (id >= 0) {
    ForEachSlot([&](Slot& each) {
      if (each.index == static_cast<uint64_t>(id) >> 24) s = &each;
    });
  }
  if (s == nullptr) return false;
  uint32_t word = s->word.load(std::memory_order_relaxed);  // hint, revalidated
  for (;;) {
    if ((GenerationOf(word) & 0xffffff) != (id & 0xffffff)) return false;
    if (StateOf(word) == kReady) {
      // [D4] release: pairs with [D3] of the next user. acquire: pairs with [D9]; what the
      // callback did when it last ran happens before the caller frees its arg.
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
  if (RunsHere(*s)) return true;  // from inside: it will not run again
  word = With(word, kLeaving);
  while (!Broken(kBreakDrainExit)) {
    // [D7] acquire: pairs with [D8]; what the callback did happens before the caller goes on, say
    // to free the callback's arg.
    uint32_t now = s->word.load(std::memory_order_acquire);
    if (now != word) break;
    FutexWait(s->word, now, kNever);
  }
  return true;
}

template <typename Callback, uint32_t kLists>
template <typename Call>
void Callbacks<Callback, kLists>::RunSlot(Slot& s, Call& call) {
  uint32_t word = s.word.load(std::memory_order_relaxed);  // hint, revalidated
  // [D6] acquire: pairs with [D5] and [D9].
  if (StateOf(word) != kReady ||
      !s.word.compare_exchange_strong(word, With(word, kRunning), std::memory_order_acquire,
                                      std::memory_order_relaxed)) {
    return;
  }
  const RunningSlot here{&s, t_running_slot};
  t_running_slot = &here;
  call(s.callback);
  t_running_slot = here.outer;
  uint32_t running = With(word, kRunning);
  // [D9] release: pairs with [D6] of the next run, whichever thread's it is, and with [D4].
  if (!s.word.compare_exchange_strong(running, With(word, kReady), std::memory_order_release,
                                      std::memory_order_relaxed)) {
    // It was unregistered meanwhile.
    // [D8] release: pairs with [D7] and [D3].
    s.word.store(NextGeneration(word) | kFree, std::memory_order_release);
    FutexWake(s.word, 1 << 30);
  }
}

template <typename Callback, uint32_t kLists>
void Callbacks<Callback, kLists>::AfterFork() {
  ForEachSlot([](Slot& s) {
    uint32_t word = s.word.load(std::memory_order_relaxed);  // quiescent
    if (RunsHere(s)) return;                                 // it is the callback that forked
    if (StateOf(word) == kRunning) s.word.store(With(word, kReady), std::memory_order_relaxed);
    if (StateOf(word) == kLeaving) {
      s.word.store(NextGeneration(word) | kFree, std::memory_order_relaxed);
    }
  });
}

}  // namespace weir

#endif  // WEIR_RECLAIM_CALLBACKS_H_
