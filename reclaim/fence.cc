#include "weir/reclaim/fence.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "weir/stats/break.h"

namespace weir {
namespace {

long Membarrier(int command) { return syscall(SYS_membarrier, command, 0, 0); }

bool Register() {
  if (getenv("WEIR_NO_MEMBARRIER") != nullptr) return false;
  long known = Membarrier(MEMBARRIER_CMD_QUERY);
  return known >= 0 && (known & MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0 &&
         Membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0;
}

}  // namespace

bool AsymmetricFence() {
  static const bool works = Register();
  return works;
}

void HeavyFence() {
  if (Broken(kBreakHeavyFence)) return;
  if (!AsymmetricFence()) return;
  if (Membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) == 0) return;
  // Owners rely on it already, so there is no way back.
  fprintf(stderr, "weir: membarrier worked at start and fails now (a seccomp filter?): %m\n");
  abort();
}

}  // namespace weir
