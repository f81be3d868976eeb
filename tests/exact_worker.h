// One that does random things to chains of two sets of zones and counts all of it (exact_tally.h):
// the default set, where nothing fails, and a small one, at its limit.
//
// The small set's chains are such that an operation which fails there has allocated at most one
// mbuf and freed it again, for want of a cluster; so its counts can be told, too.
#ifndef WEIR_TESTS_EXACT_WORKER_H_
#define WEIR_TESTS_EXACT_WORKER_H_

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <mutex>
#include <random>
#include <vector>

#include "tests/exact_tally.h"
#include "weir/chain/mbuf.h"
#include "weir/chain/weir.h"

namespace weir {

enum ExactSet { kRoomy, kSmall, kExactSets };

// Chains that others handed over, to be freed by whose it is.
class Mailbox {
 public:
  static constexpr size_t kMost = 32;

  Mailbox() { chains_.reserve(kMost); }  // no malloc later: a fork's child may not wait for it
  // Takes m, unless it is full.
  bool Put(mbuf* m) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (chains_.size() == kMost) return false;
    chains_.push_back(m);
    return true;
  }
  mbuf* Take() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (chains_.empty()) return nullptr;
    mbuf* m = chains_.back();
    chains_.pop_back();
    return m;
  }
  template <typename Visit>
  void ForEach(Visit visit) {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (mbuf* m : chains_) visit(m);
  }

 private:
  std::mutex mutex_;
  std::vector<mbuf*> chains_;
};

class ExactWorker {
 public:
  static constexpr int kHold = 32;      // chains of each set
  static constexpr int kInOneStep = 8;  // mbufs that a step changes, at most

  void Begin(uint64_t seed, weir_pools* small, ExactWorker* others, int n) {
    random_.seed(static_cast<uint32_t>(seed));
    small_ = small;
    others_ = others;
    others_count_ = n;
  }

  // One operation, now and then a few.
  void Step() {
    const ExactSet set = Random(16) == 0 ? kSmall : kRoomy;
    // As many come as go.
    const int held = counts_[set];
    if (held == kHold || (held > 0 && Random(100) < (set == kRoomy ? 40 : 30))) {
      Leave(set);
    } else if (held < 4 || Random(2) == 0) {
      Enter(set);
    } else {
      Change(set);
    }
  }

  template <typename Visit>
  void ForEachChain(Visit visit) {
    for (int set = 0; set < kExactSets; ++set) {
      for (int i = 0; i < counts_[set]; ++i) visit(held_[set][i]);
    }
    inbox_.ForEach(visit);
  }
  // Frees all that it has.
  void Clear() {
    for (int set = 0; set < kExactSets; ++set) {
      while (counts_[set] > 0) FreeChain(held_[set][--counts_[set]]);
    }
    while (mbuf* m = inbox_.Take()) FreeChain(m);
  }

  const Tally& tally(int set) const { return tallies_[set]; }
  // What failed where nothing may.
  int64_t wrong() const { return wrong_.Read(); }

 private:
  uint32_t Random(uint32_t n) { return static_cast<uint32_t>(random_()) % n; }
  Tally& TallyOfChain(const mbuf* m) { return tallies_[m->m_pool == 0 ? kRoomy : kSmall]; }
  static int Count(const mbuf* m) {
    int n = 0;
    for (; m != nullptr; m = m->m_next) ++n;
    return n;
  }

  void Keep(ExactSet set, mbuf* m) {
    if (counts_[set] == kHold) return FreeChain(m);
    held_[set][counts_[set]++] = m;
  }
  mbuf* Drop(ExactSet set) {
    mbuf*& place = held_[set][Random(static_cast<uint32_t>(counts_[set]))];
    mbuf* m = place;
    place = held_[set][--counts_[set]];
    return m;
  }
  mbuf*& Any(ExactSet set) { return held_[set][Random(static_cast<uint32_t>(counts_[set]))]; }
  void FreeChain(mbuf* m) {
    TallyOfChain(m).Freeing(m);
    m_freem(m);
  }

  // It failed, with errno.
  void Denied(ExactSet set) {
    if (set == kRoomy || (errno != ENOBUFS && errno != ETIMEDOUT)) wrong_.Add(1);
    tallies_[set].denied.Add(1);
  }

  // ---- Chains end ----

  void Leave(ExactSet set) {
    mbuf* m = Drop(set);
    if (Random(8) != 0) return FreeChain(m);
    // To another, who frees it, and one of ours.
    if (!others_[Random(static_cast<uint32_t>(others_count_))].inbox_.Put(m)) FreeChain(m);
    if (mbuf* other = inbox_.Take()) FreeChain(other);
  }

  // ---- Chains begin ----

  void Enter(ExactSet set) {
    constexpr int kTypes[] = {MT_DATA, MT_DATA, MT_DATA, MT_HEADER, MT_SONAME, MT_CONTROL, 77, 255};
    const int type = kTypes[Random(8)];
    mbuf* m = set == kRoomy ? NewRoomy(type) : NewSmall(type);
    if (m == nullptr) return Denied(set);
    tallies_[set].Got(m);
    m->m_len = static_cast<int>(1 + Random(100));
    if (m->m_flags & M_PKTHDR) m->m_pkthdr.len = m->m_len;
    Keep(set, m);
  }
  static int ClusterBytes(uint32_t n) {
    constexpr int kBytes[] = {MCLBYTES, MJUMPAGESIZE, MJUM9BYTES, MJUM16BYTES};
    return kBytes[n];
  }
  mbuf* NewRoomy(int type) {
    switch (Random(8)) {
      case 0:
      case 1:
        return m_get(M_DONTWAIT, type);
      case 2:
        return m_gethdr(M_WAIT, type);
      case 3: {
        mbuf* m = m_gethdr(M_DONTWAIT, type);
        if (m != nullptr && m_clget(m, M_DONTWAIT) != 0) wrong_.Add(1);
        return m;
      }
      case 4:
        return m_getjcl(M_DONTWAIT, type, M_PKTHDR, ClusterBytes(Random(4)));
      default:
        return m_getcl(M_DONTWAIT, type, Random(4) == 0 ? 0 : M_PKTHDR);
    }
  }
  mbuf* NewSmall(int type) {
    // Who waits has others that go on, and does not wait for long.
    const int how = Random(512) == 0 ? M_WAIT : M_DONTWAIT;
    switch (Random(4)) {
      case 0:
        return weir_pools_get(small_, how, type);
      case 1:
        return weir_pools_gethdr(small_, how, type);
      case 2:
        return weir_pools_getjcl(small_, how, type, M_PKTHDR, ClusterBytes(Random(4)));
      default:
        return weir_pools_getcl(small_, how, type, M_PKTHDR);
    }
  }

  // ---- Chains change ----

  void Change(ExactSet set) {
    switch (Random(8)) {
      case 0:
      case 1:
        return CopyPacket(set);
      case 2:
        return set == kRoomy ? CopyRange(set) : CopyPacket(set);
      case 3:
        return set == kRoomy ? Split(set) : Join(set);
      case 4:
        return Retype(set);
      case 5:
        return Join(set);
      default:
        return PullUp(set);
    }
  }
  void CopyPacket(ExactSet set) {
    mbuf* m = Any(set);
    if (set == kSmall && m->m_next != nullptr) return Retype(set);
    mbuf* copy = m_copypacket(m, M_DONTWAIT);
    if (copy != nullptr) {
      tallies_[set].Copied(copy);
      return Keep(set, copy);
    }
    tallies_[set].copy_failures.Add(1);
    if (m->m_flags & M_PKTHDR) Denied(set);  // without a header there is nothing to allocate
  }
  void CopyRange(ExactSet set) {
    mbuf* m = Any(set);
    const uint32_t total = m_length(m, nullptr);
    const int off = static_cast<int>(Random(total + 1)), len = static_cast<int>(1 + Random(200));
    const int how = Random(2) == 0 ? M_DONTWAIT : M_WAIT;
    mbuf* copy = m_copym(m, off, len, how);
    if (copy != nullptr) {
      tallies_[set].Copied(copy);
      return Keep(set, copy);
    }
    if (errno != EINVAL || off + len <= static_cast<int>(total)) wrong_.Add(1);
    tallies_[set].copy_failures.Add(1);
  }
  void Split(ExactSet set) {
    mbuf* m = Any(set);
    const uint32_t total = m_length(m, nullptr);
    const ChainLook before = ChainLook().Add(m);
    mbuf* tail = m_split(m, static_cast<int>(Random(total + 1)), M_DONTWAIT);
    tallies_[set].Change(before, ChainLook().Add(m).Add(tail));
    if (tail != nullptr) {
      Keep(set, tail);
    } else if (errno != 0) {
      wrong_.Add(1);
    }
  }
  void Retype(ExactSet set) {
    mbuf* m = Any(set);
    if (m->m_next != nullptr) m = m->m_next;
    const int type = static_cast<int>(1 + Random(255)), was = m->m_type;
    if (m_chtype(m, type) != 0) wrong_.Add(1);
    tallies_[set].mbufs[was].Add(-1);
    tallies_[set].mbufs[type].Add(1);
  }
  void Join(ExactSet set) {
    if (counts_[set] < 2) return Retype(set);
    mbuf* first = Drop(set);
    mbuf* second = Drop(set);
    if (Count(first) + Count(second) > kInOneStep / 2) {
      Keep(set, first);
      Keep(set, second);
      return Retype(set);
    }
    const ChainLook before = ChainLook().Add(first).Add(second);
    const bool packet = (first->m_flags & M_PKTHDR) != 0;
    if ((packet ? m_catpkt(first, second) : m_cat(first, second)) != 0) wrong_.Add(1);
    tallies_[set].Change(before, ChainLook().Add(first));
    Keep(set, first);
  }
  // Now and then of more than there is, which is a failure, and frees the chain.
  void PullUp(ExactSet set) {
    mbuf* m = Drop(set);
    const uint32_t total = m_length(m, nullptr);
    const bool too_long = Random(8) == 0;
    const ChainLook before = ChainLook().Add(m);
    const uint32_t len = too_long ? total + 1 : Random(total + 1);
    m = m_pullup(m, static_cast<int>(len));
    tallies_[set].Change(before, ChainLook().Add(m));
    if (m != nullptr) return Keep(set, m);
    tallies_[set].pullup_failures.Add(1);
    if (!too_long) Denied(set);
  }

  std::minstd_rand random_;
  weir_pools* small_ = nullptr;
  ExactWorker* others_ = nullptr;
  int others_count_ = 0;
  mbuf* held_[kExactSets][kHold];
  int counts_[kExactSets] = {};
  Mailbox inbox_;
  Tally tallies_[kExactSets];
  OwnCount wrong_;
};

}  // namespace weir

#endif  // WEIR_TESTS_EXACT_WORKER_H_
