// What a test counts itself of the mbufs and clusters of a set of zones: by looking at chains
// before and after what it does to them, never at weir's own counts.
//
// A tally is written by one thread at a time; others may read it, and see what is not quite up to
// date. So may the child of a fork, which has nothing else.
#ifndef WEIR_TESTS_EXACT_TALLY_H_
#define WEIR_TESTS_EXACT_TALLY_H_

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <set>

#include "weir/chain/mbuf.h"
#include "weir/stats/snapshot.h"

namespace weir {

class OwnCount {
 public:
  void Add(int64_t n) {
    n_.store(n_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  int64_t Read() const { return n_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> n_{0};
};

// The mbufs of one or two chains, and their clusters.
struct ChainLook {
  static constexpr int kMost = 64;

  ChainLook& Add(const mbuf* m) {
    for (; m != nullptr; m = m->m_next) {
      if (count == kMost) abort();  // the test makes no such chains
      const bool ext = (m->m_flags & M_EXT) != 0;
      all[count++] = {m, m->m_type, ext ? m->m_ext.ext_buf : nullptr, m_extzone(m),
                      ext && m->m_ext.ext_type == EXT_PACKET};
    }
    return *this;
  }
  // Among the first `n`.
  bool HasMbuf(const mbuf* m, int n) const {
    for (int i = 0; i < n; ++i) {
      if (all[i].m == m) return true;
    }
    return false;
  }
  bool HasBuffer(const void* buffer, int n) const {
    for (int i = 0; i < n; ++i) {
      if (all[i].buffer == buffer) return true;
    }
    return false;
  }

  struct One {
    const mbuf* m;
    int type;
    const void* buffer;
    int zone;     // of the cluster, or -1
    bool packet;  // the cluster came with an mbuf
  } all[kMost];
  int count = 0;
};

struct Tally {
  OwnCount mbufs[WEIR_NTYPES];   // allocated less freed, by type; of one thread it may be negative
  OwnCount allocs[WEIR_NZONES];  // objects handed out
  OwnCount mbuf_frees;
  OwnCount denied;  // allocations that failed for want of memory
  OwnCount copy_failures, pullup_failures;

  // What was done to chains in between.
  void Change(const ChainLook& before, const ChainLook& after) {
    for (int i = 0; i < after.count; ++i) {
      const ChainLook::One& one = after.all[i];
      if (!before.HasMbuf(one.m, before.count)) {
        allocs[WEIR_ZONE_MBUF].Add(1);
        mbufs[one.type].Add(1);
      }
      if (one.zone < 0 || before.HasBuffer(one.buffer, before.count) ||
          after.HasBuffer(one.buffer, i)) {
        continue;
      }
      allocs[one.zone].Add(1);
      if (one.packet) allocs[WEIR_ZONE_PACKET].Add(1);
    }
    for (int i = 0; i < before.count; ++i) {
      if (after.HasMbuf(before.all[i].m, after.count)) continue;
      mbuf_frees.Add(1);
      mbufs[before.all[i].type].Add(-1);
    }
  }
  void Got(const mbuf* m) { Change({}, ChainLook().Add(m)); }
  // A copy shares its clusters.
  void Copied(const mbuf* m) {
    for (; m != nullptr; m = m->m_next) {
      allocs[WEIR_ZONE_MBUF].Add(1);
      mbufs[m->m_type].Add(1);
    }
  }
  void Freeing(const mbuf* m) {
    for (; m != nullptr; m = m->m_next) {
      mbuf_frees.Add(1);
      mbufs[m->m_type].Add(-1);
    }
  }
};

// What is in use when nobody does anything, by a look at all chains that there are.
struct InHand {
  void Add(const mbuf* m) {
    for (; m != nullptr; m = m->m_next) {
      ++mbufs;
      ++types[m->m_type];
      if (!(m->m_flags & M_EXT)) continue;
      clusters[m_extzone(m)].insert(m->m_ext.ext_buf);
      if (m->m_ext.ext_type == EXT_PACKET) clusters[WEIR_ZONE_PACKET].insert(m->m_ext.ext_buf);
    }
  }
  int64_t Of(int zone) const {
    return zone == WEIR_ZONE_MBUF ? mbufs : static_cast<int64_t>(clusters[zone].size());
  }

  int64_t mbufs = 0;
  int64_t types[WEIR_NTYPES] = {};
  std::set<const void*> clusters[WEIR_NZONES];  // one that is shared is one
};

}  // namespace weir

#endif  // WEIR_TESTS_EXACT_TALLY_H_
