// mchain: mbufs with their bytes and memory counted.
#include <cerrno>
#include <climits>

#include "tests/chain_make.h"

namespace weir {
namespace {

class Mchain : public ChainTest {};

// That the figures are those of the mbufs.
void ExpectCounts(const mchain& mc) {
  mchain counted;
  mc_init_m(&counted, mc.mc_head);
  EXPECT_EQ(mc.mc_len, counted.mc_len);
  EXPECT_EQ(mc.mc_mlen, counted.mc_mlen);
  EXPECT_EQ(mc.mc_tail, counted.mc_tail);
}

TEST_F(Mchain, AChainIsCountedByBytesAndMemory) {
  mchain mc;
  mc_init_m(&mc, Chain({{Buffer::kSmall, 0, 10}, {Buffer::kCluster, 0, 300}, {}}));
  EXPECT_EQ(mc.mc_len, 310u);
  EXPECT_EQ(mc.mc_mlen, 3u * MSIZE + MCLBYTES);
  EXPECT_EQ(mc_last(&mc), m_last(mc_first(&mc)));
  mc_freem(&mc);
  EXPECT_TRUE(mc_empty(&mc));
  EXPECT_EQ(mc.mc_len, 0u);
  EXPECT_EQ(mc.mc_mlen, 0u);
  mc_init_m(&mc, nullptr);
  EXPECT_TRUE(mc_empty(&mc));
  mc_freem(&mc);
}

TEST_F(Mchain, MbufsAreAddedAtEitherEndAndTakenFromAnywhere) {
  mchain mc = MCHAIN_INITIALIZER(&mc);
  mbuf* a = Chain({{Buffer::kSmall, 0, 1}});
  mbuf* b = Chain({{Buffer::kCluster, 0, 2}});
  mbuf* c = Chain({{Buffer::kSmall, 0, 3}});
  EXPECT_EQ(mc_append(&mc, b), 0);
  EXPECT_EQ(mc_append(&mc, c), 0);
  EXPECT_EQ(mc_prepend(&mc, a), 0);
  EXPECT_EQ(Lengths(mc_first(&mc)), (std::vector<int>{1, 2, 3}));
  ExpectCounts(mc);
  EXPECT_EQ(mc_remove(&mc, b), 0);
  EXPECT_EQ(mc_remove(&mc, b), EINVAL);
  EXPECT_EQ(mc_remove(&mc, nullptr), EINVAL);
  ExpectCounts(mc);
  EXPECT_EQ(mc_remove(&mc, c), 0);
  EXPECT_EQ(mc_last(&mc), a);
  ExpectCounts(mc);
  EXPECT_EQ(mc_remove(&mc, a), 0);
  EXPECT_TRUE(mc_empty(&mc));
  EXPECT_EQ(mc_prepend(&mc, a), 0);
  EXPECT_EQ(mc_last(&mc), a);
  mc_freem(&mc);
  m_free(b);
  m_free(c);
}

TEST_F(Mchain, OnlyOneMbufAtATimeIsAdded) {
  mchain mc = MCHAIN_INITIALIZER(&mc);
  mbuf* m = Chain({{}, {}});
  EXPECT_EQ(mc_append(&mc, m), EINVAL);
  EXPECT_EQ(mc_prepend(&mc, m), EINVAL);
  EXPECT_EQ(mc_append(&mc, nullptr), EINVAL);
  EXPECT_EQ(mc_prepend(&mc, nullptr), EINVAL);
  EXPECT_TRUE(mc_empty(&mc));
  m_freem(m);
}

TEST_F(Mchain, OneGoesBehindAnother) {
  mchain a = MCHAIN_INITIALIZER(&a);
  mchain b;
  mc_init_m(&b, Chain({{Buffer::kSmall, 0, 10}, {Buffer::kPage, 0, 20}}));
  std::string data = Bytes(mc_first(&b));
  mc_concat(&a, &b);
  EXPECT_TRUE(mc_empty(&b));
  ExpectCounts(a);
  ExpectCounts(b);
  mc_concat(&a, &b);
  mc_init_m(&b, Chain({{Buffer::kSmall, 0, 5}}));
  data += Bytes(mc_first(&b));
  mc_concat(&a, &b);
  ExpectCounts(a);
  ExpectChain(mc_first(&a), data);
  mc_freem(&a);
}

TEST_F(Mchain, SplitsAtEveryPlace) {
  for (unsigned at = 0; at <= 160; ++at) {
    mchain head, tail;
    mc_init_m(&head, Chain({{Buffer::kSmall, 0, 50}, {}, {Buffer::kCluster, 0, 110}}));
    std::string data = Bytes(mc_first(&head));
    EXPECT_EQ(mc_split(&head, &tail, at, M_DONTWAIT), 0);
    EXPECT_EQ(head.mc_len, at);
    EXPECT_EQ(tail.mc_len, 160 - at);
    ExpectCounts(head);
    ExpectCounts(tail);
    EXPECT_EQ(Bytes(mc_first(&head)), data.substr(0, at));
    EXPECT_EQ(Bytes(mc_first(&tail)), data.substr(at));
    mc_freem(&head);
    mc_freem(&tail);
  }
}

TEST_F(Mchain, ASplitThatFailsChangesNothing) {
  mchain head, tail;
  mc_init_m(&head, Chain({{Buffer::kSmall, 0, 50}}));
  EXPECT_EQ(mc_split(&head, &tail, 51, M_DONTWAIT), EINVAL);
  EXPECT_EQ(head.mc_len, 50u);
  EXPECT_TRUE(mc_empty(&tail));
  mc_freem(&head);
  auto make = [] { return Chain({{Buffer::kExternal, 0, 50}, {Buffer::kSmall, 0, 7}}); };
  int failures = ForEachFailure(make, [&](mbuf* m) {
    mc_init_m(&head, m);
    int error = mc_split(&head, &tail, 10, M_DONTWAIT);
    EXPECT_EQ(error, error == 0 ? 0 : ENOBUFS);
    EXPECT_EQ(head.mc_len, error == 0 ? 10u : 57u);
    EXPECT_EQ(tail.mc_len, error == 0 ? 47u : 0u);
    ExpectCounts(head);
    ExpectCounts(tail);
    mc_freem(&head);
    mc_freem(&tail);
    return error == 0;
  });
  EXPECT_EQ(failures, 1 + 1) << "an mbuf, and a count";
}

TEST_F(Mchain, RoomComesFromGetm) {
  mchain mc;
  EXPECT_EQ(mc_get(&mc, 20000, M_DONTWAIT, MT_DATA, M_PKTHDR), 0);
  EXPECT_TRUE(mc_first(&mc)->m_flags & M_PKTHDR);
  EXPECT_EQ(mc.mc_len, 0u);
  EXPECT_EQ(mc.mc_mlen, 2u * MSIZE + MJUM16BYTES + MJUMPAGESIZE);
  mc_freem(&mc);
  EXPECT_EQ(mc_get(&mc, UINT_MAX, M_DONTWAIT, MT_DATA, 0), EMSGSIZE);
  EXPECT_TRUE(mc_empty(&mc));
  EXPECT_EQ(mc_get(&mc, 1, M_DONTWAIT, -1, 0), EINVAL);
  EXPECT_TRUE(mc_empty(&mc));
}

TEST_F(Mchain, DataComesFromAUio) {
  std::string data = Pattern(20000);
  iovec iov = {data.data(), data.size()};
  uio u = {};
  u.uio_iov = &iov;
  u.uio_iovcnt = 1;
  u.uio_resid = 20000;
  mchain mc;
  EXPECT_EQ(mc_uiotomc(&mc, &u, 0, MHLEN + 1, M_DONTWAIT, 0), EINVAL);
  EXPECT_EQ(mc_uiotomc(&mc, &u, UINT_MAX, 0, M_DONTWAIT, 0), EINVAL);
  EXPECT_EQ(mc_uiotomc(&mc, &u, 0, UINT_MAX, M_DONTWAIT, 0), EINVAL);
  EXPECT_EQ(mc_uiotomc(&mc, &u, 19000, 40, M_DONTWAIT, 0), 0);
  EXPECT_EQ(mc.mc_len, 19000u);
  ExpectCounts(mc);
  ExpectChain(mc_first(&mc), data.substr(0, 19000));
  EXPECT_EQ(M_LEADINGSPACE(mc_first(&mc)), 40);
  EXPECT_EQ(u.uio_resid, 1000);
  mc_freem(&mc);
}

}  // namespace
}  // namespace weir
