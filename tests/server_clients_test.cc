// Clients that misbehave: vanish, do not read, are too many, send in pieces.
#include <atomic>
#include <chrono>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "tests/server_fixture.h"
#include "weir/server/info.h"
#include "weir/server/shared.h"

namespace weir::server {
namespace {

// Objects of a zone that the values in the store hold. Shared clusters count once.
int64_t HeldByStore(Server& server, int zone) {
  int64_t held = 0;
  double shared = 0;
  server.shared().store.ForEach([&](const Entry& entry) {
    for (const mbuf* m = const_cast<Entry&>(entry).chain().get(); m != nullptr; m = m->m_next) {
      if (zone == WEIR_ZONE_MBUF) ++held;
      if (zone == m_extzone(m)) shared += 1.0 / m_extrefcnt(m);
    }
  });
  return held + static_cast<int64_t>(shared + 0.5);
}

// How long clients are killed: WEIR_STRESS_SECONDS, or 3.
int StressSeconds() {
  const char* text = getenv("WEIR_STRESS_SECONDS");
  return text != nullptr ? atoi(text) : 3;
}

// One client's life: some requests, of which the last may be cut anywhere, or never read.
void LiveAndDie(uint16_t port, unsigned seed) {
  std::mt19937 random(seed);
  Client client(port);
  std::string requests;
  for (unsigned n = random() % 6; n > 0; --n) {
    std::string key = "k" + std::to_string(random() % 50);
    size_t size = random() % 3 == 0 ? random() % 60000 : random() % 2000;
    switch (random() % 5) {
      case 0:
        requests += Encode({"GET", key});
        break;
      case 1:
        requests += Encode({"SUBSCRIBE", "ch", key});
        break;
      case 2:
        requests += Encode({"PUBLISH", "ch", std::string(size, 'p')});
        break;
      case 3:
        requests += Encode({"APPEND", key, std::string(size % 3000, 'a')});
        break;
      default:
        requests += Encode({"SET", key, std::string(size, 'v')});
    }
  }
  bool whole = requests.empty() ? false : random() % 2 == 0;
  if (!whole && !requests.empty()) requests.resize(random() % requests.size());
  client.Send(requests);
  client.SetTimeout(1);
  if (random() % 3 == 0 && whole) client.Reply();
  if (random() % 4 == 0) {
    // Ends with a reset instead of in order.
    linger now = {.l_onoff = 1, .l_linger = 0};
    ::setsockopt(client.fd(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }
}

TEST(ClientsTest, KilledAtRandomLeaveWhatTheStoreHolds) {
  unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  auto server = StartServer(TestOptions(64 << 20));
  auto end = std::chrono::steady_clock::now() + std::chrono::seconds(StressSeconds());
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 2; ++t) {
    threads.emplace_back([&, t] {
      for (unsigned i = 0; std::chrono::steady_clock::now() < end; ++i) {
        LiveAndDie(server->port(), seed + 2 * i + t);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(Eventually([&] { return server->shared().clients.load() == 0; }));
  for (int zone : {WEIR_ZONE_MBUF, WEIR_ZONE_CLUSTER}) {
    EXPECT_TRUE(Eventually([&] { return InUse(zone) == HeldByStore(*server, zone); }))
        << "zone " << zone << ": in use " << InUse(zone) << ", in the store "
        << HeldByStore(*server, zone);
  }
  server.reset();
  EXPECT_TRUE(NothingInUse());
}

TEST(ClientsTest, ARequestMayArriveByteByByte) {
  auto server = StartServer(TestOptions(16 << 20));
  Client client(server->port());
  std::string requests =
      Encode({"SET", "k", std::string(1500, 'x')}) + "GET k\r\n" + Encode({"STRLEN", "k"});
  for (char c : requests) client.Send(std::string(1, c));
  EXPECT_EQ(client.Reply(), "+OK\r\n");
  EXPECT_EQ(client.Reply(), "$1500\r\n" + std::string(1500, 'x') + "\r\n");
  EXPECT_EQ(client.Reply(), ":1500\r\n");
}

// Asks for far more than it reads. Its requests wait; others go on, and nothing grows.
TEST(ClientsTest, WhoDoesNotReadDoesNotFillTheMemory) {
  auto server = StartServer(TestOptions(64 << 20));
  Client other(server->port());
  EXPECT_EQ(other.Call({"SET", "big", std::string(1 << 20, 'b')}), "+OK\r\n");
  Client lazy(server->port());
  std::string requests;
  for (int i = 0; i < 200; ++i) requests += Encode({"GET", "big"});
  lazy.Send(requests);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(other.Call({"PING"}), "+PONG\r\n");
  EXPECT_LT(InUse(WEIR_ZONE_CLUSTER), 2000);
  EXPECT_LT(InUse(WEIR_ZONE_MBUF), 20000);
  std::string expected = "$1048576\r\n" + std::string(1 << 20, 'b') + "\r\n";
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(lazy.Reply() == expected) << i;
}

TEST(ClientsTest, WhoTakesNothingForTooLongIsCutOff) {
  Options options = TestOptions(64 << 20);
  options.write_timeout_s = 1;
  auto server = StartServer(options);
  Client lazy(server->port());
  lazy.Call({"SET", "big", std::string(1 << 20, 'b')});
  std::string requests;
  for (int i = 0; i < 100; ++i) requests += Encode({"GET", "big"});
  lazy.Send(requests);
  EXPECT_TRUE(Eventually([&] { return SumCounters(server->shared()).cutoffs == 1; }));
  EXPECT_TRUE(Eventually([&] { return server->shared().clients.load() == 0; }));
}

TEST(ClientsTest, NoMoreThanAllowed) {
  Options options = TestOptions(16 << 20);
  options.max_clients = 3;
  auto server = StartServer(options);
  std::vector<Client> clients;
  for (int i = 0; i < 3; ++i) {
    clients.emplace_back(server->port());
    EXPECT_EQ(clients.back().Call({"PING"}), "+PONG\r\n");
  }
  EXPECT_EQ(Client(server->port()).ReadToEnd(), "-ERR max number of clients reached\r\n");
  clients.pop_back();
  EXPECT_TRUE(Eventually([&] {
    Client client(server->port());
    return client.Call({"PING"}) == "+PONG\r\n";
  }));
}

TEST(ClientsTest, KeysExpireWithoutBeingAskedFor) {
  auto server = StartServer(TestOptions(16 << 20));
  Client client(server->port());
  for (int i = 0; i < 500; ++i) {
    client.Call({"SET", "k" + std::to_string(i), "v", "PX", std::to_string(1 + i % 100)});
  }
  client.Call({"SET", "stays", "v"});
  EXPECT_TRUE(Eventually([&] { return client.Call({"DBSIZE"}) == ":1\r\n"; }));
  EXPECT_EQ(client.Call({"GET", "k7"}), "$-1\r\n");
}

}  // namespace
}  // namespace weir::server
