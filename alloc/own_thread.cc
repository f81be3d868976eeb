#include "weir/alloc/own_thread.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "weir/alloc/pools.h"
#include "weir/alloc/sanitize.h"
#include "weir/reclaim/bell.h"
#include "weir/reclaim/futex.h"

namespace weir {
namespace {

constexpr int64_t kMillisecond = 1000000;
// Between two looks at watermarks, however often the bell rings: a zone that stays at its limit
// rings it with every allocation.
constexpr int64_t kRest = kMillisecond;

constinit Bell bell;
// How many need the thread: watermarks, and trimming. It grows under the lock of LockStart.
constinit Atomic<int64_t> needed{0};
bool running = false;   // under the lock of LockStart
bool trimming = false;  // written before the thread is made
__thread bool t_own = false;

// Something to do every so often; with interval 0 never.
class Timer {
 public:
  explicit Timer(int64_t interval_ms)
      : interval_(interval_ms * kMillisecond),
        next_(interval_ == 0 ? kNever : MonotonicNs() + interval_) {}
  int64_t next() const { return next_; }
  bool Due() {
    const int64_t now = MonotonicNs();
    if (now < next_) return false;
    next_ = std::max(next_, now - interval_) + interval_;
    return true;
  }

 private:
  const int64_t interval_;
  int64_t next_;
};

void TrimAll() {
  // Under the lock no set is being made or ended.
  StartLock lock;
  ForEachPools([](weir_pools& pools) {
    if (pools.live) pools.TrimIdle();
  });
}

// Not under the lock: callbacks may make sets, register others, and fork.
void LookAtAll() {
  ForEachPools([](weir_pools& pools) { pools.watermarks.Look(pools); });
}

// Nobody needs it any more. Under the lock, because whoever needs it next sees there whether it
// must be started.
bool MayEnd() {
  if (needed.load(std::memory_order_relaxed) != 0) return false;  // hint, revalidated
  StartLock lock;
  if (needed.load(std::memory_order_relaxed) != 0) return false;  // under the lock it stays 0
  running = false;
  return true;
}

void* Run(void*) {
  t_own = true;
  pthread_setname_np(pthread_self(), "weir");
  Atomic<uint32_t> nobody_wakes{0};
  Timer trim(trimming ? g_pools.options.trim_interval_ms : 0);
  Timer look(g_pools.options.watermark_interval_ms);
  for (;;) {
    bell.Answer(LookAtAll);
    if (trim.Due()) TrimAll();
    if (MayEnd()) return nullptr;
    for (const int64_t rested = MonotonicNs() + kRest; FutexWait(nobody_wakes, 0, rested);) {
    }
    // With nothing but trimming to do there is nothing to look at.
    const bool watermarks = needed.load(std::memory_order_relaxed) > (trimming ? 1 : 0);  // hint
    bell.Sleep(std::min(trim.next(), watermarks ? look.next() : kNever));
    look.Due();
  }
}

// 0, or the errno value.
int Start() {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, std::max<size_t>(PTHREAD_STACK_MIN, 256 << 10));
  sigset_t all, old;  // signals are the program's
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  pthread_t thread;
  const int error = pthread_create(&thread, &attributes, Run, nullptr);
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
  pthread_attr_destroy(&attributes);
  running = error == 0;
  return error;
}

}  // namespace

void StartTrimming() {
  trimming = true;
  needed.fetch_add(1, std::memory_order_relaxed);  // counter
  if (const int error = Start()) {
    fprintf(stderr, "weir: trim_interval_ms: no thread to trim with: %s; call weir_trim_idle\n",
            strerrordesc_np(error));
  }
}

int KeepOwnThread() {
  StartLock lock;
  if (!running) {
    if (const int error = Start()) return error;
  }
  needed.fetch_add(1, std::memory_order_relaxed);  // counter
  return 0;
}

void LeaveOwnThread() {
  if (needed.fetch_sub(1, std::memory_order_relaxed) == 1) bell.Ring();  // counter
}

void RingOwnThread() { bell.Ring(); }

void RestartOwnThread() {
  if (t_own) return;  // it is a callback that forked
  bell.Reset();
  running = false;
  // ThreadSanitizer ends a child that starts a thread.
  if (kThreadsWatched || needed.load(std::memory_order_relaxed) == 0) return;  // quiescent
  if (const int error = Start()) {
    fprintf(stderr, "weir: in a fork's child, no thread for trimming and watermarks: %s\n",
            strerrordesc_np(error));
  }
}

}  // namespace weir
