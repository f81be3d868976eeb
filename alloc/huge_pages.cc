#include "weir/alloc/huge_pages.h"

#include <linux/mman.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "weir/stats/atomic.h"

namespace weir {

void* MapReserved(void* at, size_t bytes) {
  // Without MAP_NORESERVE: the kernel sets the pages aside now, or touching one could kill us.
  const int where = at == nullptr ? 0 : MAP_FIXED;
  void* p = mmap(at, bytes, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_HUGE_2MB | where, -1, 0);
  return p == MAP_FAILED ? nullptr : p;
}

// The file has all three words, and the one that holds in brackets.
bool TransparentHugePages(const char* root) {
  if (prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) == 1) return false;
  char* name;
  if (asprintf(&name, "%s/sys/kernel/mm/transparent_hugepage/enabled", root) < 0) return false;
  FILE* f = fopen(name, "re");
  free(name);
  if (f == nullptr) return false;
  char words[64];
  const bool read = fgets(words, sizeof words, f) != nullptr;
  fclose(f);
  return read && (strstr(words, "[always]") != nullptr || strstr(words, "[madvise]") != nullptr);
}

void WishHuge(void* p, size_t bytes) { madvise(p, bytes, MADV_HUGEPAGE); }

void SayFallback(const char* used) {
  static constinit Atomic<uint32_t> said{0};
  if (said.exchange(1, std::memory_order_relaxed) != 0) return;  // counter
  fprintf(stderr, "weir: hugepages=1: too few reserved huge pages (vm.nr_hugepages); using %s\n",
          used);
}

}  // namespace weir
