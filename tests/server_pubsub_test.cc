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

// The most clusters that were in use while `messages` of 16 KiB were published to n subscribers
// that do not read, so that everything is queued.
int64_t MostClusters(int n, int messages) {
  Options options = TestOptions(128 << 20);
  auto server = StartServer(options);
  auto clients = Subscribers(server->port(), n);
  for (auto& client : clients) {
    int small = 4096;  // so that little of it hides in the kernel
    ::setsockopt(client->fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
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

TEST(PubSubTest, ClustersDoNotGrowWithTheNumberOfSubscribers) {
  constexpr int kMessages = 300;
  int64_t one = MostClusters(1, kMessages);
  EXPECT_TRUE(Eventually(NothingInUse));
  int64_t hundred = MostClusters(100, kMessages);
  std::printf("clusters in use at most: 1 subscriber %ld, 100 subscribers %ld\n",
              static_cast<long>(one), static_cast<long>(hundred));
  // A message is 8 to 9 clusters; what a subscriber has of its own is one for the line in front.
  // Copies would be 100 times as many.
  EXPECT_LT(hundred, one + kMessages * 9 + 2 * 100);
  EXPECT_TRUE(Eventually(NothingInUse));
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
