// weir::Queue against a deque of strings.
#include "weir/chain/queue.h"

#include <cerrno>
#include <deque>
#include <random>
#include <string>
#include <type_traits>
#include <utility>

#include "tests/chain_cxx_test.h"

namespace weir {
namespace {

class QueueTest : public CxxTest {};

static_assert(!std::is_copy_constructible_v<Queue> && !std::is_copy_assignable_v<Queue>);
static_assert(std::is_nothrow_move_constructible_v<Queue>);
static_assert(std::is_nothrow_move_assignable_v<Queue>);

TEST_F(QueueTest, GivesPacketsInTheirOrderAndCountsThem) {
  Queue queue;
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.front(), nullptr);
  EXPECT_EQ(queue.pop_front().get(), nullptr);
  EXPECT_TRUE(queue.push_back(Chain::from("one")));
  EXPECT_TRUE(queue.push_back(Chain::from(Letters(5000))));
  EXPECT_TRUE(queue.push_front(Chain::from("zero")));
  EXPECT_EQ(queue.packets(), 3u);
  EXPECT_EQ(queue.bytes(), 5007u);
  EXPECT_EQ(std::string(mtod(queue.front(), const char*), 4), "zero");
  Chain first = queue.pop_front();
  EXPECT_TRUE(first.equals("zero"));
  EXPECT_EQ(first.get()->m_nextpkt, nullptr);
  EXPECT_TRUE(queue.pop_front().equals("one"));
  EXPECT_TRUE(queue.pop_front().equals(Letters(5000)));
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.bytes(), 0u);
  EXPECT_EQ(queue.packets(), 0u);
}

TEST_F(QueueTest, TakesPacketsWithoutDataAndRefusesWhatIsNone) {
  Queue queue;
  EXPECT_TRUE(queue.push_back(Chain::from("")));
  EXPECT_EQ(queue.packets(), 1u);
  EXPECT_EQ(queue.bytes(), 0u);
  EXPECT_FALSE(queue.empty());
  EXPECT_FALSE(queue.push_back(Chain()));
  EXPECT_EQ(errno, EINVAL);
  errno = 0;
  EXPECT_FALSE(queue.push_front(Chain()));
  EXPECT_EQ(errno, EINVAL);
  EXPECT_EQ(queue.packets(), 1u);
}

TEST_F(QueueTest, ABoundRefusesAndLeavesThePacketWithTheCaller) {
  Queue queue(3, 100);
  EXPECT_TRUE(queue.push_back(Chain::from(Letters(60))));
  Chain large = Chain::from(Letters(41));
  EXPECT_FALSE(queue.push_back(std::move(large)));
  EXPECT_EQ(errno, ENOBUFS);
  EXPECT_EQ(large.size(), 41u);
  EXPECT_TRUE(queue.push_back(Chain::from(Letters(40))));  // exactly
  EXPECT_TRUE(queue.push_back(Chain::from("")));
  EXPECT_FALSE(queue.push_back(Chain::from("")));
  EXPECT_TRUE(queue.push_front(std::move(large)));  // back to where it came from
  EXPECT_EQ(queue.packets(), 4u);
  EXPECT_EQ(queue.bytes(), 141u);
  EXPECT_FALSE(queue.push_back(Chain::from("")));
  queue.clear();
  EXPECT_TRUE(queue.push_back(Chain::from("again")));
}

TEST_F(QueueTest, SplicesAllOrNothing) {
  Queue a(4, 100);
  Queue b;
  ASSERT_TRUE(a.push_back(Chain::from("1")));
  ASSERT_TRUE(b.push_back(Chain::from("2")));
  ASSERT_TRUE(b.push_back(Chain::from("3")));
  EXPECT_TRUE(a.splice_back(std::move(b)));
  EXPECT_TRUE(b.empty());
  EXPECT_EQ(b.packets(), 0u);
  EXPECT_EQ(a.packets(), 3u);
  EXPECT_EQ(a.bytes(), 3u);
  ASSERT_TRUE(b.push_back(Chain::from("4")));
  ASSERT_TRUE(b.push_back(Chain::from("5")));
  EXPECT_FALSE(a.splice_back(std::move(b)));
  EXPECT_EQ(errno, ENOBUFS);
  EXPECT_EQ(b.packets(), 2u);
  EXPECT_EQ(a.packets(), 3u);
  Queue& self = a;
  EXPECT_TRUE(a.splice_back(std::move(self)));
  EXPECT_EQ(a.packets(), 3u);
  EXPECT_TRUE(b.splice_back(std::move(a)));
  std::string order;
  while (!b.empty()) order += b.pop_front().to_string();
  EXPECT_EQ(order, "45123");
}

TEST_F(QueueTest, MovesWithItsPacketsAndBound) {
  Queue a(2);
  ASSERT_TRUE(a.push_back(Chain::from("1")));
  Queue b = std::move(a);
  EXPECT_TRUE(a.empty());
  EXPECT_TRUE(b.push_back(Chain::from("2")));
  EXPECT_FALSE(b.push_back(Chain::from("3")));
  Queue c;
  ASSERT_TRUE(c.push_back(Chain::from("freed")));
  c = std::move(b);
  EXPECT_EQ(c.packets(), 2u);
  EXPECT_FALSE(c.push_back(Chain::from("3")));
  Queue& self = c;
  c = std::move(self);
  EXPECT_EQ(c.packets(), 2u);
}

TEST_F(QueueTest, IsAListOfTheOtherFace) {
  mbuf* one = Chain::from("1").release();
  one->m_nextpkt = Chain::from("22").release();
  one->m_nextpkt->m_nextpkt = m_get(M_DONTWAIT, MT_DATA);  // no packet
  one->m_nextpkt->m_nextpkt->m_len = 7;
  Queue queue = Queue::adopt(one);
  EXPECT_EQ(queue.packets(), 3u);
  EXPECT_EQ(queue.bytes(), 10u);
  mbuf* list = queue.release();
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(list, one);
  EXPECT_EQ(m_length(list->m_nextpkt->m_nextpkt, nullptr), 7u);
  m_freemp(list);
  EXPECT_TRUE(Queue::adopt(nullptr).empty());
}

TEST_F(QueueTest, BehavesAsADequeOfStrings) {
  const unsigned seed = Seed();
  SCOPED_TRACE("WEIR_SEED=" + std::to_string(seed));
  std::mt19937 random(seed);
  const size_t max_packets = 40;
  const size_t max_bytes = 60000;
  Queue queue(max_packets, max_bytes), other;
  std::deque<std::string> texts, other_texts;
  auto bytes = [](const std::deque<std::string>& all) {
    size_t n = 0;
    for (const std::string& text : all) n += text.size();
    return n;
  };
  for (int step = 0; step < 20000; ++step) {
    std::string more = Letters(random() % 4 == 0 ? random() % 6000 : random() % 60, step);
    switch (random() % 8) {
      case 0:
      case 1: {
        Chain packet = Chain::from(more);
        const bool fits = texts.size() < max_packets && bytes(texts) + more.size() <= max_bytes;
        ASSERT_EQ(queue.push_back(std::move(packet)), fits);
        ASSERT_EQ(packet.get() == nullptr, fits);
        if (fits) texts.push_back(more);
        break;
      }
      case 2:
        ASSERT_TRUE(other.push_back(Chain::from(more)));
        other_texts.push_back(more);
        break;
      case 3: {
        const bool fits =
            other_texts.empty() || (texts.size() + other_texts.size() <= max_packets &&
                                    bytes(texts) + bytes(other_texts) <= max_bytes);
        ASSERT_EQ(queue.splice_back(std::move(other)), fits);
        if (fits) {
          texts.insert(texts.end(), other_texts.begin(), other_texts.end());
          other_texts.clear();
        }
        break;
      }
      case 4:
        if (texts.empty()) break;
        {
          Chain packet = queue.pop_front();
          ASSERT_TRUE(packet.equals(texts.front()));
          texts.pop_front();
          if (random() % 2) {
            ASSERT_TRUE(packet.trim_front(packet.size() / 2));
            if (packet.get() == nullptr) break;
            texts.push_front(packet.to_string());
            ASSERT_TRUE(queue.push_front(std::move(packet)));
          }
        }
        break;
      case 5:
        if (random() % 50 == 0) {
          queue.clear();
          texts.clear();
        }
        break;
      case 6:
        if (random() % 50 == 0) {
          other.clear();
          other_texts.clear();
        }
        break;
      default:
        if (!texts.empty()) {
          ASSERT_TRUE(queue.pop_front().equals(texts.front()));
          texts.pop_front();
        }
    }
    ASSERT_EQ(queue.packets(), texts.size());
    ASSERT_EQ(queue.bytes(), bytes(texts));
    ASSERT_EQ(other.packets(), other_texts.size());
    ASSERT_EQ(other.bytes(), bytes(other_texts));
  }
}

}  // namespace
}  // namespace weir
