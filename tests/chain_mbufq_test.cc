// Packet queues: mbufq, mbuf_list, mbuf_queue, MBUFQ_*.
#include <atomic>
#include <cerrno>
#include <thread>

#include "tests/chain_make.h"

namespace weir {
namespace {

class Mbufq : public ChainTest {};
class MbufList : public ChainTest {};
class MbufQueue : public ChainTest {};
class MbufqMacros : public ChainTest {};

// A packet that is known by its number.
mbuf* Numbered(int number) {
  mbuf* m = m_gethdr(M_WAIT, MT_DATA);
  m->m_pkthdr.flowid = static_cast<uint32_t>(number);
  m->m_len = m->m_pkthdr.len = 10;
  return m;
}

// The numbers of a list of packets.
std::vector<int> Numbers(const mbuf* m) {
  std::vector<int> numbers;
  for (; m != nullptr; m = m->m_nextpkt) numbers.push_back(static_cast<int>(m->m_pkthdr.flowid));
  return numbers;
}

// The numbers of those that m is a list of, which are freed.
std::vector<int> Drained(mbuf* m) {
  std::vector<int> numbers = Numbers(m);
  m_freemp(m);
  return numbers;
}

int Odd(void* calls, const mbuf* m) {
  ++*static_cast<int*>(calls);
  return m->m_pkthdr.flowid % 2;
}

using Ints = std::vector<int>;

TEST_F(Mbufq, PacketsComeOutInOrder) {
  mbufq q;
  mbufq_init(&q, 10);
  EXPECT_TRUE(mbufq_empty(&q));
  EXPECT_EQ(mbufq_dequeue(&q), nullptr);
  EXPECT_EQ(mbufq_first(&q), nullptr);
  for (int i = 1; i <= 3; ++i) EXPECT_EQ(mbufq_enqueue(&q, Numbered(i)), 0);
  mbufq_prepend(&q, Numbered(0));
  EXPECT_EQ(mbufq_len(&q), 4);
  EXPECT_EQ(mbufq_first(&q)->m_pkthdr.flowid, 0u);
  EXPECT_EQ(mbufq_last(&q)->m_pkthdr.flowid, 3u);
  mbuf* m = mbufq_dequeue(&q);
  EXPECT_EQ(m->m_nextpkt, nullptr);
  EXPECT_EQ(Drained(m), (Ints{0}));
  EXPECT_EQ(Drained(mbufq_flush(&q)), (Ints{1, 2, 3}));
  EXPECT_TRUE(mbufq_empty(&q));
  EXPECT_EQ(mbufq_enqueue(&q, Numbered(4)), 0);
  mbufq_drain(&q);
  EXPECT_EQ(mbufq_last(&q), nullptr);
  mbufq_drain(&q);
}

TEST_F(Mbufq, AFullQueueLeavesThePacketWithTheCaller) {
  mbufq q;
  mbufq_init(&q, 2);
  EXPECT_EQ(mbufq_enqueue(&q, Numbered(1)), 0);
  EXPECT_FALSE(mbufq_full(&q));
  EXPECT_EQ(mbufq_enqueue(&q, Numbered(2)), 0);
  EXPECT_TRUE(mbufq_full(&q));
  mbuf* m = Numbered(3);
  EXPECT_EQ(mbufq_enqueue(&q, m), ENOBUFS);
  EXPECT_EQ(mbufq_enqueue(&q, nullptr), EINVAL);
  mbufq_prepend(&q, m);
  EXPECT_EQ(mbufq_len(&q), 3) << "full or not";
  mbufq_drain(&q);
}

TEST_F(Mbufq, WithoutALimitItIsNeverFull) {
  mbufq q;
  mbufq_init(&q, 0);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(mbufq_enqueue(&q, Numbered(i)), 0);
  EXPECT_FALSE(mbufq_full(&q));
  mbufq_drain(&q);
}

TEST_F(Mbufq, OneGoesBehindAnother) {
  mbufq a, b;
  mbufq_init(&a, 1);
  mbufq_init(&b, 5);
  mbufq_concat(&a, &b);
  EXPECT_TRUE(mbufq_empty(&a));
  for (int i = 0; i < 3; ++i) mbufq_enqueue(&b, Numbered(i));
  mbufq_concat(&a, &b);
  EXPECT_EQ(mbufq_len(&a), 3);
  EXPECT_TRUE(mbufq_empty(&b));
  mbufq_enqueue(&b, Numbered(3));
  mbufq_concat(&a, &b);
  EXPECT_EQ(mbufq_last(&a)->m_pkthdr.flowid, 3u);
  EXPECT_EQ(Drained(mbufq_flush(&a)), (Ints{0, 1, 2, 3}));
}

TEST_F(MbufList, PacketsComeOutInOrder) {
  mbuf_list l = MBUF_LIST_INITIALIZER();
  for (int i = 1; i <= 3; ++i) ml_enqueue(&l, Numbered(i));
  ml_prepend(&l, Numbered(0));
  ml_enqueue(&l, nullptr);
  ml_prepend(&l, nullptr);
  EXPECT_EQ(ml_len(&l), 4u);
  EXPECT_EQ(ml_hdatalen(&l), 40u);
  mbuf* m;
  int count = 0;
  MBUF_LIST_FOREACH(&l, m)++ count;
  EXPECT_EQ(count, 4);
  EXPECT_EQ(MBUF_LIST_NEXT(MBUF_LIST_FIRST(&l))->m_pkthdr.flowid, 1u);
  EXPECT_EQ(Drained(ml_dequeue(&l)), (Ints{0}));
  mbuf_list to;
  ml_init(&to);
  ml_enlist(&to, &l);
  ml_enlist(&to, &l);
  EXPECT_TRUE(ml_empty(&l));
  ml_enqueue(&l, Numbered(9));
  ml_enlist(&to, &l);
  EXPECT_EQ(Numbers(to.ml_head), (Ints{1, 2, 3, 9}));
  EXPECT_EQ(ml_purge(&to), 4u);
  EXPECT_EQ(ml_purge(&to), 0u);
  EXPECT_EQ(ml_dechain(&to), nullptr);
}

TEST_F(MbufList, TheFirstMayGoInFrontAndPlainMbufsHaveNoLength) {
  mbuf_list l = MBUF_LIST_INITIALIZER();
  mbuf* plain = Chain({{Buffer::kSmall, 0, 100}});
  ml_prepend(&l, plain);
  EXPECT_EQ(l.ml_tail, plain);
  ml_enqueue(&l, Numbered(1));
  EXPECT_EQ(ml_len(&l), 2u);
  EXPECT_EQ(ml_hdatalen(&l), 10u);
  EXPECT_EQ(ml_purge(&l), 2u);
}

TEST_F(MbufList, AFilterTakesOutWhatMatches) {
  mbuf_list l = MBUF_LIST_INITIALIZER();
  int calls = 0;
  EXPECT_EQ(ml_filter(&l, Odd, &calls), nullptr);
  for (int i : {1, 2, 3, 4, 6, 7}) ml_enqueue(&l, Numbered(i));
  EXPECT_EQ(Drained(ml_filter(&l, Odd, &calls)), (Ints{1, 3, 7}));
  EXPECT_EQ(calls, 6);
  EXPECT_EQ(ml_len(&l), 3u);
  ml_enqueue(&l, Numbered(8));
  EXPECT_EQ(Drained(ml_dechain(&l)), (Ints{2, 4, 6, 8}));
}

TEST_F(MbufQueue, AFullQueueFreesThePacketAndCountsIt) {
  mbuf_queue q;
  mq_init(&q, 2, 0);
  EXPECT_TRUE(mq_empty(&q));
  EXPECT_EQ(mq_enqueue(&q, Numbered(1)), 0);
  EXPECT_EQ(mq_enqueue(&q, Numbered(2)), 0);
  EXPECT_TRUE(mq_full(&q));
  EXPECT_EQ(mq_enqueue(&q, Numbered(3)), 1);
  EXPECT_EQ(mq_drops(&q), 1u);
  EXPECT_EQ(mq_len(&q), 2u);
  EXPECT_EQ(mq_hdatalen(&q), 20u);
  mbuf_list l = MBUF_LIST_INITIALIZER();
  ml_enqueue(&l, Numbered(4));
  ml_enqueue(&l, Numbered(5));
  EXPECT_EQ(mq_enlist(&q, &l), 2);
  EXPECT_TRUE(ml_empty(&l));
  EXPECT_EQ(mq_drops(&q), 3u);
  EXPECT_EQ(Drained(mq_dequeue(&q)), (Ints{1}));
  ml_enqueue(&l, Numbered(6));
  ml_enqueue(&l, Numbered(7));
  EXPECT_EQ(mq_enlist(&q, &l), 0) << "it was not full";
  EXPECT_EQ(mq_len(&q), 3u);
  mq_set_maxlen(&q, 4);
  EXPECT_FALSE(mq_full(&q));
  int calls = 0;
  EXPECT_EQ(Drained(mq_filter(&q, Odd, &calls)), (Ints{7}));
  mq_delist(&q, &l);
  EXPECT_EQ(Drained(ml_dechain(&l)), (Ints{2, 6}));
  EXPECT_EQ(mq_dequeue(&q), nullptr);
  EXPECT_EQ(mq_enqueue(&q, Numbered(8)), 0);
  EXPECT_EQ(Drained(mq_dechain(&q)), (Ints{8}));
  EXPECT_EQ(mq_enqueue(&q, Numbered(9)), 0);
  EXPECT_EQ(mq_purge(&q), 1u);
  EXPECT_EQ(mq_drops(&q), 3u);
}

TEST_F(MbufQueue, NoPacketIsLostOrSwappedBetweenThreads) {
  constexpr int kPackets = 20000;
  mbuf_queue q = MBUF_QUEUE_INITIALIZER(1000000, 0);
  std::atomic<int> producing = 2;
  auto produce = [&](int thread) {
    for (int i = 0; i < kPackets; ++i) mq_enqueue(&q, Numbered(thread * kPackets + i));
    producing.fetch_sub(1, std::memory_order_release);
  };
  std::thread a(produce, 0), b(produce, 1);
  int next[2] = {0, kPackets};
  for (bool last = false; !last;) {
    last = producing.load(std::memory_order_acquire) == 0;  // and then empty it once more
    while (mbuf* m = mq_dequeue(&q)) {
      int number = static_cast<int>(m->m_pkthdr.flowid);
      EXPECT_EQ(number, next[number / kPackets]++);
      m_freem(m);
    }
    std::this_thread::yield();
  }
  a.join();
  b.join();
  EXPECT_EQ(next[0], kPackets);
  EXPECT_EQ(next[1], 2 * kPackets);
  EXPECT_EQ(mq_drops(&q), 0u);
}

TEST_F(MbufqMacros, PacketsComeOutInOrder) {
  MBUFQ_HEAD(head) q;
  MBUFQ_INIT(&q);
  for (int i = 1; i <= 3; ++i) MBUFQ_ENQUEUE(&q, Numbered(i));
  MBUFQ_PREPEND(&q, Numbered(0));
  EXPECT_EQ(Numbers(MBUFQ_FIRST(&q)), (Ints{0, 1, 2, 3}));
  EXPECT_EQ(MBUFQ_NEXT(MBUFQ_FIRST(&q))->m_pkthdr.flowid, 1u);
  EXPECT_EQ(MBUFQ_LAST(&q)->m_pkthdr.flowid, 3u);
  mbuf* m;
  MBUFQ_DEQUEUE(&q, m);
  EXPECT_EQ(Drained(m), (Ints{0}));
  MBUFQ_DRAIN(&q);
  MBUFQ_DEQUEUE(&q, m);
  EXPECT_EQ(m, nullptr);
}

}  // namespace
}  // namespace weir
