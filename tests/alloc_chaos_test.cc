// Threads that stop in the middle of anything, for as long as somebody likes, at the limit; while
// others come, go and fork. Who is not stopped goes on, and at the end every object is there, once.
//
// A stop is a signal whose handler sleeps until it is told to go on. What a stopped thread has in
// its hands, and what is in a cache that it was just using, is not free; everything else must be.
#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <thread>

#include "tests/alloc_stress.h"

// As in alloc_fork_test.cc.
extern "C" const char* __tsan_default_options() { return "detect_deadlocks=0:die_after_fork=0"; }

namespace weir {
namespace {

constexpr int kMbuf = WEIR_ZONE_MBUF, kCluster = WEIR_ZONE_CLUSTER, kPacket = WEIR_ZONE_PACKET;
constexpr int kType = 1;
constexpr int kWorkers = 4;
constexpr int kHold = 6;     // most that each worker holds
constexpr int kFew = 13;     // objects of either zone: less than all want
constexpr int kEnough = 28;  // more than all want, so that only what is out of reach fails
constexpr int kAgain = 12;   // allocations that show that the others go on
constexpr int kSpares = 2;   // that the test itself holds of each zone

// ---- Workers ----

struct Worker {
  std::thread thread;
  // Set by whoever stops it, and by its signal handler.
  Atomic<uint32_t> hold{0};     // 1: the handler sleeps
  Atomic<uint32_t> stopped{0};  // 1: it does
  // Set by the worker.
  std::atomic<bool> ready{false}, ended{false};
  std::atomic<uint64_t> allocations{0};
  struct Held {
    int zone;
    uint64_t serial;
    std::atomic<void*> object{nullptr};  // for the child of a fork, which has only our memory
  } held[kHold];
  std::atomic<bool> quit{false};
};
Worker workers[kWorkers];
__thread Worker* t_worker = nullptr;
volatile __thread sig_atomic_t t_inside = 0;  // in an operation of weir's
__thread bool t_may_stop = false;             // not where malloc or libc may hold a lock

// Two owners; waits that nobody woke; stops in the middle of an operation.
std::atomic<uint64_t> wrong{0}, lost{0}, inside{0};
constexpr int64_t kLostMs = 20000;

void OnStop(int) {
  if (!t_may_stop) return;
  const int error = errno;
  Worker& w = *t_worker;
  if (t_inside != 0 && w.hold.load(std::memory_order_seq_cst) != 0) inside.fetch_add(1);
  w.stopped.store(1, std::memory_order_seq_cst);
  while (w.hold.load(std::memory_order_seq_cst) != 0) FutexWait(w.hold, 1, kNever);
  w.stopped.store(0, std::memory_order_seq_cst);
  errno = error;
}

// Keys around that of weir, in whose destructor a thread may be stopped too: glibc goes through
// them in the order in which they were made.
void MayStop(void*) { t_may_stop = true; }
void MayNotStop(void*) {
  t_may_stop = false;
  t_worker->ended.store(true);
}
pthread_key_t before_weir, after_weir;

void* PartOf(int zone, void* object) { return zone == kPacket ? PacketCluster(object) : object; }

void Put(Worker::Held& h, uint64_t id) {
  void* object = h.object.load(std::memory_order_relaxed);
  if (object == nullptr) return;
  if (!Holds(PartOf(h.zone, object), id, h.serial)) wrong.fetch_add(1);
  h.object.store(nullptr, std::memory_order_relaxed);
  t_inside = 1;
  Free(h.zone, kType, object);
  t_inside = 0;
}

void Work(Worker& w, uint64_t id, uint64_t seed, int how) {
  t_worker = &w;
  pthread_setspecific(before_weir, &w);
  pthread_setspecific(after_weir, &w);
  std::mt19937_64 random(seed);
  uint64_t serial = seed << 20;
  t_may_stop = true;
  w.ready.store(true);
  while (!w.quit.load(std::memory_order_relaxed)) {
    Worker::Held& h = w.held[random() % kHold];
    if (h.object.load(std::memory_order_relaxed) != nullptr) {
      Put(h, id);
      continue;
    }
    // Who waits holds nothing, so that somebody can always go on.
    const bool wait = how == kWait && random() % 16 == 0;
    if (wait) {
      for (Worker::Held& each : w.held) Put(each, id);
    }
    const int zones[] = {kMbuf, kCluster, kPacket};
    h.zone = zones[random() % 3];
    const int64_t begun = wait ? MonotonicNs() : 0;
    t_inside = 1;
    void* object = Alloc(h.zone, kType, wait ? kWait : kNoWait);
    t_inside = 0;
    if (wait && MonotonicNs() - begun >= kLostMs * 1000000) lost.fetch_add(1);
    if (object == nullptr) continue;
    w.allocations.fetch_add(1, std::memory_order_relaxed);
    h.serial = ++serial;
    Stake(PartOf(h.zone, object), id, serial);
    h.object.store(object, std::memory_order_relaxed);
  }
  for (Worker::Held& h : w.held) Put(h, id);
  t_may_stop = false;
}

void StartWorker(Worker& w, uint64_t seed, int how) {
  w.quit.store(false);
  w.ready.store(false);
  w.ended.store(false);
  const uint64_t id = static_cast<uint64_t>(&w - workers) + 1;
  w.thread = std::thread([&w, id, seed, how] { Work(w, id, seed, how); });
  while (!w.ready.load()) std::this_thread::yield();
}
void EndWorker(Worker& w) {
  w.quit.store(true);
  w.thread.join();
}

void GoOn(Worker& w) {
  w.hold.store(0, std::memory_order_seq_cst);
  FutexWake(w.hold, 1);
}
// Stops the worker wherever it is. False if it has ended or must not be stopped there.
bool Stop(Worker& w) {
  w.hold.store(1, std::memory_order_seq_cst);
  for (int i = 0; i < 2000 && !w.ended.load(); ++i) {
    if (i % 100 == 0) pthread_kill(w.thread.native_handle(), SIGUSR1);
    if (w.stopped.load(std::memory_order_seq_cst) != 0) return true;
    std::this_thread::yield();
  }
  GoOn(w);
  return false;
}

void Pause(uint64_t turns) {
  while (turns-- > 0) std::atomic_signal_fence(std::memory_order_seq_cst);
}

// ---- The tests ----

class Chaos : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    pthread_key_create(&before_weir, MayStop);
    StartPools(nullptr);
    pthread_key_create(&after_weir, MayNotStop);
    ASSERT_LT(before_weir, after_weir);
    struct sigaction action = {};
    action.sa_handler = OnStop;
    action.sa_flags = SA_RESTART;
    ASSERT_EQ(sigaction(SIGUSR1, &action, nullptr), 0);
  }
  void Limit(int objects) {
    objects_ = objects;
    for (int zone : {kMbuf, kCluster}) {
      g_pools.zones[zone].Reserve(0);
      g_pools.Trim();
      ASSERT_EQ(g_pools.zones[zone].SetLimit(objects), 0);
      // No new slab later: it comes from malloc.
      ASSERT_EQ(g_pools.zones[zone].Reserve(objects), 0);
    }
    g_pools.wait_limit_ms.store(kLostMs, std::memory_order_relaxed);
    wrong.store(0);
    lost.store(0);
    inside.store(0);
  }
  void TearDown() override {
    EXPECT_EQ(wrong.load(), 0u) << "mbufs or clusters with two owners";
    EXPECT_EQ(lost.load(), 0u) << "waits that nobody woke";
    for (int zone : {kMbuf, kCluster}) {
      void* all[kEnough + 1];
      int n = 0;
      while (n <= objects_ && (all[n] = Alloc(zone, kType, kNoWait)) != nullptr) {
        Stake(all[n], 99, static_cast<uint64_t>(n));
        ++n;
      }
      EXPECT_EQ(n, objects_) << "objects were lost, of zone " << weir_zone_name(zone);
      for (int i = 0; i < n; ++i) {
        EXPECT_TRUE(Holds(all[i], 99, static_cast<uint64_t>(i))) << "handed out twice";
      }
      while (n > 0) Free(zone, kType, all[--n]);
    }
  }

  int objects_ = 0;
};

// What the test has up its sleeve for those who go on while others are stopped.
struct Spares {
  void* objects[2][kSpares] = {};
  void Take() {
    for (int zone : {kMbuf, kCluster}) {
      for (void*& o : objects[zone]) {
        while ((o = Alloc(zone, kType, kNoWait)) == nullptr) std::this_thread::yield();
      }
    }
  }
  void Give() {
    for (int zone : {kMbuf, kCluster}) {
      for (void* o : objects[zone]) Free(zone, kType, o);
    }
  }
};
static_assert(kMbuf == 0 && kCluster == 1);

// However many are stopped, and wherever: what is put back after that is found by the others, again
// and again, and threads can end and start.
TEST_F(Chaos, WhoIsNotStoppedGoesOn) {
  Limit(kEnough);
  const uint64_t seed = TestSeed();
  std::mt19937_64 random(seed);
  for (Worker& w : workers) StartWorker(w, seed + static_cast<uint64_t>(&w - workers), kNoWait);
  uint64_t stops = 0, renewed = 0;
  bool stuck = false;
  const int64_t until = MonotonicNs() + StressNs(2);
  Spares spares;
  while (!stuck && MonotonicNs() < until) {
    spares.Take();
    Pause(random() % 20000);
    // All but one, or fewer; and one that is about to end.
    bool out[kWorkers] = {};
    const int want = 1 + static_cast<int>(random() % (kWorkers - 1));
    Worker& ending = workers[random() % kWorkers];
    if (random() % 4 == 0) ending.quit.store(true);
    for (int k = 0; k < want; ++k) {
      const int i = static_cast<int>(random() % kWorkers);
      if (!out[i]) out[i] = Stop(workers[i]);
    }
    auto going = [&] {
      uint64_t n = 0;
      for (int i = 0; i < kWorkers; ++i) {
        if (!out[i]) n += workers[i].allocations.load(std::memory_order_relaxed);
      }
      return n;
    };
    spares.Give();
    // There may be nobody else: one was to end.
    for (int i = 0; i < kWorkers; ++i) {
      if (out[i] || !workers[i].quit.load()) continue;
      GoOn(workers[i]);
      EndWorker(workers[i]);
      StartWorker(workers[i], random(), kNoWait);
      ++renewed;
    }
    const uint64_t before = going();
    for (const int64_t end = MonotonicNs() + 20000000000; !stuck && going() < before + kAgain;) {
      std::this_thread::yield();
      stuck = MonotonicNs() > end;
    }
    EXPECT_FALSE(stuck) << "nobody found what is free, in round " << stops;
    for (bool o : out) stops += o;
    for (Worker& w : workers) GoOn(w);
    if (ending.quit.load()) {
      EndWorker(ending);
      StartWorker(ending, random(), kNoWait);
      ++renewed;
    }
  }
  for (Worker& w : workers) EndWorker(w);
  printf("%lu stops, %lu of them inside, %lu threads renewed\n", stops, inside.load(), renewed);
  EXPECT_GT(inside.load(), 0u);
}

// In the child of a fork: 0 if all is well. No malloc: another thread may have been in it.
int CheckChild() {
  for (int zone : {kMbuf, kCluster}) {
    void* all[kFew + kWorkers * kHold + 1];
    int n = 0;
    // What the others held, which stays in use.
    for (Worker& w : workers) {
      for (Worker::Held& h : w.held) {
        void* object = h.object.load(std::memory_order_relaxed);
        if (object == nullptr || (h.zone != zone && h.zone != kPacket)) continue;
        all[n++] = zone == kCluster ? PartOf(h.zone, object) : object;
      }
    }
    for (void* object; (object = Alloc(zone, kType, kNoWait)) != nullptr;) {
      for (int i = 0; i < n; ++i) {
        if (all[i] == object) return 2;  // handed out twice
      }
      if (n > kFew) return 3;
      all[n++] = object;
    }
    // Each may have been between the allocator and its list with one.
    if (n + kWorkers < kFew) return 4;
  }
  return 0;
}

TEST_F(Chaos, StopsThreadsAndForksAtOnce) {
  Limit(kFew);
  const uint64_t seed = TestSeed();
  for (Worker& w : workers) StartWorker(w, seed + static_cast<uint64_t>(&w - workers), kWait);
  std::atomic<bool> stop{false};
  uint64_t stops = 0, renewed = 0;
  // Stops them, one after the other or several at once, for up to a few milliseconds.
  std::thread stopper([&] {
    std::mt19937_64 random(seed + 100);
    while (!stop.load(std::memory_order_relaxed)) {
      for (uint64_t k = random() % kWorkers + 1; k > 0; --k) {
        Worker& w = workers[random() % kWorkers];
        if (w.hold.load(std::memory_order_seq_cst) == 0) stops += Stop(w);
        Pause(random() % 20000);
      }
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 3000));
      for (Worker& w : workers) GoOn(w);
      Worker& w = workers[random() % kWorkers];
      if (random() % 8 == 0) {
        EndWorker(w);
        StartWorker(w, random(), kWait);
        ++renewed;
      }
    }
  });
  int results[8] = {};
  int forks = 0;
  for (const int64_t until = MonotonicNs() + StressNs(2.5); MonotonicNs() < until; ++forks) {
    pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      alarm(20);  // a hang is a failure, not a hung test
      _exit(CheckChild());
    }
    int status = 0;
    waitpid(child, &status, 0);
    ++results[std::min(WIFEXITED(status) ? WEXITSTATUS(status) : 7, 7)];
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  stop.store(true);
  stopper.join();
  for (Worker& w : workers) EndWorker(w);
  printf("%lu stops, %lu of them inside, %lu threads renewed, %d forks\n", stops, inside.load(),
         renewed, forks);
  EXPECT_EQ(results[0], forks) << "in children: twice: " << results[2]
                               << ", too many: " << results[3] << ", lost: " << results[4]
                               << ", crashed or hung: " << results[7];
  EXPECT_GT(inside.load(), 0u);
  EXPECT_GT(forks, 0);
}

}  // namespace
}  // namespace weir
