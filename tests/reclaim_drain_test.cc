// The drain registry: order, single flight, no recursion, and unregistering at any moment.
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/alloc_stress.h"
#include "weir/reclaim/drain.h"

namespace weir {
namespace {

struct Probe {
  std::string* log = nullptr;
  char letter = '?';
  long frees = 0;
};
long Log(void* arg, int, long) {
  Probe* p = static_cast<Probe*>(arg);
  p->log->push_back(p->letter);
  return p->frees;
}

TEST(Drain, ProtocolsComeBeforeInterfaces) {
  static DrainRegistry registry;  // for good, as slots are
  std::string log;
  Probe i{&log, 'i', 1}, p{&log, 'p', 2};
  registry.Register(kDrainInterface, "i", Log, &i);
  registry.Register(kDrainProtocol, "p", Log, &p);
  EXPECT_EQ(registry.Broadcast(0, 1), 3);
  EXPECT_EQ(log, "pi");
  EXPECT_EQ(registry.broadcasts(), 1u) << "once per broadcast, not per handler";
  EXPECT_EQ(registry.drained(), 3u);
}

TEST(Drain, UnregisteredHandlerIsNotCalledAndItsIdIsStale) {
  static DrainRegistry registry;  // for good, as slots are
  std::string log;
  Probe a{&log, 'a'}, b{&log, 'b'};
  int64_t id = registry.Register(kDrainProtocol, "a", Log, &a);
  EXPECT_TRUE(registry.Unregister(id));
  EXPECT_FALSE(registry.Unregister(id));
  int64_t again = registry.Register(kDrainProtocol, "b", Log, &b);  // the same slot
  EXPECT_FALSE(registry.Unregister(id)) << "a stale id must not reach the new handler";
  registry.Broadcast(0, 1);
  EXPECT_EQ(log, "b");
  EXPECT_TRUE(registry.Unregister(again));
  EXPECT_FALSE(registry.Unregister(-1));
  EXPECT_FALSE(registry.Unregister(int64_t{77} << 24));
}

struct Self {
  DrainRegistry* registry;
  int64_t id = -1;
  int64_t other = -1;
  int calls = 0;
  long inner = 0;
};

TEST(Drain, HandlerMayUnregisterItselfAndOthers) {
  static DrainRegistry registry;  // for good, as slots are
  std::string log;
  Probe victim{&log, 'v'};
  Self self{&registry};
  auto fn = [](void* arg, int, long) -> long {
    Self* s = static_cast<Self*>(arg);
    ++s->calls;
    EXPECT_TRUE(s->registry->Unregister(s->id));
    EXPECT_TRUE(s->registry->Unregister(s->other));
    return 0;
  };
  self.other = registry.Register(kDrainInterface, "victim", Log, &victim);
  self.id = registry.Register(kDrainProtocol, "self", fn, &self);
  registry.Broadcast(0, 1);
  registry.Broadcast(0, 1);
  EXPECT_EQ(self.calls, 1);
  EXPECT_EQ(log, "");
}

TEST(Drain, BroadcastWithinABroadcastDoesNotRecurse) {
  static DrainRegistry registry;  // for good, as slots are
  Self self{&registry};
  registry.Register(
      kDrainProtocol, "self",
      [](void* arg, int, long) -> long {
        Self* s = static_cast<Self*>(arg);
        EXPECT_TRUE(DrainRegistry::InHandler());
        s->inner = s->registry->Broadcast(0, 1);
        return ++s->calls;
      },
      &self);
  EXPECT_EQ(registry.Broadcast(0, 1), 1);
  EXPECT_EQ(self.inner, -1);
  EXPECT_FALSE(DrainRegistry::InHandler());
}

// What a handler works on goes away the moment Unregister returns.
struct Owned {
  std::atomic<uint64_t> magic{0x600d};
  uint64_t calls = 0;  // plain: ThreadSanitizer sees a call that overlaps the end
  std::atomic<uint64_t>* wrong;
};
long Touch(void* arg, int, long) {
  Owned* o = static_cast<Owned*>(arg);
  ++o->calls;
  for (int i = 0; i < 50; ++i) {
    if (o->magic.load(std::memory_order_relaxed) != 0x600d) {
      o->wrong->fetch_add(1, std::memory_order_relaxed);
    }
  }
  return 1;
}

TEST(Drain, AfterUnregisterReturnsTheHandlerNeverRuns) {
  const int64_t until = MonotonicNs() + StressNs(2);
  static DrainRegistry registry;  // for good, as slots are
  std::atomic<uint64_t> wrong{0}, lives{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      while (MonotonicNs() < until) registry.Broadcast(0, 1);
    });
    threads.emplace_back([&, i] {
      Owned owned;
      owned.wrong = &wrong;
      while (MonotonicNs() < until) {
        owned.magic.store(0x600d, std::memory_order_relaxed);
        int64_t id =
            registry.Register(i == 0 ? kDrainProtocol : kDrainInterface, "t", Touch, &owned);
        ASSERT_GE(id, 0);
        if (lives.fetch_add(1, std::memory_order_relaxed) % 3 == 0) std::this_thread::yield();
        ASSERT_TRUE(registry.Unregister(id));
        owned.calls = 0;  // ours alone again
        owned.magic.store(0xdead, std::memory_order_relaxed);
      }
    });
  }
  for (std::thread& t : threads) t.join();
  printf("%lu registrations, %lu broadcasts\n", lives.load(), registry.broadcasts());
  EXPECT_EQ(wrong.load(), 0u) << "a handler ran after Unregister returned";
}

}  // namespace
}  // namespace weir
