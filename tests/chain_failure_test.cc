// Every operation with each of its allocations failing in turn: nothing leaks, and the chain is
// owned by whom the contract says. (m_split and m_copyback have more to say in their own tests.)
#include <cerrno>

#include "tests/chain_make.h"

namespace weir {
namespace {

class Failure : public ChainTest {};

mbuf* Tagged() {
  mbuf* m = Packet({{Buffer::kSmall, 0, 100},
                    {Buffer::kCluster, 0, 500},
                    {Buffer::kReadOnly, 0, 500},
                    {Buffer::kExternal, 0, 20000}});
  AddTag(m, 1, "one");
  AddTag(m, 2, "two");
  return m;
}

// For operations that leave m intact: `copy` returns what they make, which must hold m's bytes
// from `off` on.
int LeavesIntact(size_t off, const std::function<mbuf*(mbuf*)>& copy) {
  return ForEachFailure(Tagged, [&](mbuf* m) {
    std::string data = Bytes(m);
    errno = 0;
    mbuf* n = copy(m);
    bool done = n != nullptr;
    if (done) {
      ExpectChain(n, data.substr(off, Bytes(n).size()));
    } else {
      EXPECT_EQ(errno, ENOBUFS);
    }
    ExpectChain(m, data);
    EXPECT_EQ(Tags(m), "2:two 1:one ");
    m_freem(n);
    m_freem(m);
    return done;
  });
}

// For operations that take m and free it when they fail.
int FreesTheChain(size_t added, const std::function<mbuf*(mbuf*)>& op) {
  return ForEachFailure(Tagged, [&](mbuf* m) {
    std::string data = Bytes(m);
    errno = 0;
    m = op(m);
    if (m == nullptr) {
      EXPECT_EQ(errno, ENOBUFS);
      return false;
    }
    m_fixhdr(m);
    ExpectChain(m, Bytes(m).substr(0, added) + data);
    EXPECT_EQ(Tags(m), "2:two 1:one ");
    m_freem(m);
    return true;
  });
}

TEST_F(Failure, CopiesLeaveTheOriginalIntact) {
  uint64_t counted = weir_copy_failures();
  int failures = LeavesIntact(0, [](mbuf* m) { return m_copym(m, 0, 1000, M_DONTWAIT); });
  EXPECT_EQ(failures, 3 + 3) << "three mbufs; two tags, a count for the caller's buffer";
  failures += LeavesIntact(50, [](mbuf* m) { return m_copym(m, 50, M_COPYALL, M_DONTWAIT); });
  failures += LeavesIntact(0, [](mbuf* m) { return m_copypacket(m, M_DONTWAIT); });
  EXPECT_EQ(failures, 6 + (4 + 2) + (4 + 4));
  EXPECT_EQ(weir_copy_failures(), counted + static_cast<uint64_t>(failures));
}

TEST_F(Failure, DupLeavesTheOriginalIntact) {
  EXPECT_EQ(LeavesIntact(0, [](mbuf* m) { return m_dup(m, M_DONTWAIT); }), 5 + 4 + 2);
}

TEST_F(Failure, PrependFreesTheChain) {
  EXPECT_EQ(FreesTheChain(20, [](mbuf* m) { return m_prepend(m, 20, M_DONTWAIT); }), 1);
  EXPECT_EQ(FreesTheChain(9000, [](mbuf* m) { return m_prependlen(m, 9000, M_DONTWAIT); }), 2);
}

TEST_F(Failure, PullupFreesTheChain) {
  uint64_t counted = weir_pullup_failures();
  EXPECT_EQ(FreesTheChain(0, [](mbuf* m) { return m_pullup(m, 10000); }), 2);
  EXPECT_EQ(weir_pullup_failures(), counted + 2);
}

TEST_F(Failure, SplitAtTheEndLeavesThePacketIntact) {
  EXPECT_EQ(LeavesIntact(21100, [](mbuf* m) { return m_split(m, 21100, M_DONTWAIT); }), 1 + 2);
}

TEST_F(Failure, DevgetLeaksNothing) {
  std::string data = Pattern(5000);
  auto none = [] { return static_cast<mbuf*>(nullptr); };
  int failures = ForEachFailure(none, [&](mbuf*) {
    mbuf* m = m_devget(data.data(), 5000, 2, nullptr, nullptr);
    if (m == nullptr) {
      EXPECT_EQ(errno, ENOBUFS);
      return false;
    }
    ExpectChain(m, data);
    m_freem(m);
    return true;
  });
  EXPECT_EQ(failures, 6);
}

TEST_F(Failure, CopybackKeepsTheBytesOfAHugeSharedBuffer) {
  auto make = [] { return Packet({{Buffer::kReadOnly, 0, 40000}}); };
  std::string with = Pattern(18000);
  int failures = ForEachFailure(make, [&](mbuf* m) {
    std::string data = Bytes(m);
    int error = m_copyback(m, 10000, 18000, with.data());
    if (error == 0) {
      data.replace(10000, 18000, with);
    } else {
      EXPECT_EQ(error, ENOBUFS);
    }
    ExpectChain(m, data);
    m_freem(m);
    return error == 0;
  });
  EXPECT_GE(failures, 5);
}

TEST_F(Failure, CatAndAdjAllocateNothing) {
  EXPECT_EQ(ForEachFailure(Tagged,
                           [](mbuf* m) {
                             mbuf* n = Bytes(m).empty() ? nullptr : m;
                             EXPECT_EQ(m_adj(n, -600), 0);
                             EXPECT_EQ(m_adj(n, 600), 0);
                             EXPECT_EQ(m_cat(n, nullptr), 0);
                             m_freem(n);
                             return true;
                           }),
            0);
}

}  // namespace
}  // namespace weir
