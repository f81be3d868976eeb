// The reference count under threads: a buffer is freed once, after its last holder is done with it.
#include "weir/chain/refcount.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#include "tests/alloc_stress.h"
#include "tests/in_use.h"
#include "weir/chain/mbuf.h"

namespace weir {
namespace {

TEST(RefCount, LastDropFrees) {
  uint32_t cell = 0;
  RefCount count(&cell);
  count.StartShared();
  EXPECT_FALSE(count.Unique());
  EXPECT_FALSE(count.Drop());
  EXPECT_TRUE(count.Unique());
  EXPECT_TRUE(count.Add());
  EXPECT_EQ(count.Read(), 2u);
  EXPECT_FALSE(count.Drop());
  EXPECT_TRUE(count.Drop());
}

TEST(RefCount, SaturatesInsteadOfWrapping) {
  uint32_t cell = RefCount::kSaturated - 2;
  RefCount count(&cell);
  EXPECT_TRUE(count.Add());  // the last that counts
  EXPECT_FALSE(count.Add()) << "reports";
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(count.Drop()) << "stuck: never freed";
  EXPECT_FALSE(count.Unique());
}

struct Shared {
  mbuf* chain;
  char letter;
};

// Each round: one packet, a copy for each thread; every thread reads its copy and drops it; who
// finds itself the only holder writes. Plain accesses: ThreadSanitizer sees a missing order.
TEST(RefCount, WritersComeAfterEveryReader) {
  constexpr int kThreads = 3;
  const int64_t until = MonotonicNs() + StressNs(2);
  std::atomic<uint64_t> wrong{0}, writes{0};
  while (MonotonicNs() < until) {
    constexpr int kPackets = 200;
    std::vector<Shared> work[kThreads];
    for (int i = 0; i < kPackets; ++i) {
      mbuf* m = m_getcl(M_WAIT, MT_DATA, M_PKTHDR);
      ASSERT_NE(m, nullptr);
      char letter = static_cast<char>('a' + i % 26);
      memset(m->m_data, letter, 64);
      m->m_len = m->m_pkthdr.len = 64;
      for (int t = 1; t < kThreads; ++t) {
        mbuf* copy = m_copym(m, 0, M_COPYALL, M_WAIT);
        ASSERT_NE(copy, nullptr);
        work[t].push_back({copy, letter});
      }
      work[0].push_back({m, letter});
    }
    std::vector<std::thread> threads;
    for (auto& mine : work) {
      threads.emplace_back([&] {
        for (Shared s : mine) {
          char* data = s.chain->m_data;
          if (data[0] != s.letter || data[63] != s.letter) {
            // Only the last holder writes, and nobody reads after it.
            wrong.fetch_add(1, std::memory_order_relaxed);
          }
          // Of every second packet only: what it sees orders the drop behind it too.
          if (s.letter % 2 != 0 && M_WRITABLE(s.chain)) {
            // Not memset: compilers expand it where ThreadSanitizer does not look.
            data[0] = data[63] = 'Z';
            writes.fetch_add(1, std::memory_order_relaxed);
          }
          m_freem(s.chain);
          // If that was the last holder, this takes the buffer: it is written to again at once.
          // Not m_getcl, which prefers a whole packet.
          mbuf* again = m_get(M_WAIT, MT_DATA);
          if (m_clget(again, M_DONTWAIT) == 0) again->m_data[0] = again->m_data[63] = 'Y';
          m_freem(again);
        }
      });
    }
    for (std::thread& t : threads) t.join();
  }
  printf("%lu writes by last holders\n", writes.load());
  EXPECT_GT(writes.load(), 0u);
  EXPECT_EQ(wrong.load(), 0u);
  EXPECT_EQ(InUse(WEIR_ZONE_MBUF), 0);
  EXPECT_EQ(InUse(WEIR_ZONE_CLUSTER), 0);
}

}  // namespace
}  // namespace weir
