// Records of mbufs and clusters under threads: while some allocate, share, touch and free, one looks
// at all that is recorded and one changes how much is; and what is seen is whole.
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <random>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/alloc_stress.h"
#include "tests/in_use.h"
#include "weir/alloc/held.h"
#include "weir/chain/holders.h"
#include "weir/chain/mbuf.h"
#include "weir/chain/weir.h"
#include "weir/reclaim/futex.h"
#include "weir/stats/holders.h"

namespace weir {
namespace {

// What a thread says of its mbufs by weir_touch.
constexpr const char* kPlaces[] = {"thread 0", "thread 1", "thread 2"};

class Worker {
 public:
  Worker(int number, uint64_t seed) : number_(number), random_(seed) {}
  ~Worker() {
    for (mbuf* m : held_) m_freem(m);
  }

  void Step() {
    switch (random_() % 4) {
      case 0:
        Keep(m_getcl(M_WAIT, MT_DATA, M_PKTHDR));
        break;
      case 1:
        Keep(m_get2(static_cast<int>(random_() % 16000), M_WAIT, MT_DATA, M_PKTHDR));
        break;
      case 2:
        if (!held_.empty()) Keep(m_copypacket(Any(), M_WAIT));
        break;
      case 3:
        while (held_.size() > random_() % 64) {
          m_freem(held_.back());
          held_.pop_back();
        }
    }
  }

 private:
  void Keep(mbuf* m) {
    ASSERT_NE(m, nullptr);
    m->m_len = m->m_pkthdr.len = 1;
    weir_touch(m, kPlaces[number_]);
    held_.push_back(m);
  }
  mbuf* Any() { return held_[random_() % held_.size()]; }

  const int number_;
  std::minstd_rand random_;
  std::vector<mbuf*> held_;
};

// What can be known of a record that is whole.
void CheckHeld(void* arg, const weir_held* h) {
  auto& wrong = *static_cast<uint64_t*>(arg);
  const bool zone_ok = h->zone >= 0 && h->zone < kZones && h->bytes == static_cast<int64_t>(kObjectBytes[h->zone]);
  const bool stands_ok = h->stands_for == 1 || h->stands_for == 7;
  const bool calls_ok = h->depth > 1 && h->calls[0] != nullptr;
  const bool where_ok = h->where == nullptr || std::string_view(h->where).starts_with("thread ");
  const bool history_ok = h->history[0] != nullptr;
  if (!zone_ok || !stands_ok || !calls_ok || !where_ok || !history_ok || h->thread <= 0) ++wrong;
}

TEST(HoldersStress, LooksAndRatesDisturbNobody) {
  const uint64_t seed = TestSeed();
  const int64_t until = MonotonicNs() + StressNs(3);
  ASSERT_EQ(weir_holders_sample(7), 0);
  uint64_t wrong = 0, looks = 0;
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&, i] {
      Worker worker(i, seed + static_cast<uint64_t>(i));
      while (!done.load(std::memory_order_relaxed)) worker.Step();
    });
  }
  threads.emplace_back([&] {
    constexpr int64_t kRates[] = {1, 7, 0};
    for (int i = 0; !done.load(std::memory_order_relaxed); ++i) {
      ASSERT_EQ(weir_holders_sample(kRates[i % 3]), 0);
      for (int n = 0; n < 100; ++n) sched_yield();
    }
  });
  for (; MonotonicNs() < until; ++looks) weir_holders(CheckHeld, &wrong);
  done.store(true, std::memory_order_relaxed);
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(wrong, 0u) << "of " << looks << " looks";
  EXPECT_GT(looks, 0u);
  EXPECT_TRUE(GroupHolders(weir_holders).groups.empty()) << "all is free";
  for (int zone = 0; zone < WEIR_NZONES; ++zone) EXPECT_EQ(InUse(zone), 0) << zone;
  ASSERT_EQ(weir_holders_sample(4096), 0);
}

// The table alone, with figures that say which record they are of.
TEST(HoldersStress, ALookSeesWholeRecords) {
  static HeldTable table;
  static char objects[2][64];
  const int64_t until = MonotonicNs() + StressNs(2);
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&, i] {
      for (int life = 1; !done.load(std::memory_order_relaxed); ++life) {
        const int at = life % 64;
        HeldFigures f = {};
        f.object = &objects[i][at];
        f.stack = f.stands_for = static_cast<uint32_t>(life);
        f.thread = life;
        f.since_ns = f.where_ns = life;
        f.history = static_cast<uint64_t>(life);
        if (table.Add(f) != nullptr) table.Drop(f.object);
      }
    });
  }
  uint64_t seen = 0, torn = 0;
  while (MonotonicNs() < until) {
    table.ForEach([&](const HeldFigures& f) {
      ++seen;
      const int64_t n = f.since_ns;
      if (f.where_ns != n || f.thread != n || f.stack != static_cast<uint32_t>(n) ||
          f.history != static_cast<uint64_t>(n) ||
          (f.object != &objects[0][n % 64] && f.object != &objects[1][n % 64])) {
        ++torn;
      }
    });
  }
  done.store(true, std::memory_order_relaxed);
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(torn, 0u) << "of " << seen;
}

}  // namespace
}  // namespace weir
