// weir from a process's first instruction to its last, and from a thread's first to its last: in
// constructors of globals before main and in what runs after exit began, in destructors of
// thread_locals and of pthread keys before and after weir's own; and ten thousand threads.
#include <gtest/gtest.h>
#include <limits.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "tests/alloc_stress.h"
#include "weir/chain/mbuf.h"
#include "weir/chain/weir.h"

// ThreadSanitizer otherwise waits a second before each exit.
extern "C" const char* __tsan_default_options() { return "atexit_sleep_ms=0"; }

namespace weir {
namespace {

// One of each kind, written to and freed. False if something could not be had.
bool UseEach() {
  mbuf* packet = m_getcl(M_DONTWAIT, MT_DATA, M_PKTHDR);
  mbuf* plain = m_get(M_DONTWAIT, MT_DATA);
  mbuf* big = m_getjcl(M_DONTWAIT, MT_DATA, 0, MJUMPAGESIZE);
  bool all = packet != nullptr && plain != nullptr && big != nullptr;
  for (mbuf* m : {packet, plain, big}) {
    if (m != nullptr) memset(m->m_data, 42, 64);
    m_freem(m);
  }
  return all;
}

int64_t InUseAtAll() {
  struct weir_snapshot s;
  weir_snapshot(&s);
  int64_t n = 0;
  for (int zone = 0; zone < WEIR_NZONES; ++zone) n += s.zones[zone].in_use;
  return n;
}

int Records() {
  int n = 0;
  g_pools.records.ForEach([&n](ThreadRecord&) { ++n; });
  return n;
}

// ---- The process ----

// What this process is, when the test has started it again: "", "quiet" or "busy".
const char* Role() {
  const char* role = getenv("WEIR_LIFE_ROLE");
  return role == nullptr ? "" : role;
}

// Says what has been done; _exit, because exit is what is being tested.
void Step(const char* name, bool works) {
  if (*Role() == '\0') return;
  if (write(1, name, strlen(name)) < 0 || write(1, "\n", 1) < 0 || !works) _exit(9);
}

pthread_key_t early_key;  // its destructor runs before weir's in each round

// The first of all globals to be made, and the last to go.
struct Global {
  mbuf* kept;
  Global() {
    pthread_key_create(&early_key, nullptr);  // a number below that of weir's
    kept = m_gethdr(M_DONTWAIT, MT_DATA);
    Step("before main", kept != nullptr && UseEach());
  }
  ~Global() {
    m_freem(kept);
    Step("globals", UseEach());
  }
};
__attribute__((init_priority(101))) Global first_global;

struct Local {
  mbuf* kept = m_getcl(M_DONTWAIT, MT_DATA, M_PKTHDR);
  ~Local() {
    m_freem(kept);
    Step("thread_locals of main", UseEach());
  }
};

void AtExit() { Step("exit handlers", UseEach()); }

// After the last destructor of a global.
__attribute__((destructor)) void Last() {
  Step("last", UseEach() && (strcmp(Role(), "quiet") != 0 || InUseAtAll() == 0));
}

// main of a process that the test has started.
int LiveAndExit() {
  thread_local Local local;
  Step("main", local.kept != nullptr && UseEach());
  atexit(AtExit);
  if (strcmp(Role(), "quiet") == 0) {
    std::thread([] { Step("thread", UseEach()); }).join();
    return 0;
  }
  // Threads that go on while everything comes down around them.
  static std::atomic<int> busy{0};
  for (int i = 0; i < 3; ++i) {
    std::thread([] {
      for (busy.fetch_add(1);;) UseEach();
    }).detach();
  }
  while (busy.load() < 3) std::this_thread::yield();
  return 0;
}

// Runs this program again; what it said.
std::string Live(const char* role, int* status) {
  char self[PATH_MAX] = {};
  if (readlink("/proc/self/exe", self, sizeof self - 1) < 0) abort();
  // A hang is a failure, not a hung test.
  std::string command = std::string("WEIR_LIFE_ROLE=") + role + " exec timeout 60 '" + self + "'";
  FILE* out = popen(command.c_str(), "r");
  if (out == nullptr) abort();
  std::string said;
  for (int c; (c = getc(out)) != EOF;) said += static_cast<char>(c);
  *status = pclose(out);
  return said;
}

TEST(LifeOfAProcess, WeirWorksBeforeMainAndAfterExitBegan) {
  int status = -1;
  EXPECT_EQ(Live("quiet", &status),
            "before main\nmain\nthread\nthread_locals of main\nexit handlers\nglobals\nlast\n");
  EXPECT_EQ(status, 0);
}

TEST(LifeOfAProcess, ThreadsGoOnWhileItExits) {
  for (int i = 0; i < (kSlowBuild ? 5 : 20); ++i) {
    int status = -1;
    EXPECT_EQ(Live("busy", &status),
              "before main\nmain\nthread_locals of main\nexit handlers\nglobals\nlast\n");
    EXPECT_EQ(status, 0);
  }
}

// ---- Threads ----

// What a destructor finds at the end of a thread, and does in so many rounds of destructors.
struct Rest {
  pthread_key_t key;
  int rounds;
  mbuf* kept = nullptr;
};
std::atomic<int> rounds_run{0};
std::atomic<int> failures{0};

void Destroy(void* p) {
  Rest* rest = static_cast<Rest*>(p);
  rounds_run.fetch_add(1);
  m_freem(rest->kept);
  rest->kept = m_getcl(M_DONTWAIT, MT_DATA, M_PKTHDR);
  if (rest->kept == nullptr || !UseEach()) failures.fetch_add(1);
  if (--rest->rounds > 0) {
    pthread_setspecific(rest->key, rest);
    return;
  }
  m_freem(rest->kept);
  delete rest;
}

struct ThreadLocal {
  mbuf* kept = nullptr;
  ~ThreadLocal() {
    m_freem(kept);
    if (!UseEach()) failures.fetch_add(1);
  }
};

pthread_key_t last_key;

class LifeOfThreads : public testing::Test {
 protected:
  void SetUp() override { before_ = InUseAtAll(); }
  void TearDown() override { EXPECT_EQ(InUseAtAll(), before_); }

 private:
  int64_t before_;
};

// Keys whose destructors run before weir's in each round, and after it; threads that used weir
// before, and threads whose first use is there.
//
// ThreadSanitizer takes what it knows of a thread down in the last round.
constexpr int kRounds = PTHREAD_DESTRUCTOR_ITERATIONS - kSlowBuild;

TEST_F(LifeOfThreads, DestructorsMayUseWeirInEveryRound) {
  pthread_key_t keys[2];  // glibc goes through them in the order of their numbers
  pthread_key_delete(early_key);
  ASSERT_EQ(pthread_key_create(&keys[0], Destroy), 0);
  ASSERT_EQ(keys[0], early_key) << "not below weir's: it proves nothing";
  ASSERT_EQ(pthread_key_create(&keys[1], Destroy), 0);
  int wanted = 0, least = 0;
  for (int round = 0; round < 100; ++round) {
    for (int rounds = 1; rounds <= kRounds; ++rounds) {
      for (bool used_before : {true, false}) {
        std::thread([&] {
          for (pthread_key_t key : keys) {
            Rest* rest = new Rest{key, rounds};
            if (used_before) rest->kept = m_gethdr(M_DONTWAIT, MT_DATA);
            pthread_setspecific(key, rest);
          }
          if (!used_before) return;
          thread_local ThreadLocal local;
          local.kept = m_get(M_DONTWAIT, MT_DATA);
        }).join();
        wanted += 2 * rounds;
      }
    }
    if (round == 0) least = Records();
  }
  EXPECT_EQ(rounds_run.load(), wanted);
  EXPECT_EQ(failures.load(), 0);
  EXPECT_EQ(Records(), least) << "records are not used again";
  for (pthread_key_t key : keys) pthread_key_delete(key);
}

// A thread whose first use of weir is in the very last round, behind weir's own destructor, ends
// without a word; its record and what is in its caches are found all the same.
void UseInTheLastRound(void* rounds) {
  const intptr_t left = reinterpret_cast<intptr_t>(rounds) - 1;
  if (left == 0) {
    if (!UseEach()) failures.fetch_add(1);
  } else {
    pthread_setspecific(last_key, reinterpret_cast<void*>(left));
  }
}

TEST_F(LifeOfThreads, AThreadThatEndsWithoutAWordLeavesNothingBehind) {
#ifdef WEIR_TSAN
  GTEST_SKIP() << "ThreadSanitizer takes what it knows of a thread down in the last round";
#endif
  ASSERT_EQ(pthread_key_create(&last_key, UseInTheLastRound), 0);
  const int before = Records();
  for (int i = 0; i < 200; ++i) {
    std::thread([] {
      pthread_setspecific(last_key, reinterpret_cast<void*>(PTHREAD_DESTRUCTOR_ITERATIONS));
    }).join();
  }
  EXPECT_LT(Records(), before + 8) << "their records are not used again";
  // Those of threads that are there are left alone.
  std::atomic<bool> go{false};
  std::vector<std::thread> alive;
  std::atomic<int> wrong{0};
  for (int i = 0; i < 30; ++i) {
    alive.emplace_back([&] {
      ThreadRecord* own = OwnRecord();
      while (!go.load())
        wrong += !UseEach() || OwnRecord() != own ||
                 std::abs(own->tid.load(std::memory_order_relaxed)) != gettid();
    });
  }
  for (int i = 0; i < 100; ++i) std::thread([] { UseEach(); }).join();
  go.store(true);
  for (std::thread& t : alive) t.join();
  EXPECT_EQ(wrong.load(), 0);
  EXPECT_EQ(failures.load(), 0);
  pthread_key_delete(last_key);
}

constexpr int64_t kLimit = 600;

// Every object that there is can be allocated, once.
void ExpectEveryObjectOnce(int zone) {
  std::vector<void*> all;
  while (void* object = Alloc(zone, MT_DATA, kNoWait)) {
    Stake(object, 7, all.size());
    all.push_back(object);
    ASSERT_LE(all.size(), static_cast<size_t>(kLimit)) << weir_zone_name(zone);
  }
  EXPECT_EQ(all.size(), static_cast<size_t>(kLimit)) << "lost, of zone " << weir_zone_name(zone);
  for (size_t i = 0; i < all.size(); ++i) EXPECT_TRUE(Holds(all[i], 7, i)) << "handed out twice";
  for (void* object : all) Free(zone, MT_DATA, object);
}

// `total` threads, never more than `alive` at once, that use all kinds of objects, pass some on to
// one another, and end.
void StartAndEnd(int total, int alive, uint64_t seed) {
  std::vector<std::thread> threads(alive);
  std::atomic<mbuf*> passed[4] = {};
  std::atomic<int> wrong{0};
  for (int i = 0; i < total; ++i) {
    std::thread& t = threads[i % alive];
    if (t.joinable()) t.join();
    t = std::thread([&, i] {
      std::mt19937_64 random(seed + i);
      mbuf* mine[6] = {};
      for (int k = 0; k < 24; ++k) {
        mbuf*& m = mine[random() % 6];
        if (m != nullptr) {
          wrong += m->m_data[0] != m->m_data[99];
          if (random() % 4 == 0) m = passed[random() % 4].exchange(m);
          m_freem(m);
          m = nullptr;
        } else {
          m = random() % 2 == 0 ? m_getcl(M_DONTWAIT, MT_DATA, M_PKTHDR)
                                : m_gethdr(M_DONTWAIT, MT_DATA);
          if (m == nullptr) continue;
          memset(m->m_data, static_cast<int>(random()), 100);
        }
      }
      for (mbuf* m : mine) m_freem(m);
    });
  }
  for (std::thread& t : threads) t.join();
  for (auto& slot : passed) m_freem(slot.exchange(nullptr));
  EXPECT_EQ(wrong.load(), 0) << "mbufs with two owners";
}

TEST_F(LifeOfThreads, TenThousandLeaveNothingBehind) {
  constexpr int kAlive = 6;
  // From before main; its slab could not be given back.
  m_freem(first_global.kept);
  first_global.kept = nullptr;
  for (int zone : {WEIR_ZONE_MBUF, WEIR_ZONE_CLUSTER}) {
    g_pools.Trim();
    ASSERT_EQ(g_pools.zones[zone].SetLimit(kLimit), 0);
    ASSERT_EQ(g_pools.zones[zone].Reserve(kLimit), 0);
  }
  const int before = Records();
  StartAndEnd(kSlowBuild ? 1500 : 10000, kAlive, TestSeed());
  EXPECT_LE(Records(), std::max(before, kAlive + 1)) << "more records than threads at once";
  // While their caches are recalled. A record that a recall still has in its hands cannot be used
  // again yet, so that there may be one more for each thread.
  std::atomic<bool> stop{false};
  std::thread recaller([&stop] {
    while (!stop.load(std::memory_order_relaxed)) g_pools.Recall();
  });
  StartAndEnd(kSlowBuild ? 500 : 2000, kAlive, TestSeed());
  stop.store(true);
  recaller.join();
  EXPECT_LE(Records(), std::max(before, 2 * (kAlive + 2)));
  ExpectEveryObjectOnce(WEIR_ZONE_MBUF);
  ExpectEveryObjectOnce(WEIR_ZONE_CLUSTER);
  first_global.kept = m_gethdr(M_DONTWAIT, MT_DATA);
}

}  // namespace
}  // namespace weir

int main(int argc, char** argv) {
  if (*weir::Role() != '\0') return weir::LiveAndExit();
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
