#include "weir/reclaim/drain.h"

namespace weir {
namespace {

__thread bool t_broadcasting = false;

}  // namespace

bool DrainRegistry::InHandler() { return t_broadcasting; }

long DrainRegistry::Broadcast(int zone, long wanted) {
  if (t_broadcasting) return -1;
  // [D10] acquire: pairs with [D11]; one broadcast happens before the next.
  if (in_flight_.exchange(1, std::memory_order_acquire) != 0) return -1;
  t_broadcasting = true;
  long freed = 0;
  for (uint32_t kind = 0; kind < kDrainKinds; ++kind) {
    handlers_.Run(kind, [&](const Handler& handler) {
      const long n = handler.fn(handler.arg, zone, wanted);
      if (n > 0) freed += n;
    });
  }
  t_broadcasting = false;
  broadcasts_.Add(1);
  drained_.Add(static_cast<uint64_t>(freed));
  in_flight_.store(0, std::memory_order_release);  // [D11] release: pairs with [D10]
  return freed;
}

void DrainRegistry::AfterFork() {
  handlers_.AfterFork();
  if (t_broadcasting) return;
  in_flight_.store(0, std::memory_order_relaxed);  // quiescent
}

}  // namespace weir
