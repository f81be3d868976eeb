#include "weir/alloc/numa.h"

#include <linux/mempolicy.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "weir/stats/atomic.h"

namespace weir {
namespace {

constinit Atomic<uint32_t> several{0};

}  // namespace

// The list is numbers and ranges separated by commas: "0", "0-1", "0,2-3".
int NodeCount(const char* root) {
  char* name;
  if (asprintf(&name, "%s/sys/devices/system/node/possible", root) < 0) return 1;
  FILE* f = fopen(name, "re");
  free(name);
  if (f == nullptr) return 1;
  int count = 0;
  for (int first, last; fscanf(f, "%d", &first) == 1;) {
    if (fscanf(f, "-%d", &last) != 1) last = first;
    if (last >= first) count += last - first + 1;
    if (fgetc(f) != ',') break;
  }
  fclose(f);
  return count > 0 ? count : 1;
}

int PreferNode(void* p, size_t bytes, unsigned node) {
  constexpr unsigned kBits = 8 * sizeof(unsigned long);
  unsigned long nodes[1024 / kBits] = {};  // as many as any kernel has
  if (node >= 1024) return EINVAL;
  nodes[node / kBits] = 1ul << node % kBits;
  // The kernel takes one bit less than it is told.
  return syscall(SYS_mbind, p, bytes, MPOL_PREFERRED, nodes, 1024 + 1, 0) == 0 ? 0 : errno;
}

// It is a wish: where it is refused (seccomp), pages come from where the kernel takes them.
void PreferNearNode(void* p, size_t bytes) {
  unsigned node;
  if (several.load(std::memory_order_relaxed) != 0 &&  // hint
      getcpu(nullptr, &node) == 0) {
    PreferNode(p, bytes, node);
  }
}

void CountNodes() {
  several.store(NodeCount() > 1 ? 1 : 0, std::memory_order_relaxed);  // hint
}

}  // namespace weir
