// Publishing: every subscriber gets every byte, and the clusters of a message are shared.
#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "tests/server_fixture.h"
#include "weir/server/info.h"
#include "weir/server/shared.h"

namespace weir::server {
namespace {

std::string MessageFrame(const std::string& channel, const std::string& payload) {
  return Encode({"message", channel, payload});
}

std::vector<std::unique_ptr<Client>> Subscribers(uint16_t port, int n) {
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < n; ++i) {
    clients.push_back(std::make_unique<Client>(port));
    EXPECT_EQ(clients.back()->Call({"SUBSCRIBE", "news"}),
              "*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n");
  }
  return clients;
}

std::string Payload(int i, size_t size) {
  std::string text = std::to_string(i) + ":";
  while (text.size() < size) text += static_cast<char>('a' + (text.size() + i) % 26);
  text.resize(size);
  return text;
}

// Publishes messages of 16 KiB to n subscribers that read nothing before all are published, and
// returns the most clusters that were in use.
int64_t MostClusters(int n, int messages) {
  auto server = StartServer(TestOptions(256 << 20));
  auto clients = Subscribers(server->port(), n);
  for (auto& client : clients) {
    int little = 256 * 1024;  // so that not all of it is in the kernel
    ::setsockopt(client->fd(), SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
  }
  Client publisher(server->port());
  int64_t most = 0;
  for (int i = 0; i < messages; ++i) {
    EXPECT_EQ(publisher.Call({"PUBLISH", "news", Payload(i, 16384)}),
              ":" + std::to_string(n) + "\r\n");
    most = std::max(most, InUse(WEIR_ZONE_CLUSTER));
  }
  // Each receives every byte.
  for (auto& client : clients) {
    for (int i = 0; i < messages; ++i) {
      EXPECT_TRUE(client->Reply() == MessageFrame("news", Payload(i, 16384)));
    }
  }
  return most;
}

TEST(PubSubTest, WhatIsQueuedForManyIsHeldOnce) {
  constexpr int kMessages = 400;
  int64_t one = MostClusters(1, kMessages);
  EXPECT_TRUE(Eventually(NothingInUse));
  int64_t twenty = MostClusters(20, kMessages);
  EXPECT_TRUE(Eventually(NothingInUse));
  std::printf("clusters at most: queued for 1 subscriber %ld, for 20 subscribers %ld\n",
              static_cast<long>(one), static_cast<long>(twenty));
  EXPECT_GT(one, 8) << "nothing was queued: the test shows nothing";
  // A message is 9 clusters, and for each subscriber one for the line in front of it. Copies would
  // be 9 for each of 20.
  EXPECT_LT(twenty, kMessages * 9 + kMessages * 20 + 100);
  EXPECT_LT(twenty, 10 * one);
}

TEST(PubSubTest, ClustersDoNotGrowWithTheNumberOfSubscribers) {
  constexpr int kMessages = 100;
  auto server = StartServer(TestOptions(64 << 20));
  auto most_with = [&](int n) {
    auto clients = Subscribers(server->port(), n);
    Client publisher(server->port());
    int64_t most = 0;
    for (int i = 0; i < kMessages; ++i) {
      EXPECT_EQ(publisher.Call({"PUBLISH", "news", Payload(i, 16384)}),
                ":" + std::to_string(n) + "\r\n");
      most = std::max(most, InUse(WEIR_ZONE_CLUSTER));
      for (auto& client : clients) {
        EXPECT_TRUE(client->Reply() == MessageFrame("news", Payload(i, 16384)));
      }
    }
    return most;
  };
  int64_t few = most_with(2);
  EXPECT_TRUE(Eventually([&] { return server->shared().clients.load() == 0; }));
  int64_t hundred = most_with(100);
  std::printf("clusters at most: 2 subscribers %ld, 100 subscribers %ld\n",
              static_cast<long>(few), static_cast<long>(hundred));
  EXPECT_LT(hundred, few + 100);
}

TEST(PubSubTest, AllReceiveAllInOrderFromManyPublishers) {
  auto server = StartServer(TestOptions(64 << 20));
  constexpr int kEach = 300;
  auto clients = Subscribers(server->port(), 20);
  std::vector<std::thread> publishers;
  for (int p = 0; p < 3; ++p) {
    publishers.emplace_back([&, p] {
      Client publisher(server->port());
      for (int i = 0; i < kEach; ++i) {
        std::string text = std::to_string(p) + " " + Payload(i, 10 + i * 7);
        ASSERT_EQ(publisher.Call({"PUBLISH", "news", text}), ":20\r\n");
      }
    });
  }
  for (auto& client : clients) {
    int next[3] = {};
    for (int i = 0; i < 3 * kEach; ++i) {
      std::string frame = client->Reply();
      size_t at = frame.find("news\r\n$");
      ASSERT_NE(at, std::string::npos) << frame;
      int p = frame[frame.find("\r\n", at + 7) + 2] - '0';
      ASSERT_TRUE(p >= 0 && p < 3);
      std::string text = std::to_string(p) + " " + Payload(next[p], 10 + next[p] * 7);
      ++next[p];
      ASSERT_TRUE(frame == MessageFrame("news", text));
    }
  }
  for (std::thread& publisher : publishers) publisher.join();
}

TEST(PubSubTest, WhoReadsTooSlowlyIsCutOff) {
  Options options = TestOptions(64 << 20);
  options.output_limit = 1 << 20;
  auto server = StartServer(options);
  auto slow = Subscribers(server->port(), 1);
  auto quick = Subscribers(server->port(), 1);
  std::atomic<int> received{0};
  std::thread reader([&] {
    while (!quick[0]->Reply().empty()) received.fetch_add(1);
  });
  Client publisher(server->port());
  int messages = 0;
  std::string listeners;
  do {
    // The quick one keeps up on a busy machine too.
    if (!Eventually([&] { return received.load(std::memory_order_relaxed) + 16 > messages; }))
      break;
    listeners = publisher.Call({"PUBLISH", "news", Payload(messages, 16384)});
    ++messages;
  } while (listeners == ":2\r\n" && messages < 10000);
  EXPECT_EQ(listeners, ":1\r\n");
  EXPECT_EQ(SumCounters(server->shared()).cutoffs, 1u);
  EXPECT_TRUE(Eventually([&] { return received.load() == messages; })) << received.load();
  server->Stop();
  reader.join();
  server.reset();
  EXPECT_TRUE(NothingInUse());
}

}  // namespace
}  // namespace weir::server
