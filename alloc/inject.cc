#include "weir/alloc/inject.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "weir/alloc/pools.h"
#include "weir/alloc/random.h"
#include "weir/alloc/stack.h"

namespace weir {
namespace {

__thread long t_countdown = -1;  // allocations until the one that fails; -1: none
__thread bool t_armed = false;
__thread uint64_t t_random = 0;
__thread uint64_t t_plan = 0;  // the number of the plan that t_random is of

// What is asked for. Written while nobody allocates.
constinit Atomic<uint32_t> armed{0};
constinit weir_failures plan{};
constinit Atomic<uint64_t> plans{0};  // so far
char site[128];
constinit SharedCounter failed;

// The stacks that have failed already, by their hash; 0: free.
constexpr size_t kStacks = 4096;
constinit Atomic<uint64_t> stacks[kStacks] = {};

// False: it was there, or there is no room.
bool FirstOf(uint64_t hash) {
  for (size_t i = 0; i < kStacks; ++i) {
    Atomic<uint64_t>& place = stacks[(hash + i) % kStacks];
    uint64_t there = place.load(std::memory_order_relaxed);  // hint, revalidated
    // relaxed (counter): nothing is published but the hash.
    if (there == 0 && place.compare_exchange_strong(there, hash, std::memory_order_relaxed,
                                                    std::memory_order_relaxed)) {
      return true;
    }
    if (there == hash) return false;
  }
  return false;
}

bool Hit() {
  // The same for the same seed and thread history.
  const uint64_t now = plans.load(std::memory_order_relaxed);  // quiescent
  if (t_plan != now) t_random = plan.seed * 2 + 1;
  t_plan = now;
  return NextRandom(t_random) % plan.one_in == 0;
}

bool Planned() {
  if (plan.one_in != 0 && !Hit()) return false;
  if (plan.site == nullptr && plan.once_a_stack == 0) return true;
  Stack stack;
  stack.Take();
  if (plan.site != nullptr && !stack.Has(plan.site)) return false;
  if (plan.once_a_stack == 0) return true;
  if (!FirstOf(stack.Hash())) return false;
  fprintf(stderr, "weir: an allocation is made to fail, called from\n");
  stack.Print();
  return true;
}

// A number of the environment into `value`. False: it is not one.
bool Number(const char* variable, uint64_t& value) {
  const char* text = getenv(variable);
  if (text == nullptr) return true;
  char* end;
  errno = 0;
  value = strtoull(text, &end, 10);
  return *text != '\0' && *text != '-' && *end == '\0' && errno == 0;
}

const char* Refuse(const char* variable) {
  static __thread char message[160];
  snprintf(message, sizeof message, "%s: %.60s is not a number from 0 to 18446744073709551615",
           variable, getenv(variable));
  return message;
}

}  // namespace

bool InjectionArmed() { return t_armed || armed.load(std::memory_order_relaxed) != 0; }  // hint

bool InjectFailure(bool endless) {
  const bool counted = t_countdown >= 0 && t_countdown-- == 0;
  // relaxed (quiescent): it is set while nobody allocates.
  const bool planned = armed.load(std::memory_order_relaxed) != 0 && !endless && Planned();
  if (!counted && !planned) return false;
  failed.Add(1);
  return true;
}

const char* FailAsEnvironmentSays() {
  weir_failures f = {};
  uint64_t once = 0;
  if (!Number("WEIR_FAIL", f.one_in)) return Refuse("WEIR_FAIL");
  if (!Number("WEIR_FAIL_SEED", f.seed)) return Refuse("WEIR_FAIL_SEED");
  if (!Number("WEIR_FAIL_ONCE_A_STACK", once)) return Refuse("WEIR_FAIL_ONCE_A_STACK");
  f.site = getenv("WEIR_FAIL_SITE");
  f.once_a_stack = once != 0;
  if (f.one_in == 0 && f.site == nullptr && !f.once_a_stack) return nullptr;
  return weir_fail(&f) == 0 ? nullptr : "WEIR_FAIL_SITE: it is longer than 127 bytes";
}

}  // namespace weir

extern "C" {

int weir_fail(const struct weir_failures* failures) {
  using weir::plan;
  const struct weir_failures f = failures == nullptr ? weir_failures{} : *failures;
  if (f.site != nullptr && strlen(f.site) >= sizeof weir::site) return EINVAL;
  const bool any = f.one_in != 0 || f.site != nullptr || f.once_a_stack != 0;
  weir::armed.store(0, std::memory_order_relaxed);  // quiescent
  plan = f;
  weir::plans.fetch_add(1, std::memory_order_relaxed);  // counter
  if (f.site != nullptr) plan.site = strcpy(weir::site, f.site);
  if (f.one_in != 0) {
    if (f.seed == 0) plan.seed = static_cast<uint64_t>(time(nullptr));
    fprintf(stderr, "weir: failing 1 in %lu allocations, WEIR_FAIL_SEED=%lu\n", f.one_in,
            plan.seed);
  }
  for (weir::Atomic<uint64_t>& s : weir::stacks)
    s.store(0, std::memory_order_relaxed);  // quiescent
  if (!any) return 0;
  weir::Stack().Take();                             // what the first one makes is made now
  weir::armed.store(1, std::memory_order_relaxed);  // quiescent
  weir::ForEachPools([](weir_pools& pools) { pools.Recall(); });
  return 0;
}

void weir_fail_nth(long nth) {
  weir::t_countdown = nth;
  weir::t_armed = nth >= 0;
  if (weir::t_armed) weir::ForEachPools([](weir_pools& pools) { pools.Recall(); });
}

uint64_t weir_failed(void) { return weir::failed.Read(); }

}  // extern "C"
