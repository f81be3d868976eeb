// The depot is linearizable: real threads push and pop numbered magazines, write down when, and
// each history that they made must be one of an ordinary stack. A pop that came back with nothing
// thus says that the depot was empty at some moment meanwhile: what the look at the limit rests on.
#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "tests/history.h"
#include "tests/two_shards.h"
#include "weir/alloc/depot.h"
#include "weir/reclaim/futex.h"

namespace weir {
namespace {

constexpr Operation::Kind kPush = Operation::kPush, kPop = Operation::kPop;
constexpr int kNothing = Operation::kNothing;

bool Check(std::vector<int> initial, std::vector<Operation> operations) {
  return History(std::move(initial), std::move(operations)).Linearizable();
}

TEST(HistoryChecker, TellsRightFromWrong) {
  // One after the other.
  EXPECT_TRUE(Check({1, 2}, {{kPop, 2, 1, 2}, {kPop, 1, 3, 4}, {kPop, kNothing, 5, 6}}));
  EXPECT_FALSE(Check({1, 2}, {{kPop, 1, 1, 2}})) << "not the top";
  EXPECT_FALSE(Check({1}, {{kPop, kNothing, 1, 2}})) << "it was never empty";
  EXPECT_FALSE(Check({1}, {{kPop, 1, 1, 2}, {kPop, 1, 3, 4}})) << "popped twice";
  EXPECT_FALSE(Check({}, {{kPush, 1, 1, 2}, {kPop, kNothing, 3, 4}})) << "lost";
  EXPECT_FALSE(Check({}, {{kPop, 1, 1, 2}, {kPush, 1, 3, 4}})) << "popped before it was pushed";
  // At the same time: either order will do.
  EXPECT_TRUE(Check({1, 2}, {{kPop, 1, 1, 4}, {kPop, 2, 2, 3}}));
  EXPECT_TRUE(Check({}, {{kPush, 1, 1, 4}, {kPop, kNothing, 2, 3}}));
  EXPECT_TRUE(Check({}, {{kPush, 1, 1, 4}, {kPop, 1, 2, 3}}));
  EXPECT_FALSE(Check({1}, {{kPop, 1, 1, 4}, {kPop, 1, 2, 3}})) << "popped twice";
  // It was empty only while the first pop had not ended, and then not any more.
  EXPECT_FALSE(
      Check({1}, {{kPop, 1, 1, 2}, {kPush, 1, 3, 4}, {kPop, kNothing, 5, 8}, {kPop, 1, 9, 10}}));
  EXPECT_TRUE(
      Check({1}, {{kPop, 1, 1, 6}, {kPop, kNothing, 2, 5}, {kPush, 1, 7, 8}, {kPop, 1, 9, 10}}));
}

constexpr int kThreads = 4;
constexpr int kEach = 5;       // operations of a thread in a history
constexpr int kMagazines = 3;  // fewer than threads: a pop often finds nothing

class DepotHistories {
 public:
  explicit DepotHistories(uint64_t seed) : seed_(seed) {
    for (int i = 0; i < kMagazines; ++i) {
      Magazine* m = depot_.PopEmpty();
      m->rounds[0] = m;  // as many objects as tell what it is
      m->count = 1;
      depot_.PutFull(m);
      initial_.push_back(static_cast<int>(m->number));
    }
  }

  // Makes histories until the time is up or one is refused, which it returns; else "".
  std::string Run(int64_t until) {
    std::vector<std::thread> threads;
    for (int id = 0; id < kThreads; ++id) threads.emplace_back([this, id] { Work(id); });
    std::string refused;
    while (refused.empty() && MonotonicNs() < until) {
      done_.store(0);
      round_.fetch_add(1);  // here they go
      while (done_.load() < kThreads) std::this_thread::yield();
      std::vector<Operation> all;
      for (auto& own : made_) all.insert(all.end(), own.begin(), own.end());
      // What is left must be on it.
      std::vector<int> left;
      Operation pop{kPop, 0, 0, 0, kThreads};
      do {
        pop.begin = clock_.fetch_add(1);
        Magazine* m = left.size() > kMagazines ? nullptr : depot_.PopFull();
        pop.element = m == nullptr ? kNothing : static_cast<int>(m->number);
        pop.end = clock_.fetch_add(1);
        all.push_back(pop);
        if (m != nullptr) left.insert(left.begin(), pop.element);
      } while (pop.element != kNothing);
      for (const Operation& o : all) {
        overlaps_ += std::any_of(all.begin(), all.end(), [&](const Operation& p) {
          return p.thread != o.thread && p.begin < o.end && o.begin < p.end;
        });
        empty_ += o.kind == kPop && o.element == kNothing && o.thread < kThreads;
      }
      operations_ += all.size();
      ++histories_;
      History history(initial_, all);
      if (!history.Linearizable() || left.size() != kMagazines) refused = history.ToString();
      initial_ = left;
      for (int number : left) depot_.PutFull(&g_magazines.At(static_cast<uint32_t>(number)));
    }
    stop_.store(true);
    round_.fetch_add(1);
    for (std::thread& t : threads) t.join();
    printf("%lu histories of %lu operations, %lu at the same time as another, %lu found nothing\n",
           histories_, operations_, overlaps_, empty_);
    return refused;
  }
  uint64_t overlaps() const { return overlaps_; }
  uint64_t empty() const { return empty_; }

 private:
  void Work(int id) {
    std::mt19937_64 random(seed_ + static_cast<uint64_t>(id));
    t_yields = seed_ * 2 + static_cast<uint64_t>(id) * 2 + 1;
    std::vector<Operation>& own = made_[id];
    for (uint64_t round = 1;; ++round) {
      while (round_.load() < round) std::this_thread::yield();
      if (stop_.load()) return;
      own.clear();
      Magazine* mine[kEach];
      int n = 0;
      for (int i = 0; i < kEach; ++i) {
        // At the end everything is back.
        const bool push = n > 0 && (i + n + 1 >= kEach || random() % 2 == 0);
        if (!push && i + 1 >= kEach) break;
        Operation o{push ? kPush : kPop, kNothing, clock_.fetch_add(1), 0, id};
        if (push) {
          Magazine* m = mine[--n];
          o.element = static_cast<int>(m->number);
          depot_.PutFull(m);
        } else if (Magazine* m = depot_.PopFull()) {
          o.element = static_cast<int>(m->number);
          mine[n++] = m;
        }
        o.end = clock_.fetch_add(1);
        own.push_back(o);
      }
      done_.fetch_add(1);
    }
  }

  const uint64_t seed_;
  Depot depot_;
  std::vector<int> initial_;
  std::vector<Operation> made_[kThreads];
  std::atomic<uint64_t> clock_{1}, round_{0};
  std::atomic<int> done_{0};
  std::atomic<bool> stop_{false};
  uint64_t histories_ = 0, operations_ = 0, overlaps_ = 0, empty_ = 0;
};

TEST(Depot, HistoriesAreThoseOfAStack) {
  const char* text = getenv("WEIR_SEED");
  const uint64_t seed = text != nullptr ? strtoull(text, nullptr, 10) : std::random_device{}();
  const char* seconds = getenv("WEIR_STRESS_SECONDS");
  printf("WEIR_SEED=%lu\n", seed);
  // Not on the stack: AddressSanitizer of g++ 12 does not align it there.
  auto histories = std::make_unique<DepotHistories>(seed);
  const double limit = seconds != nullptr ? atof(seconds) : 2;
  EXPECT_EQ(histories->Run(MonotonicNs() + static_cast<int64_t>(limit * 1e9)), "")
      << "not those of a stack";
  EXPECT_GT(histories->overlaps(), 0u);
  EXPECT_GT(histories->empty(), 0u);
}

// Threads that run on any processor, one after the other, as the scheduler might have it: each
// magazine is in one pair of hands at a time, with what was put into it, and in the end all are
// there.
TEST(Depot, ShardsKeepEveryMagazine) {
  depot_shards = std::min(3u, kMostShards);
  constexpr uint32_t kFull = 6;
  auto depot = std::make_unique<Depot>();
  std::vector<std::atomic<int>> hands(1024);
  auto own = [&](Magazine* m, uint32_t count) {
    ASSERT_LT(m->number, hands.size());
    // relaxed: that what is in it goes from hand to hand too is the depot's to see to.
    ASSERT_EQ(hands[m->number].exchange(1, std::memory_order_relaxed), 0)
        << "two have magazine " << m->number;
    ASSERT_EQ(m->count, count);
  };
  auto give = [&](Magazine* m, uint32_t count, uint32_t shard) {
    m->count = count;
    hands[m->number].store(0, std::memory_order_relaxed);
    count == 0 ? depot->PutEmpty(m) : depot->PutFull(m, shard);
  };
  for (uint32_t i = 0; i < kFull; ++i) {
    Magazine* m = depot->PopEmpty();
    own(m, 0);
    m->rounds[0] = m;
    give(m, 1, i % depot_shards);
  }
  const int64_t until = MonotonicNs() + 1000000000;
  std::atomic<uint64_t> moved{0}, nothing{0};
  std::vector<std::thread> threads;
  for (uint64_t id = 0; id < kThreads; ++id) {
    threads.emplace_back([&, id] {
      std::mt19937_64 random(id);
      t_yields = id * 2 + 1;
      while (MonotonicNs() < until && !testing::Test::HasFatalFailure()) {
        Magazine* full = depot->PopFull();
        if (full == nullptr) {
          ++nothing;
          continue;
        }
        own(full, 1);
        EXPECT_NE(full->rounds[0], nullptr);
        void* object = std::exchange(full->rounds[0], nullptr);
        give(full, 0, 0);
        Magazine* empty = depot->PopEmpty();
        own(empty, 0);
        empty->rounds[0] = object;
        give(empty, 1, static_cast<uint32_t>(random() % depot_shards));
        ++moved;
      }
    });
  }
  for (std::thread& t : threads) t.join();
  printf("%lu moved, %lu times nothing found\n", moved.load(), nothing.load());
  EXPECT_GT(moved.load(), 0u);
  uint32_t full = 0;
  // One more than there are is enough: a stack that went wrong may have no end.
  for (Magazine* m; full <= kFull && (m = depot->PopFull()) != nullptr; ++full) own(m, 1);
  EXPECT_EQ(full, kFull);
  EXPECT_EQ(depot->count(), 0);
  EXPECT_TRUE(depot->NoneFull());
  // Others are made only when a look misses those on their way.
  EXPECT_LE(g_magazines.size(), 64u);
}

// From another processor's shard nothing comes while it has no more than it keeps; then several at
// once; but all of it is there.
TEST(Depot, TheLastOfAnotherShardAreKept) {
  depot_shards = 2;
  auto depot = std::make_unique<Depot>();
  auto put = [&](uint32_t shard, int64_t n) {
    for (; n > 0; --n) {
      Magazine* m = depot->PopEmpty();
      m->count = 1;
      depot->PutFull(m, shard);
    }
  };
  auto take = [&](int64_t kept) {
    int64_t n = 0;
    for (; Magazine* m = depot->PopFull(kept); ++n) {
      m->count = 0;
      depot->PutEmpty(m);
    }
    return n;
  };
  On(sched_getcpu(), [&] {
    const uint32_t own = Processor() % 2;
    put(1 - own, kKeptMagazines);
    EXPECT_EQ(take(kKeptMagazines), 0);
    put(own, 3);
    EXPECT_EQ(take(kKeptMagazines), 3) << "its own are";
    put(1 - own, 2);
    const int64_t moved = std::max<int64_t>(kKeptMagazines / 2, 2);
    EXPECT_EQ(take(kKeptMagazines), moved);
    EXPECT_EQ(take(0), kKeptMagazines + 2 - moved);
  });
}

// What came along is taken next, and known to be from there.
TEST(Depot, FullOnesComeSeveralAtOnce) {
  if (kKeptMagazines < 4) GTEST_SKIP() << "so few are kept that one comes at a time";
  depot_shards = 2;
  const TwoShards two;
  if (!two.there_are) GTEST_SKIP() << "one processor";
  auto depot = std::make_unique<Depot>();
  auto put = [&] {
    Magazine* m = depot->PopEmpty();
    m->count = 1;
    depot->PutFull(m);
    return m;
  };
  On(two.here, [&] {
    for (int64_t i = 0; i <= kKeptMagazines; ++i) put();
  });
  On(two.there, [&] { EXPECT_NE(depot->PopFull(kKeptMagazines), nullptr); });
  Magazine* late = nullptr;
  On(two.here, [&] { late = put(); });
  On(two.there, [&] {
    for (int64_t i = 1; i < kKeptMagazines / 2; ++i) {
      Magazine* m = depot->PopFull(kKeptMagazines);
      ASSERT_NE(m, nullptr);
      EXPECT_NE(m, late);
      EXPECT_TRUE(Depot::FromAnother(*m));
    }
    EXPECT_EQ(depot->PopFull(kKeptMagazines), nullptr);
    EXPECT_EQ(depot->PopFull(0), late);
  });
}

// Who has no empty ones fetches several: what the other processor empties in the meantime is not
// touched.
TEST(Depot, EmptyOnesComeSeveralAtOnce) {
  depot_shards = 2;
  const TwoShards two;
  if (!two.there_are) GTEST_SKIP() << "one processor";
  auto depot = std::make_unique<Depot>();
  On(two.here, [&] {
    Magazine* all[kEmptyMoved + 1];
    for (Magazine*& m : all) m = depot->PopEmpty();
    for (Magazine* m : all) depot->PutEmpty(m);
  });
  Magazine* late = nullptr;
  On(two.there, [&] { EXPECT_NE(depot->PopEmpty(), nullptr); });
  On(two.here, [&] {
    late = depot->PopEmpty();  // the last of them
    depot->PutEmpty(late);
  });
  On(two.there, [&] {
    for (int i = 1; i < kEmptyMoved; ++i) EXPECT_NE(depot->PopEmpty(), late) << i;
    EXPECT_EQ(depot->PopEmpty(), late);
  });
}

}  // namespace
}  // namespace weir
