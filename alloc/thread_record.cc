#include "weir/alloc/thread_record.h"

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>

#include "weir/alloc/metadata.h"
#include "weir/alloc/pools.h"
#include "weir/stats/break.h"

namespace weir {

constinit __thread OwnRecordPlace t_thread = {};

namespace {

__thread bool t_claiming = false;  // a signal handler that allocates does not claim a second one
__thread bool t_ended = false;

constinit Atomic<int> process{0};  // whose threads' ids the records hold

void EndRecord(weir_pools& pools, ThreadRecord* r) {
  r->tid.store(0, std::memory_order_relaxed);  // hint
  for (int i = 0; i < WEIR_NZONES; ++i) pools.caches(i).Close(*r);
  pools.records.Abandon(r);
}

void EndThread(void* record) {
  ThreadRecord* r = static_cast<ThreadRecord*>(record);
  // From here on this thread's operations go straight to the depot.
  t_thread.record = nullptr;
  t_ended = true;
  ForEachPools([r](weir_pools& pools) {
    ThreadRecord* other = r->others[pools.number];
    if (other != nullptr) EndRecord(pools, other);
  });
  EndRecord(g_pools, r);
}

pthread_key_t EndKey() {
  static const pthread_key_t key = [] {
    pthread_key_t k;
    pthread_key_create(&k, EndThread);
    return k;
  }();
  return key;
}

ThreadRecord* MakeRecord() {
  void* p = MetadataAlloc(sizeof(ThreadRecord));
  return p == nullptr ? nullptr : new (p) ThreadRecord;
}

// A thread that uses weir for the first time behind weir's own destructor ends without a word. Its
// record is found by that: no thread has its tid any more. -tid: it is being asked for.
//
// The owner sets tid when it claims and to 0 when it ends; so if it is still -tid afterwards, the
// owner did not end by itself, and nobody but us will.
bool OwnerIsGone(ThreadRecord& r) {
  int tid = r.tid.load(std::memory_order_relaxed);  // hint, revalidated
  if (tid <= 0 || getpid() != process.load(std::memory_order_relaxed)) return false;  // quiescent
  // relaxed (owner-only): what is exchanged here is who speaks for the record, and nothing else.
  if (!r.tid.compare_exchange_strong(tid, -tid, std::memory_order_relaxed,
                                     std::memory_order_relaxed)) {
    return false;
  }
  const bool gone =
      Broken(kBreakOwnerGone) || (syscall(SYS_tgkill, getpid(), tid, 0) != 0 && errno == ESRCH);
  int asked = -tid;
  const bool ours = r.tid.compare_exchange_strong(asked, gone ? 0 : tid, std::memory_order_relaxed,
                                                  std::memory_order_relaxed);
  return gone && ours;
}

// Before a new record is made: ends some of those whose threads are gone, so that such threads
// leave no more behind than were alive at once. A few at a time, in turn, as each takes a system
// call.
void EndSomeGone(weir_pools& pools) {
  constexpr uint32_t kEach = 4;
  uint32_t n = 0;
  pools.records.ForEach([&](ThreadRecord&) { ++n; });
  if (n == 0) return;
  const uint32_t from = pools.records_asked.fetch_add(kEach, std::memory_order_relaxed);  // counter
  uint32_t i = 0;
  pools.records.ForEach([&](ThreadRecord& r) {
    if ((i++ + n - from % n) % n < kEach && OwnerIsGone(r)) EndRecord(pools, &r);
  });
}

ThreadRecord* Claim(weir_pools& pools) {
  ThreadRecord* r = pools.records.Claim([&pools] {
    EndSomeGone(pools);
    return MakeRecord();
  });
  if (r == nullptr) return nullptr;
  memset(r->others, 0, sizeof r->others);             // those of the thread that had it before
  r->tid.store(gettid(), std::memory_order_relaxed);  // hint
  for (Cache& cache : r->caches) cache.Open();
  return r;
}

}  // namespace

void MakeEndKey() {
  process.store(getpid(), std::memory_order_relaxed);  // unpublished
  EndKey();
}

void ForgetOwners(weir_pools& pools) {
  process.store(getpid(), std::memory_order_relaxed);  // quiescent
  ThreadRecord* own = pools.OwnIfAny();
  pools.records.ForEach([&](ThreadRecord& r) {
    r.tid.store(&r == own ? gettid() : 0, std::memory_order_relaxed);  // quiescent
    if (&r != own) pools.records.Abandon(&r);
  });
}

ThreadRecord* OwnRecord() {
  if (t_thread.record != nullptr) return t_thread.record;
  if (t_ended || t_claiming) return nullptr;
  t_claiming = true;
  ThreadRecord* r = Claim(g_pools);
  if (r != nullptr) {
    pthread_setspecific(EndKey(), r);
    t_thread.record = r;
  }
  t_claiming = false;
  return r;
}

}  // namespace weir

weir::ThreadRecord* weir_pools::OwnIfAny() const {
  weir::ThreadRecord* r = weir::t_thread.record;
  return number == 0 || r == nullptr ? r : r->others[number];
}

weir::ThreadRecord* weir_pools::Own() {
  weir::ThreadRecord* r = weir::OwnRecord();
  if (number == 0 || r == nullptr || r->others[number] != nullptr) return OwnIfAny();
  if (weir::t_claiming) return nullptr;
  weir::t_claiming = true;
  r->others[number] = weir::Claim(*this);
  weir::t_claiming = false;
  return r->others[number];
}
