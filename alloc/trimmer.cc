#include "weir/alloc/trimmer.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "weir/alloc/pools.h"
#include "weir/reclaim/futex.h"

namespace weir {
namespace {

int64_t interval_ns = 0;  // written before the thread is made

void* Run(void*) {
  pthread_setname_np(pthread_self(), "weir-trim");
  Atomic<uint32_t> nobody_wakes{0};
  for (int64_t next = MonotonicNs() + interval_ns;;) {
    while (FutexWait(nobody_wakes, 0, next)) {
    }
    // Under the lock no set is being made or ended.
    LockStart();
    ForEachPools([](weir_pools& pools) {
      if (pools.live) pools.TrimIdle();
    });
    UnlockStart();
    next = std::max(next, MonotonicNs() - interval_ns) + interval_ns;
  }
}

void Start() {
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
  if (error == 0) return;
  fprintf(stderr, "weir: trim_interval_ms: no thread to trim with: %s; call weir_trim_idle\n",
          strerrordesc_np(error));
}

}  // namespace

void StartTrimmer(int64_t interval_ms) {
  interval_ns = interval_ms * 1000000;
  Start();
}

void RestartTrimmer() {
  if (interval_ns != 0) Start();
}

}  // namespace weir
