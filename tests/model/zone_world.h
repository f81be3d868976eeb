// One zone with its threads' records, as a model test needs it: made once, and put back to its
// first state before each run.
#ifndef WEIR_TESTS_MODEL_ZONE_WORLD_H_
#define WEIR_TESTS_MODEL_ZONE_WORLD_H_

#include <cstdint>
#include <vector>

#include "tests/model/clock.h"
#include "weir/alloc/zone.h"

namespace weir::model {

class ZoneWorld {
 public:
  static constexpr int kZone = WEIR_ZONE_JUMBO_PAGE;  // no packets are made of these

  ZoneWorld();
  // As after start: no object made, no cache in use, and this limit.
  void Reset(int64_t limit);
  Zone& zone();

  // As thread `self`. What is allocated goes into the thread's hands, what is freed comes from
  // there; false: there was none.
  bool Alloc(int self, int how);
  bool Free(int self);
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
  struct Hands {
    void* objects[8];
    int n = 0;
  };

  void Save(void* at, size_t bytes);
  ThreadRecord* RecordOf(int self);

  std::vector<Region> regions_;
  ThreadRecord* records_[kMaxThreads + 1] = {};
  Hands hands_[kMaxThreads + 1];
  int forked_ = -1;  // the thread that the child goes on with
};

ZoneWorld& World();

}  // namespace weir::model

#endif  // WEIR_TESTS_MODEL_ZONE_WORLD_H_
