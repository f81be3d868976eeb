// A planted leak and a planted slow consumer, looked for as an operator would: with mbstat
// --holders, at the rate that is the default, in a program that does much else.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/server_child.h"
#include "weir/chain/holders.h"
#include "weir/chain/mbuf.h"
#include "weir/chain/mbufq.h"
#include "weir/chain/weir.h"
#include "weir/stats/exporter.h"

// For ThreadSanitizer: before a fork jemalloc takes all its locks, which can be more than the
// detector of deadlocks has room for, 64; it then ends the program, or waits for itself.
extern "C" [[gnu::visibility("default")]] const char* __tsan_default_options();
extern "C" const char* __tsan_default_options() { return "detect_deadlocks=0"; }

// Not in an unnamed namespace: the symbolizer should find them by name, and the compiler leave each
// as it is.
namespace app {

mbuf* lost = nullptr;

[[gnu::noinline]] void HandleGet() {
  mbuf* request = m_getcl(M_WAIT, MT_DATA, M_PKTHDR);
  mbuf* reply = m_gethdr(M_WAIT, MT_DATA);
  m_freem(request);
  m_freem(reply);
}

// One in a hundred is forgotten.
[[gnu::noinline]] void HandleSet(int i) {
  mbuf* request = m_getcl(M_WAIT, MT_DATA, M_PKTHDR);
  if (i % 100 != 0) {
    m_freem(request);
    return;
  }
  request->m_nextpkt = lost;
  lost = request;
}

// What is received and goes to a consumer that does not keep up.
[[gnu::noinline]] mbuf* Receive() { return m_getcl(M_WAIT, MT_DATA, M_PKTHDR); }

}  // namespace app

namespace weir {
namespace {

using server::Child;

class StatsLeakTest : public testing::Test {
 protected:
  StatsLeakTest() {
    Exporter::Options options;
    options.snapshot = weir_snapshot;
    options.holders = weir_holders;
    options.holders_sampled = weir_holders_sampled;
    std::string error;
    exporter_ = Exporter::Start(options, &error);
    if (exporter_ == nullptr) std::abort();
  }

  std::string Mbstat(std::vector<std::string> args) {
    args.insert(args.begin(), "stats/mbstat");
    args.push_back("http://127.0.0.1:" + std::to_string(exporter_->port()));
    Child child(args);
    std::string output = child.Rest();
    EXPECT_EQ(child.Wait(), 0) << output;
    return output;
  }
  // Of the text, the paragraph of the largest group.
  static std::string Largest(const std::string& text) {
    const size_t from = text.find("\n\n");
    if (from == text.npos) return "";
    return text.substr(from + 2, text.find("\n\n", from + 2) - from - 2);
  }
  static bool Has(const std::string& text, const std::string& part) {
    return text.find(part) != text.npos;
  }

  std::unique_ptr<Exporter> exporter_;
};

TEST_F(StatsLeakTest, APlantedLeakIsTheLargestOfWhatIsOld) {
  ASSERT_EQ(weir_holders_sampled(), 4096);
  constexpr int kRequests = 5000000;  // so 50,000 are lost, and about 12 of them recorded
  for (int i = 0; i < kRequests; ++i) {
    app::HandleGet();
    app::HandleSet(i);
  }
  const std::string text = Mbstat({"--holders", "--older=0.01"});
  const std::string largest = Largest(text);
  EXPECT_TRUE(Has(largest, " x cluster")) << text;
  EXPECT_TRUE(Has(largest, "app::HandleSet()")) << text;
  EXPECT_FALSE(Has(text, "app::HandleGet()")) << text;
  m_freemp(std::exchange(app::lost, nullptr));
  EXPECT_FALSE(Has(Mbstat({"--holders"}), "app::HandleSet()"));
}

TEST_F(StatsLeakTest, ASlowConsumerIsWhereItsPacketsWait) {
  mbuf_queue queue = MBUF_QUEUE_INITIALIZER(1000000, 0);
  for (int i = 0; i < 200000; ++i) {
    app::HandleGet();
    mbuf* m = app::Receive();
    weir_touch(m, "waiting for the consumer");
    ASSERT_EQ(mq_enqueue(&queue, m), 0);
    if (i % 10 == 0) m_freem(mq_dequeue(&queue));  // all that the consumer manages
  }
  const std::string text = Mbstat({"--holders"});
  const std::string largest = Largest(text);
  EXPECT_TRUE(Has(largest, "app::Receive()")) << text;
  EXPECT_TRUE(Has(largest, "last touched: waiting for the consumer")) << text;
  EXPECT_TRUE(Has(text, "allocated, waiting for the consumer, queued")) << text;
  while (mbuf* m = mq_dequeue(&queue)) m_freem(m);
  EXPECT_FALSE(Has(Mbstat({"--holders"}), "app::Receive()"));
}

}  // namespace
}  // namespace weir
