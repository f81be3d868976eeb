// DPDK for programs that want its memory alone.
#ifndef WEIR_BENCH_DPDK_H_
#define WEIR_BENCH_DPDK_H_

#include <rte_config.h>  // DPDK's other headers expect it

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <sched.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <string>

namespace weir_bench {

[[noreturn]] inline void FailDpdk(const char* what) {
  fprintf(stderr, "%s: %s\n", what, rte_strerror(rte_errno));
  exit(1);
}

// Only the memory and this thread: no devices, no huge pages, no files.
inline void StartDpdk(unsigned megabytes) {
  cpu_set_t cpus;
  sched_getaffinity(0, sizeof cpus, &cpus);
  std::string args[] = {"bench",
                        "--no-shconf",
                        "--no-huge",
                        "--no-pci",
                        "--no-telemetry",
                        "-m",
                        std::to_string(megabytes),
                        "--log-level=error",
                        "--lcores=0@" + std::to_string(sched_getcpu())};
  char* argv[std::size(args) + 1] = {};
  for (size_t i = 0; i < std::size(args); ++i) argv[i] = args[i].data();
  if (rte_eal_init(std::size(args), argv) < 0) FailDpdk("rte_eal_init");
  // DPDK has bound this thread to one processor, and threads that it starts inherit that.
  sched_setaffinity(0, sizeof cpus, &cpus);
}

// A pool of mbufs with so many bytes of room each.
inline rte_mempool* MakeDpdkPool(const char* name, size_t mbufs, unsigned cache, size_t room) {
  rte_mempool* pool =
      rte_pktmbuf_pool_create(name, static_cast<unsigned>(mbufs), cache, 0,
                              static_cast<uint16_t>(RTE_PKTMBUF_HEADROOM + room), SOCKET_ID_ANY);
  if (pool == nullptr) FailDpdk(name);
  return pool;
}

// Makes its thread one of those that have a cache in each pool.
class DpdkThread {
 public:
  DpdkThread() {
    if (rte_lcore_id() != LCORE_ID_ANY) return;
    if (rte_thread_register() != 0) FailDpdk("rte_thread_register");
    registered_ = true;
  }
  DpdkThread(const DpdkThread&) = delete;
  ~DpdkThread() {
    if (registered_) rte_thread_unregister();
  }

 private:
  bool registered_ = false;
};

}  // namespace weir_bench

#endif  // WEIR_BENCH_DPDK_H_
