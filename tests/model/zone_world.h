// Zones with their threads' records, as a model test needs them: made once, and put back to their
// first state before each run.
//
// By default it is one zone that no packets are made of; World(true) has mbufs, clusters and
// packets. A test program has one or the other.
#ifndef WEIR_TESTS_MODEL_ZONE_WORLD_H_
#define WEIR_TESTS_MODEL_ZONE_WORLD_H_

#include <cstdint>
#include <vector>

#include "tests/model/clock.h"
#include "weir/alloc/zone.h"

namespace weir::model {

class ZoneWorld {
 public:
  explicit ZoneWorld(bool packets);
  // As after start: no object made, no cache in use, and this limit (of mbufs, this other one).
  void Reset(int64_t limit, int64_t mbufs = 0);
  // Threads run on so many processors in turn, each with a shard of the depots. Until the next Reset,
  // after which there is one.
  void Shards(uint32_t n);
  // Freed objects of zone() are held back, and threads keep no cache of it. Until the next Reset.
  void Quarantine();
  Zone& zone();  // the only one, or that of clusters

  // As thread `self`. What is allocated goes into the thread's hands, what is freed comes from
  // there, the last first; false: there was none.
  bool Alloc(int self, int how) { return Alloc(self, how, kind_); }
  bool Alloc(int self, int how, int kind);
  bool Free(int self);
  // Whether the thread's allocations go by the rate of samples (alloc/sampling.h) that is set.
  bool KnowsRate(int self);
  // fork(): what follows is the child, of which Check looks at the memory.
  void Fork(int self);
  // The thread's end.
  void End(int self);
  // Every object that was made is in someone's hands or can be allocated, once.
  // After Fork the other thread (one) may have had one more in its hands.
  void Check();

 private:
  struct Region {
    char* at;
    size_t bytes;
    std::vector<char> saved;
  };
  struct Held {
    int kind;  // a zone
    void* object;
  };
  struct Hands {
    Held held[8];
    int n = 0;
  };

  void Save(void* at, size_t bytes);
  void OpenQuarantine(int64_t n);
  ThreadRecord* RecordOf(int self);
  void CheckZone(int zone, int64_t others);

  const bool packets_;
  const int kind_;  // the zone, or that of clusters

  std::vector<Region> regions_;
  ThreadRecord* records_[kMaxThreads + 1] = {};
  Hands hands_[kMaxThreads + 1];
  int forked_ = -1;  // the thread that the child goes on with
};

ZoneWorld& World(bool packets = false);

}  // namespace weir::model

#endif  // WEIR_TESTS_MODEL_ZONE_WORLD_H_
