#include "weir/alloc/inject.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "weir/alloc/pools.h"

namespace weir {
namespace {

__thread long t_countdown = -1;  // allocations until the one that fails; -1: none
__thread bool t_armed = false;

#ifdef WEIR_CHECK
// One in `rate` fails, 0: none.
struct Rate {
  uint64_t rate = 0;
  uint64_t seed = 0;
  Rate() {
    const char* text = getenv("WEIR_FAIL");
    rate = text == nullptr ? 0 : strtoull(text, nullptr, 10);
    if (rate == 0) return;
    const char* given = getenv("WEIR_FAIL_SEED");
    seed = given != nullptr ? strtoull(given, nullptr, 10) : static_cast<uint64_t>(time(nullptr));
    fprintf(stderr, "weir: failing 1 in %lu allocations, WEIR_FAIL_SEED=%lu\n", rate, seed);
  }
};

const Rate& FailRate() {
  static const Rate rate;
  return rate;
}

bool FailAtRate() {
  const Rate& r = FailRate();
  if (r.rate == 0) return false;
  static __thread uint64_t t_state = 0;
  if (t_state == 0) t_state = r.seed * 2 + 1;
  // xorshift: cheap, and the same for the same seed and thread history.
  t_state ^= t_state << 13;
  t_state ^= t_state >> 7;
  t_state ^= t_state << 17;
  return t_state % r.rate == 0;
}
#else
bool FailAtRate() { return false; }
#endif

}  // namespace

void FailAllocation(long nth) {
  t_countdown = nth;
  t_armed = nth >= 0;
  if (t_armed) ForEachPools([](weir_pools& pools) { pools.Recall(); });
}

bool InjectionArmed() {
#ifdef WEIR_CHECK
  if (FailRate().rate != 0) return true;
#endif
  return t_armed;
}

bool InjectFailure() { return (t_countdown >= 0 && t_countdown-- == 0) || FailAtRate(); }

}  // namespace weir
