// Every operation with each of its allocations failing in turn: nothing leaks, and the chain is
// owned by whom the contract says. (m_split and m_copyback have more to say in their own tests.)
#include <cerrno>
#include <cstring>

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

// For operations that take m when they succeed and leave it to the caller when they fail.
int TakesOrLeaves(const std::function<mbuf*(mbuf*)>& op) {
  return ForEachFailure(Tagged, [&](mbuf* m) {
    std::string data = Bytes(m);
    errno = 0;
    mbuf* n = op(m);
    bool done = n != nullptr;
    EXPECT_EQ(errno, done ? errno : ENOBUFS);
    m = done ? n : m;
    ExpectChain(m, data);
    EXPECT_EQ(Tags(m), "2:two 1:one ");
    m_freem(m);
    return done;
  });
}

// For operations that borrow m, and change it from what it holds to `after` of that.
int Changes(const std::function<std::string(std::string)>& after,
            const std::function<bool(mbuf*)>& op) {
  return ForEachFailure(Tagged, [&](mbuf* m) {
    std::string data = Bytes(m);
    bool done = op(m);
    ExpectChain(m, done ? after(data) : data);
    EXPECT_EQ(Tags(m), "2:two 1:one ");
    m_freem(m);
    return done;
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

TEST_F(Failure, CopyupFreesTheChain) {
  EXPECT_EQ(FreesTheChain(0, [](mbuf* m) { return m_copyup(m, 10000, 40); }), 2);
}

TEST_F(Failure, PulldownFreesTheChain) {
  for (bool ask : {true, false}) {
    int at;
    int failures = FreesTheChain(0, [&](mbuf* m) {
      return m_pulldown(m, 50, 10000, ask ? &at : nullptr) == nullptr ? nullptr : m;
    });
    EXPECT_EQ(failures, 3) << "the rest of the first mbuf, and a new one";
  }
}

TEST_F(Failure, UnshareFreesTheChain) {
  EXPECT_GE(FreesTheChain(0, [](mbuf* m) { return m_unshare(m, M_DONTWAIT); }), 1);
}

TEST_F(Failure, CopybackCowFreesTheChain) {
  EXPECT_GE(FreesTheChain(0,
                          [](mbuf* m) {
                            std::string same = Bytes(m).substr(700, 10);
                            return m_copyback_cow(m, 700, 10, same.data(), M_DONTWAIT);
                          }),
            1);
}

TEST_F(Failure, EnsureContigLeavesTheChain) {
  EXPECT_EQ(TakesOrLeaves([](mbuf* m) { return m_ensure_contig(&m, 10000) ? m : nullptr; }), 2);
}

TEST_F(Failure, DefragLeavesTheChain) {
  EXPECT_EQ(TakesOrLeaves([](mbuf* m) { return m_defrag(m, M_DONTWAIT); }), 2 + 2);
}

TEST_F(Failure, CollapseLeavesTheChain) {
  EXPECT_EQ(TakesOrLeaves([](mbuf* m) { return m_collapse(m, M_DONTWAIT, 3); }), 0)
      << "free space is enough";
  EXPECT_EQ(TakesOrLeaves([](mbuf* m) { return m_collapse(m, M_DONTWAIT, 2); }), 2 + 2);
}

TEST_F(Failure, MakewritableLeavesTheData) {
  auto same = [](std::string s) { return s; };
  int failures = Changes(same, [](mbuf* m) {
    int error = m_makewritable(&m, 0, M_COPYALL, M_DONTWAIT);
    EXPECT_EQ(error, error == 0 ? 0 : ENOBUFS);
    return error == 0;
  });
  EXPECT_GE(failures, 1);
}

TEST_F(Failure, InjectAndMakespaceLeaveTheChain) {
  auto with = [](std::string s) { return s.insert(800, 5, '!'); };
  auto fill = [](mbuf* n, int at) {
    if (n == nullptr) {
      EXPECT_EQ(errno, ENOBUFS);
    } else {
      memset(n->m_data + at, '!', 5);
    }
    return n != nullptr;
  };
  int failures = Changes(with, [&](mbuf* m) { return fill(m_inject(m, 800, 5, M_DONTWAIT), 0); });
  EXPECT_EQ(failures, 2 + 1) << "the gap and the rest; a count for the caller's buffer";
  failures = Changes(with, [&](mbuf* m) {
    int at = 0;
    return fill(m_makespace(m, 800, 5, &at), at);
  });
  EXPECT_EQ(failures, 2 + 1);
}

TEST_F(Failure, StriphdrLeavesTheChain) {
  auto without = [](std::string s) { return s.erase(800, 5); };
  int failures = Changes(without, [](mbuf* m) {
    int error = m_striphdr(m, 800, 5);
    EXPECT_EQ(error, error == 0 ? 0 : ENOBUFS);
    return error == 0;
  });
  EXPECT_EQ(failures, 1 + 1);
}

TEST_F(Failure, DeepCopiesLeaveTheOriginalIntact) {
  EXPECT_EQ(LeavesIntact(100, [](mbuf* m) { return m_copym2(m, 100, 900, M_DONTWAIT); }) > 2, true);
  auto packet = [] {
    mbuf* m = Packet({{Buffer::kSmall, 0, 100}, {Buffer::kCluster, 0, 500}});
    AddTag(m, 1, "one");
    return m;
  };
  int failures = ForEachFailure(packet, [](mbuf* m) {
    mbuf* n = m_dup_pkt(m, 9000, M_DONTWAIT);
    if (n == nullptr) {
      EXPECT_EQ(errno, ENOBUFS);
    }
    ExpectChain(m, Bytes(m));
    EXPECT_EQ(Tags(m), "1:one ");
    bool done = n != nullptr;
    m_freem(n);
    m_freem(m);
    return done;
  });
  EXPECT_EQ(failures, 2 + 1);
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
