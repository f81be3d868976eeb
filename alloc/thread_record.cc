#include "weir/alloc/thread_record.h"

#include <pthread.h>
#include <unistd.h>

#include <cstring>
#include <new>

#include "weir/alloc/metadata.h"
#include "weir/alloc/pools.h"

namespace weir {

constinit __thread ThreadRecord* t_record = nullptr;

namespace {

__thread bool t_claiming = false;  // a signal handler that allocates does not claim a second one
__thread bool t_ended = false;

void EndRecord(weir_pools& pools, ThreadRecord* r) {
  for (int i = 0; i < WEIR_NZONES; ++i) pools.caches(i).Close(*r);
  pools.records.Abandon(r);
}

void EndThread(void* record) {
  ThreadRecord* r = static_cast<ThreadRecord*>(record);
  // From here on this thread's operations go straight to the depot.
  t_record = nullptr;
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

ThreadRecord* Claim(weir_pools& pools) {
  ThreadRecord* r = pools.records.Claim(MakeRecord);
  if (r == nullptr) return nullptr;
  memset(r->others, 0, sizeof r->others);             // those of the thread that had it before
  r->tid.store(gettid(), std::memory_order_relaxed);  // hint
  for (Cache& cache : r->caches) cache.Open();
  return r;
}

}  // namespace

void MakeEndKey() { EndKey(); }

ThreadRecord* OwnRecord() {
  if (t_record != nullptr) return t_record;
  if (t_ended || t_claiming) return nullptr;
  t_claiming = true;
  ThreadRecord* r = Claim(g_pools);
  if (r != nullptr) {
    pthread_setspecific(EndKey(), r);
    t_record = r;
  }
  t_claiming = false;
  return r;
}

}  // namespace weir

weir::ThreadRecord* weir_pools::OwnIfAny() const {
  weir::ThreadRecord* r = weir::t_record;
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
