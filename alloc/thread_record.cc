#include "weir/alloc/thread_record.h"

#include <pthread.h>

#include <new>

#include "weir/alloc/metadata.h"
#include "weir/alloc/pools.h"

namespace weir {

constinit __thread ThreadRecord* t_record = nullptr;
constinit Registry<ThreadRecord> g_records;
constinit SharedCounts g_shared;

namespace {

__thread bool t_claiming = false;  // a signal handler that allocates does not claim a second one
__thread bool t_ended = false;

void EndThread(void* record) {
  ThreadRecord* r = static_cast<ThreadRecord*>(record);
  // From here on this thread's operations go straight to the depot.
  t_record = nullptr;
  t_ended = true;
  for (Zone& zone : g_zones) zone.CloseCache(r);
  g_records.Abandon(r);
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

}  // namespace

void MakeEndKey() { EndKey(); }

ThreadRecord* OwnRecord() {
  if (t_record != nullptr) return t_record;
  if (t_ended || t_claiming) return nullptr;
  t_claiming = true;
  ThreadRecord* r = g_records.Claim(MakeRecord);
  if (r != nullptr) {
    for (Cache& cache : r->caches) cache.Open();
    pthread_setspecific(EndKey(), r);
    t_record = r;
  }
  t_claiming = false;
  return r;
}

namespace {

void SumAllocs(int first, int n, uint64_t* allocs) {
  g_records.ForEach([&](const ThreadRecord& r) {
    for (int i = 0; i < n; ++i) allocs[i] += r.allocs[first + i].Read();
  });
  for (int i = 0; i < n; ++i) allocs[i] += g_shared.allocs[first + i].Read();
}

}  // namespace

void SumTallies(int first, int n, uint64_t* allocs, uint64_t* frees) {
  if constexpr (Broken(kBreakSumOrder)) SumAllocs(first, n, allocs);
  // All frees before all allocations: see [K2].
  g_records.ForEach([&](const ThreadRecord& r) {
    for (int i = 0; i < n; ++i) frees[i] += r.frees[first + i].Read();
  });
  for (int i = 0; i < n; ++i) frees[i] += g_shared.frees[first + i].Read();
  if constexpr (!Broken(kBreakSumOrder)) SumAllocs(first, n, allocs);
}

}  // namespace weir
