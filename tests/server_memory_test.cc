// The server at its memory limit.
#include <cstdio>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/server_fixture.h"
#include "weir/chain/weir.h"
#include "weir/server/shared.h"

namespace weir::server {
namespace {

constexpr int64_t kMega = 1 << 20;

// Sanitizers are slow: fewer sizes show them the same.
#ifdef __has_feature
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#endif
#ifdef SANITIZED
constexpr size_t kSizes[] = {1024, 4096, 100000};
constexpr size_t kTurns[] = {4096, 500, 30000};
#else
constexpr size_t kSizes[] = {10, 500, 1024, 4096, 16384, 100000};
constexpr size_t kTurns[] = {200, 4096, 100, 30000, 200};
#endif

// A value that tells whether it is the right one, all of it.
std::string ValueOf(int i, size_t size) {
  std::mt19937 random(static_cast<unsigned>(i));
  std::string value(size, '\0');
  for (size_t at = 0; at < size; at += 4) {
    unsigned word = random();
    value.replace(at, std::min<size_t>(4, size - at), reinterpret_cast<char*>(&word),
                  std::min<size_t>(4, size - at));
  }
  return value;
}

int64_t ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  int64_t pages, resident;
  file >> pages >> resident;
  return resident * 4096;
}

uint64_t Drains() {
  struct weir_snapshot snapshot;
  weir_snapshot(&snapshot);
  return snapshot.drains;
}

std::string Key(int i) { return "key:" + std::to_string(i); }

// Fills with values of one size, and returns how many of the newest are there, byte by byte.
int FillAndCount(Client& client, int64_t bytes, size_t size, int batch = 64) {
  int n = static_cast<int>(bytes / static_cast<int64_t>(size));
  for (int i = 0; i < n; i += batch) {
    std::string requests;
    for (int k = i; k < i + batch; ++k) requests += Encode({"SET", Key(k), ValueOf(k, size)});
    client.Send(requests);
    for (int k = i; k < i + batch; ++k) EXPECT_EQ(client.Reply(), "+OK\r\n") << Key(k);
  }
  n = (n + batch - 1) / batch * batch;
  int newest = n;
  for (int end = n; newest == n && end > 0; end -= batch) {
    std::string requests;
    for (int i = end - 1; i >= end - batch; --i) requests += Encode({"GET", Key(i)});
    client.Send(requests);
    for (int i = end - 1; i >= end - batch; --i) {
      std::string reply = client.Reply();
      if (reply == "$-1\r\n") {
        newest = std::min(newest, n - 1 - i);
        continue;
      }
      std::string value = ValueOf(i, size);
      EXPECT_TRUE(reply == "$" + std::to_string(size) + "\r\n" + value + "\r\n") << Key(i);
    }
  }
  return newest;
}

// What a value takes; of a short one it is mostly its key and the rest of its entry.
int64_t CostOf(size_t size) { return static_cast<int64_t>(size) + 120; }

class MemoryTest : public testing::TestWithParam<size_t> {};

TEST_P(MemoryTest, FillOfFourTimesTheLimitLosesOnlyTheOldest) {
  const size_t size = GetParam();
  const int64_t limit = 16 * kMega;
  int64_t before = ResidentBytes();
  uint64_t drains = Drains();
  {
    auto server = StartServer(TestOptions(limit));
    Client client(server->port());
    const int64_t cost = CostOf(size);
    int newest = FillAndCount(client, 4 * limit / cost * static_cast<int64_t>(size), size);
    EXPECT_GT(newest * cost, limit / 2) << newest << " of the newest are left";
    EXPECT_EQ(client.Call({"PING"}), "+PONG\r\n");
    // At 1 KiB the text of entries may run out as soon.
    if (size >= 4096) {
      EXPECT_GT(Drains(), drains);
    }
    EXPECT_GT(server->shared().store.evictions(), 0u);
    int64_t grown = ResidentBytes() - before;
    std::printf("%zu bytes: %d newest left, %ld KiB resident\n", size, newest,
                static_cast<long>(grown / 1024));
#ifndef SANITIZED
    // Beyond the limit: what a process needs besides, caches of the allocator and stacks.
    EXPECT_LT(grown, limit + limit / 10 + 8 * kMega);
#endif
  }
  EXPECT_TRUE(NothingInUse());
}

INSTANTIATE_TEST_SUITE_P(Values, MemoryTest, testing::ValuesIn(kSizes),
                         [](const auto& info) { return std::to_string(info.param); });

// Whatever filled the memory before, a client that fills it with values of another size once finds
// it theirs, however fast it is.
TEST(MemoryChangeTest, SmallAndLargeValuesTakeTurns) {
  const int64_t limit = 16 * kMega;
  auto server = StartServer(TestOptions(limit));
  Client client(server->port());
  for (size_t size : kTurns) {
    int newest = FillAndCount(client, 20 * kMega, size);
    EXPECT_GT(newest * CostOf(size), limit / 2) << newest << " of the newest are left, " << size;
    std::printf("then %zu bytes: %d newest left\n", size, newest);
  }
}

TEST(MemoryChangeTest, MemoryThatIsIdleGoesBack) {
  Options options = TestOptions(32 * kMega);
  options.trim_interval_s = 1;
  auto server = StartServer(options);
  Client client(server->port());
  FillAndCount(client, 20 * kMega, 4096);
  auto held = [] {
    struct weir_snapshot snapshot;
    weir_snapshot(&snapshot);
    int64_t bytes = 0;
    for (const weir_zone_snapshot& zone : snapshot.zones) bytes += zone.bytes;
    return bytes;
  };
  EXPECT_GT(held(), 16 * kMega);
  EXPECT_EQ(client.Call({"FLUSHALL"}), "+OK\r\n");
  EXPECT_TRUE(Eventually([&] { return held() < 4 * kMega; })) << held();
}

TEST(MemoryChangeTest, ALowerLimitEvictsAtOnce) {
  auto server = StartServer(TestOptions(32 * kMega));
  Client client(server->port());
  FillAndCount(client, 20 * kMega, 4096);
  EXPECT_EQ(client.Call({"CONFIG", "SET", "maxmemory", "8mb"}), "+OK\r\n");
  EXPECT_EQ(client.Call({"CONFIG", "GET", "maxmemory"}),
            "*2\r\n$9\r\nmaxmemory\r\n$7\r\n8388608\r\n");
  EXPECT_TRUE(Eventually([&] { return server->shared().memory.used() <= 9 * kMega; }))
      << server->shared().memory.used();
  EXPECT_GT(FillAndCount(client, 20 * kMega, 4096), 100);
}

TEST(MemoryChangeTest, ManyClientsFillTogether) {
  auto server = StartServer(TestOptions(16 * kMega));
  std::vector<std::thread> clients;
  for (int c = 0; c < 4; ++c) {
    clients.emplace_back([&, c] {
      Client client(server->port());
      for (int i = 0; i < 400; ++i) {
        size_t size = static_cast<size_t>(i % 40) * 1000 + 10;
        std::string key = "c" + std::to_string(c) + ":" + std::to_string(i);
        ASSERT_EQ(client.Call({"SET", key, ValueOf(i, size)}), "+OK\r\n");
        ASSERT_EQ(client.Call({"GET", key}),
                  "$" + std::to_string(size) + "\r\n" + ValueOf(i, size) + "\r\n");
      }
    });
  }
  for (std::thread& client : clients) client.join();
}

// Each takes as much as one request may, and never ends.
TEST(MemoryChangeTest, UnfinishedRequestsDoNotTakeTheServerDown) {
  auto server = StartServer(TestOptions(16 * kMega));
  std::vector<std::unique_ptr<Client>> stuck;
  for (int i = 0; i < 12; ++i) {
    stuck.push_back(std::make_unique<Client>(server->port()));
    stuck.back()->Send("*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$4000000\r\n");
  }
  std::vector<std::thread> senders;
  for (auto& client : stuck) {
    senders.emplace_back([&] { client->Send(std::string(3900000, 'x')); });
  }
  for (std::thread& sender : senders) sender.join();
  for (auto& client : stuck) client->Close();
  Client client(server->port());
  EXPECT_EQ(client.Call({"SET", "a", ValueOf(1, 5000)}), "+OK\r\n");
  EXPECT_TRUE(Eventually([] { return InUse(WEIR_ZONE_CLUSTER) < 10; }));
}

}  // namespace
}  // namespace weir::server
