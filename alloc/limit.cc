// What an allocation does when there is nothing left.
#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "weir/alloc/pools.h"
#include "weir/alloc/zone.h"

namespace weir {

__thread bool t_announced[WEIR_NZONES];

namespace {

// Announced for as long as it lives; a handler that allocates within a drain is announced already.
class Announced {
 public:
  Announced(Waiters& waiters, bool& flag) : waiters_(waiters), flag_(flag), was_(flag) {
    if (!was_) waiters_.Announce();
    flag_ = true;
  }
  ~Announced() {
    flag_ = was_;
    if (!was_) waiters_.Retire();
  }
  Announced(const Announced&) = delete;
  Announced& operator=(const Announced&) = delete;

 private:
  Waiters& waiters_;
  bool& flag_;
  const bool was_;
};

constexpr int64_t kMillisecond = 1000000;

}  // namespace

void Zone::Warn() {
  int64_t now = MonotonicNs();
  int64_t next = next_warning_ns_.load(std::memory_order_relaxed);  // hint, revalidated
  int64_t interval = g_options.warn_interval_s * 1000 * kMillisecond;
  // relaxed (counter): whoever moves it on prints.
  if (now < next ||
      !next_warning_ns_.compare_exchange_strong(next, now + interval, std::memory_order_relaxed,
                                                std::memory_order_relaxed)) {
    return;
  }
  static constexpr const char* kText[WEIR_NZONES] = {
      "mbpool limit reached; increase NMBUFS", "mclpool limit reached; increase NMBCLUSTERS",
      "jumbo page pool limit reached; increase NMBJUMBOP",
      "jumbo 9k pool limit reached; increase NMBJUMBO9",
      "jumbo 16k pool limit reached; increase NMBJUMBO16"};
  if (carved() < limit()) {
    fprintf(stderr, "WARNING: zone %s: no memory for another slab, at %ld of %ld objects\n",
            weir_zone_name(id_), static_cast<long>(carved()), static_cast<long>(limit()));
  } else {
    fprintf(stderr, "WARNING: %s (zone %s, limit %ld)\n", kText[id_], weir_zone_name(id_),
            static_cast<long>(limit()));
  }
}

void* Zone::AtLimit(int tally, int how) {
  const bool may_wait = how == kWait && !DrainRegistry::InHandler();
  const int64_t wait_ms = g_wait_limit_ms.load(std::memory_order_relaxed);  // hint
  const int64_t begun = MonotonicNs();
  const int64_t deadline = wait_ms <= 0 ? kNever : begun + wait_ms * kMillisecond;
  Announced announced(waiters_, t_announced[id_]);
  bool drained = false, slept = false, late = false;
  int looks = 0;
  int error = ENOBUFS;
  void* object = nullptr;
  for (;;) {
    uint32_t epoch = waiters_.Epoch();
    bool busy = Recall();
    uint64_t moves = transit_.Look();
    object = TakeOne();
    if (object == nullptr && Grow()) continue;
    if (object != nullptr) break;
    // Nothing, but did we see everything? Not while another was moving objects.
    bool unsure = busy || !transit_.Quiet(moves);
    if (unsure && ++looks < kLooks) {
      sched_yield();
      continue;
    }
    if (!drained) {
      drained = true;
      looks = 0;
      long freed = g_drains.Broadcast(id_, kMagazineRounds);
      if (freed >= 0) {
        drains_.Add(1);
        drained_.Add(static_cast<uint64_t>(freed));
      }
      continue;
    }
    if (!may_wait) break;
    if (g_shutdown.load(std::memory_order_seq_cst) != 0) {  // [X2] pairs with [X1]
      error = ECANCELED;
      break;
    }
    if (late) {
      error = ETIMEDOUT;
      break;
    }
    if (!slept) waits_.Add(1);
    slept = true;
    // Whoever is in the middle of moving objects need not wake us: look again soon.
    int64_t soon = unsure ? MonotonicNs() + kMillisecond : kNever;
    late = !waiters_.Sleep(epoch, std::min(soon, deadline)) && MonotonicNs() >= deadline;
    looks = 0;
  }
  if (slept) {
    uint64_t ns = static_cast<uint64_t>(MonotonicNs() - begun);
    wait_buckets_[weir_wait_bucket(ns)].Add(1);
    wait_sum_ns_.Add(ns);
  }
  if (object == nullptr) {
    failures_.Add(1);
    Warn();
    errno = error;
    return nullptr;
  }
  if (drained) delayed_.Add(1);
  g_shared.allocs[tally].Add(1);
  return object;
}

}  // namespace weir
