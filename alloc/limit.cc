// What an allocation does when there is nothing left.
#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "weir/alloc/pools.h"
#include "weir/alloc/zone.h"

namespace weir {

namespace {

// Announced for as long as it lives; a handler that allocates within a drain is announced already.
class Announced {
 public:
  explicit Announced(Waiters& waiters) : waiters_(waiters), outer_(t_innermost), was_(In(waiters)) {
    if (!was_) waiters_.Announce();
    t_innermost = this;
  }
  ~Announced() {
    t_innermost = outer_;
    if (!was_) waiters_.Retire();
  }
  Announced(const Announced&) = delete;
  Announced& operator=(const Announced&) = delete;

  // Whether the calling thread is announced.
  static bool In(const Waiters& waiters) {
    for (const Announced* a = t_innermost; a != nullptr; a = a->outer_) {
      if (&a->waiters_ == &waiters) return true;
    }
    return false;
  }

 private:
  static __thread const Announced* t_innermost;

  Waiters& waiters_;
  const Announced* const outer_;
  const bool was_;
};
constinit __thread const Announced* Announced::t_innermost = nullptr;

constexpr int64_t kMillisecond = 1000000;

}  // namespace

// Whether it is time for another line of a kind, which is then the caller's to print.
bool Zone::Due(Atomic<int64_t>& at) {
  const int64_t now = MonotonicNs();
  const int64_t interval = pools_.options.warn_interval_s * 1000 * kMillisecond;
  int64_t next = at.load(std::memory_order_relaxed);  // hint, revalidated
  // relaxed (counter): whoever moves it on prints.
  return now >= next && at.compare_exchange_strong(next, now + interval, std::memory_order_relaxed,
                                                   std::memory_order_relaxed);
}

void Zone::Warn() {
  if (!Due(next_warning_ns_)) return;
  static constexpr const char* kText[kZones] = {
      "mbpool limit reached; increase NMBUFS", "mclpool limit reached; increase NMBCLUSTERS",
      "jumbo page pool limit reached; increase NMBJUMBOP",
      "jumbo 9k pool limit reached; increase NMBJUMBO9",
      "jumbo 16k pool limit reached; increase NMBJUMBO16"};
  const bool other = pools_.number != 0;
  const char* of = other ? " of set " : "";
  const char* set = other ? pools_.name : "";
  if (carved() < limit()) {
    fprintf(stderr, "WARNING: zone %s%s%s: no memory for another slab, at %ld of %ld objects\n",
            weir_zone_name(id_), of, set, static_cast<long>(carved()), static_cast<long>(limit()));
  } else {
    fprintf(stderr, "WARNING: %s (zone %s%s%s, limit %ld)\n", kText[id_], weir_zone_name(id_), of,
            set, static_cast<long>(limit()));
  }
}

bool Zone::Recall() {
  if (id_ > WEIR_ZONE_CLUSTER) return Caches::Recall({this});
  return Caches::Recall({this, &pools_.packets});
}

bool Zone::TakePacketsApart() { return id_ <= WEIR_ZONE_CLUSTER && pools_.packets.TakeApart(); }

// Sleeps in the queue: an object, and the ticket is spent; or nullptr: look again.
void* Zone::AwaitTurn(uint64_t& ticket, int64_t deadline) {
  if (ticket == Waiters::kNoTicket) {  // the queue was full
    Atomic<uint32_t> nobody_wakes{0};
    FutexWait(nobody_wakes, 0, deadline);
    ticket = waiters_.Enter();
    return nullptr;
  }
  uint32_t number = waiters_.Await(ticket, deadline);
  if (number == Waiters::kNothing || number == Waiters::kLook) return nullptr;
  ticket = Waiters::kNoTicket;
  return ObjectOf(number);
}

// What the caller has, or what it was granted meanwhile; of two, one goes back.
void* Zone::LeaveQueue(uint64_t ticket, void* object) {
  uint32_t number = waiters_.Leave(ticket);
  if (number == Waiters::kNothing) return object;
  void* granted = ObjectOf(number);
  if (object == nullptr) return granted;
  if (granted != nullptr) PutOne(granted);
  return object;
}

void* Zone::AtLimit(int tally, int how) {
  const bool may_wait = how == kWait && !DrainRegistry::InHandler();
  const int64_t wait_ms = pools_.wait_limit_ms.load(std::memory_order_relaxed);  // hint
  const int64_t begun = MonotonicNs();
  const int64_t deadline = wait_ms <= 0 ? kNever : begun + wait_ms * kMillisecond;
  const int64_t patience = pools_.options.wait_report_ms;
  int64_t report = patience <= 0 ? kNever : begun + patience * kMillisecond;
  Announced announced(waiters_);
  uint64_t ticket = Waiters::kNoTicket;
  bool drained = false, slept = false, late = false;
  int looks = 0;
  int error = ENOBUFS;
  void* object = nullptr;
  for (;;) {
    bool busy = Recall();
    uint64_t moves = pools_.transit.Look();
    object = TakeOne();
    if (object == nullptr && (TakePacketsApart() || Grow() || LetGo())) continue;
    if (object != nullptr) {
      if (!may_wait || waiters_.Oldest(ticket)) break;
      PutOne(object);  // to those who came before
      object = nullptr;
    }
    // Nothing, but did we see everything? Not while another was moving objects.
    bool unsure = busy || !pools_.transit.Quiet(moves);
    if (unsure && ++looks < kLooks) {
      sched_yield();
      continue;
    }
    if (!drained) {
      drained = true;
      looks = 0;
      // All that exist are in use.
      if (pools_.watermarks.Any()) pools_.watermarks.NotePeak(id_, carved());
      long freed = pools_.drains.Broadcast(id_, kMagazineRounds);
      if (freed >= 0) {
        drains_.Add(1);
        drained_.Add(static_cast<uint64_t>(freed));
      }
      continue;
    }
    if (!may_wait) break;
    if (pools_.shutdown.load(std::memory_order_seq_cst) != 0) {  // [X2] pairs with [X1]
      error = ECANCELED;
      break;
    }
    if (late) {
      error = ETIMEDOUT;
      break;
    }
    looks = 0;
    if (!slept) {
      slept = true;
      waits_.Add(1);
      ticket = waiters_.Enter();
      continue;  // look once more, now in the queue
    }
    // Whoever is in the middle of moving objects need not wake us: look again soon.
    int64_t soon = unsure || ticket == Waiters::kNoTicket ? MonotonicNs() + kMillisecond : kNever;
    object = AwaitTurn(ticket, std::min({soon, deadline, report}));
    if (object != nullptr) break;
    const int64_t now = MonotonicNs();
    late = now >= deadline;
    if (now >= report) {
      report = kNever;
      if (Due(next_report_ns_)) Report(now - begun);
    }
  }
  if (ticket != Waiters::kNoTicket) object = LeaveQueue(ticket, object);
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
  pools_.shared.allocs[tally].Add(1);
  return object;
}

void Zone::AfterFork() {
  trimming_.store(0, std::memory_order_relaxed);  // quiescent
  waiters_.Reset(Announced::In(waiters_) ? 1 : 0, [this](uint32_t number) { PutNumber(number); });
}

}  // namespace weir
