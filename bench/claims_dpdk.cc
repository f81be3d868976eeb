// The program of claims.cc that shows exhaustion, over DPDK's mbuf pools.
#include <cstddef>
#include <cstdint>
#include <span>

#include "bench/claims.h"
#include "bench/dpdk.h"
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
    pool_ = weir_bench::MakeDpdkPool("claims", static_cast<size_t>(limit), Each(),
                                     RTE_MBUF_DEFAULT_DATAROOM);
  }
  rte_mbuf* Get() const {
    thread_local const weir_bench::DpdkThread registered;
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
  weir_bench::StartDpdk(256);
  Pool pool;
  weir_bench::Exhaustion(std::span(&pool, 1));
}

constexpr weir_bench::Claim kClaims[] = {{"exhaustion", Exhaustion}};

}  // namespace

int main(int argc, char** argv) { return weir_bench::ClaimsMain(argc, argv, kUsage, kClaims); }
