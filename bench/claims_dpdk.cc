// The program of claims.cc that shows exhaustion, over DPDK's mbuf pools.
#include <rte_config.h>  // DPDK's other headers expect it

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <sched.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <span>
#include <string>

#include "bench/claims.h"
#include "bench/exhaustion.h"

namespace {

constexpr char kUsage[] =
    R"(usage: claims-dpdk [--quick] [exhaustion]

exhaustion   2, 8, 64 and 120 threads fill their caches and sleep in read(2); then one thread
             allocates from the pool until it gets NULL. 1,000 times. The threads are registered with
             DPDK, else they have no cache; it takes 127 of them.

--quick: much less of it, to see that it runs.
Exit status: 0 if all in the pool can be allocated, 1 if not, 2 for a wrong argument.
)";

[[noreturn]] void Fail(const char* what) {
  fprintf(stderr, "claims-dpdk: %s: %s\n", what, rte_strerror(rte_errno));
  exit(1);
}

// Only the memory and this thread: no devices, no huge pages, no files.
void StartDpdk() {
  cpu_set_t cpus;
  sched_getaffinity(0, sizeof cpus, &cpus);
  std::string args[] = {
      "claims-dpdk", "--no-shconf",       "--no-huge",
      "--no-pci",    "--no-telemetry",    "-m",
      "256",         "--log-level=error", "--lcores=0@" + std::to_string(sched_getcpu())};
  char* argv[std::size(args) + 1] = {};
  for (size_t i = 0; i < std::size(args); ++i) argv[i] = args[i].data();
  if (rte_eal_init(std::size(args), argv) < 0) Fail("rte_eal_init");
  // DPDK has bound this thread to one processor, and threads that it starts inherit that.
  sched_setaffinity(0, sizeof cpus, &cpus);
}

// Makes its thread one of those that have a cache in each pool.
struct Registered {
  Registered() {
    if (rte_lcore_id() == LCORE_ID_ANY && rte_thread_register() != 0) Fail("rte_thread_register");
  }
  ~Registered() { rte_thread_unregister(); }
};

class Pool {
 public:
  static constexpr int kThreads[] = {2, 8, 64, 120};
  static_assert(120 < RTE_MAX_LCORE);  // threads beyond have no caches

  Pool() = default;
  Pool(const Pool&) = delete;
  ~Pool() { rte_mempool_free(pool_); }
  const char* Name() const { return "rte_mbuf"; }
  int Each() const { return 64; }
  void SetLimit(long limit) {
    rte_mempool_free(pool_);
    pool_ = rte_pktmbuf_pool_create("claims", static_cast<unsigned>(limit), Each(), 0,
                                    RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
    if (pool_ == nullptr) Fail("rte_pktmbuf_pool_create");
  }
  rte_mbuf* Get() const {
    thread_local const Registered registered;
    return rte_pktmbuf_alloc(pool_);
  }
  void Free(rte_mbuf* m) const { rte_pktmbuf_free(m); }
  int64_t Cached() const {
    int64_t n = 0;
    for (unsigned i = 0; i < RTE_MAX_LCORE; ++i) n += rte_mempool_default_cache(pool_, i)->len;
    return n;
  }

 private:
  rte_mempool* pool_ = nullptr;
};

void Exhaustion() {
  StartDpdk();
  Pool pool;
  weir_bench::Exhaustion(std::span(&pool, 1));
}

constexpr weir_bench::Claim kClaims[] = {{"exhaustion", Exhaustion}};

}  // namespace

int main(int argc, char** argv) { return weir_bench::ClaimsMain(argc, argv, kUsage, kClaims); }
