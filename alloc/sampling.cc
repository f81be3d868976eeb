#include "weir/alloc/sampling.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "weir/alloc/pools.h"
#include "weir/alloc/random.h"
#include "weir/reclaim/futex.h"

namespace weir {
namespace {

constexpr uint64_t kAsk = 0, kOff = UINT64_MAX;  // in ThreadRecord::due

constinit Atomic<int64_t> rate{kSampleDefault};

// How many allocations up to the next one that is chosen, it included: at least 1.
uint64_t Gap(int64_t one_in, uint64_t& random) {
  if (one_in == 1) return 1;
  if (random == 0) {
    random = (static_cast<uint64_t>(MonotonicNs()) ^ reinterpret_cast<uintptr_t>(&random) << 20) | 1;
  }
  // In (0, 1].
  const double u = static_cast<double>((NextRandom(random) >> 11) + 1) * 0x1p-53;
  return 1 + static_cast<uint64_t>(std::log(u) / std::log1p(-1.0 / static_cast<double>(one_in)));
}

// The next slow allocation is the one that `due` says, or comes before.
void Arm(ThreadRecord& t, int tally) {
  auto allocs = t.allocs[tally];
  const uint64_t so_far = allocs.Own(), due = t.due[tally];
  allocs.Arm(due > so_far ? due - so_far : 0);
}

}  // namespace

// [H1] seq_cst: pairs with [H2].
int64_t SampleRate() { return rate.load(std::memory_order_seq_cst); }

void SeeSampleRate(ThreadRecord& t) {
  const int64_t now = SampleRate();
  if (t.rate_seen == now) return;
  t.rate_seen = now;
  std::fill(std::begin(t.due), std::end(t.due), kAsk);
  for (int i = 0; i < kTallies; ++i) {
    if (t.allocs[i].Left() != 0) t.allocs[i].Arm(0);
  }
}

bool DrawSample(ThreadRecord& t, int tally) {
  SeeSampleRate(t);
  const uint64_t so_far = t.allocs[tally].Own();
  uint64_t& due = t.due[tally];
  if (so_far < due) {
    if (t.allocs[tally].Left() == 0) Arm(t, tally);  // it counts no further than kMost
    return false;
  }
  if (t.rate_seen == 0) {
    due = kOff;
    Arm(t, tally);
    return false;
  }
  bool chosen = due != kAsk;
  // When it was asked, the allocation that comes now is as good as any other.
  due = so_far + Gap(t.rate_seen, t.random) - (chosen ? 0 : 1);
  if (due == so_far) {
    chosen = true;
    due += Gap(t.rate_seen, t.random);
  }
  Arm(t, tally);
  return chosen;
}

void PassSample(ThreadRecord& t, int tally) {
  if (t.due[tally] == kAsk || t.due[tally] == kOff) return;
  --t.due[tally];
  Arm(t, tally);
}

void SetSampleRate(int64_t one_in) {
  rate.store(one_in, std::memory_order_seq_cst);  // [H2] pairs with [H1]
  ForEachPools([](weir_pools& pools) { pools.Recall(); });
}

}  // namespace weir
