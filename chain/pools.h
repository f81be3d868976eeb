// weir::Pools: a set of zones beside the default one, with limits, drain handlers and statistics of
// its own; see "Sets of zones" in weir/chain/weir.h.
//
//   weir_options options{};
//   options.nmbclusters = 4096;
//   weir::Pools tenant("tenant-a", options);
//   if (!tenant) ...                                   // errno says why
//   mbuf* m = tenant.getcl(M_DONTWAIT, MT_DATA, M_PKTHDR);
//
// It must outlive its mbufs. The destructor of one whose mbufs are still out prints a line that
// says how many, and leaves the set in place.
//
// Thread rule: any thread may use it, at once with others; one makes it and one ends it.
#ifndef WEIR_CHAIN_POOLS_H_
#define WEIR_CHAIN_POOLS_H_

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <utility>

#include "weir/chain/mbuf.h"
#include "weir/chain/weir.h"

namespace weir {

class Pools {
 public:
  Pools() noexcept = default;
  // Check with operator bool: an empty one has errno EINVAL, ENOMEM or ENOSPC.
  explicit Pools(const char* name, const weir_options& options = {}) noexcept
      : pools_(weir_pools_create(name, &options)) {}
  Pools(Pools&& other) noexcept : pools_(std::exchange(other.pools_, nullptr)) {}
  Pools& operator=(Pools&& other) noexcept {
    if (this != &other) {
      End();
      pools_ = std::exchange(other.pools_, nullptr);
    }
    return *this;
  }
  ~Pools() { End(); }

  explicit operator bool() const noexcept { return pools_ != nullptr; }
  // Borrows: for the C face.
  weir_pools* get() const noexcept { return pools_; }
  const char* name() const noexcept { return weir_pools_name(pools_); }

  // Ends it: 0, and it is empty. Or how many objects are still out, and it is as before.
  int64_t destroy() noexcept {
    int64_t out = pools_ == nullptr ? 0 : weir_pools_destroy(pools_);
    if (out == 0) pools_ = nullptr;
    return out;
  }

  // m_get and its kin, of this set. Return ownership, or NULL with errno.
  mbuf* get(int how, int type) noexcept { return weir_pools_get(pools_, how, type); }
  mbuf* gethdr(int how, int type) noexcept { return weir_pools_gethdr(pools_, how, type); }
  mbuf* getcl(int how, int type, int flags) noexcept {
    return weir_pools_getcl(pools_, how, type, flags);
  }
  mbuf* getjcl(int how, int type, int flags, int size) noexcept {
    return weir_pools_getjcl(pools_, how, type, flags, size);
  }
  mbuf* get2(int size, int how, int type, int flags) noexcept {
    return weir_pools_get2(pools_, size, how, type, flags);
  }

  // 0, or the errno value.
  int set_limit(int zone, long objects) noexcept {
    return weir_pools_set_limit(pools_, zone, objects);
  }
  int reserve(int zone, long objects) noexcept { return weir_pools_reserve(pools_, zone, objects); }
  // Bytes given back to the operating system.
  long trim() noexcept { return weir_pools_trim(pools_); }
  long trim_to(int64_t bytes) noexcept { return weir_pools_trim_to(pools_, bytes); }
  long trim_idle() noexcept { return weir_pools_trim_idle(pools_); }
  void set_wait_limit(long ms) noexcept { weir_pools_set_wait_limit(pools_, ms); }
  struct weir_snapshot snapshot() const noexcept {
    struct weir_snapshot out;
    weir_pools_snapshot(pools_, &out);
    return out;
  }

 private:
  void End() noexcept {
    if (pools_ == nullptr) return;
    const int64_t out = weir_pools_destroy(pools_);
    if (out == 0) return;
    fprintf(stderr, "weir: set %s is left in place: %lld objects of it are still out\n", name(),
            static_cast<long long>(out));
  }

  weir_pools* pools_ = nullptr;
};

}  // namespace weir

#endif  // WEIR_CHAIN_POOLS_H_
