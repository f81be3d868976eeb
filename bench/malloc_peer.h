// A minimal mbuf over malloc: which malloc is a matter of what the program is linked with.
#ifndef WEIR_BENCH_MALLOC_PEER_H_
#define WEIR_BENCH_MALLOC_PEER_H_

#include <malloc.h>

#include <cstddef>
#include <cstdlib>

#include "bench/buffer_peer.h"

#ifndef WEIR_BENCH_MALLOC
#define WEIR_BENCH_MALLOC "glibc"
#endif

// How each gives back what it does not need; there if it is the one that is linked.
extern "C" {
[[gnu::weak]] int mallctl(const char* name, void* old, size_t* old_size, void* now, size_t size);
[[gnu::weak]] void mi_collect(bool force);
[[gnu::weak]] void MallocExtension_ReleaseFreeMemory(void);
[[gnu::weak]] int scalable_allocation_command(int command, void* argument);
}

namespace weir_bench {

struct Heap {
  static void* TakeHeader() { return std::malloc(sizeof(Buffer)); }
  static void PutHeader(void* p) { std::free(p); }
  static void* TakeBlock() { return std::malloc(kBlockBytes); }
  static void PutBlock(void* p) { std::free(p); }
  static void* TakeSized(size_t& n) { return std::malloc(n); }
  static void PutSized(void* p, size_t) { std::free(p); }
};

struct MallocPeer : BufferPeer<Heap> {
  static constexpr char kName[] = WEIR_BENCH_MALLOC;

  static void Trim() {
    if (mallctl != nullptr) {
      mallctl("thread.tcache.flush", nullptr, nullptr, nullptr, 0);
      mallctl("arena.4096.purge", nullptr, nullptr, nullptr, 0);  // MALLCTL_ARENAS_ALL
    } else if (mi_collect != nullptr) {
      mi_collect(true);
    } else if (MallocExtension_ReleaseFreeMemory != nullptr) {
      MallocExtension_ReleaseFreeMemory();
    } else if (scalable_allocation_command != nullptr) {
      scalable_allocation_command(0, nullptr);  // TBBMALLOC_CLEAN_ALL_BUFFERS
    } else {
      malloc_trim(0);
    }
  }
};

}  // namespace weir_bench

#endif  // WEIR_BENCH_MALLOC_PEER_H_
