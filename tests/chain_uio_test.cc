// m_uiotombuf and m_mbuftouio.
#include <cerrno>
#include <climits>

#include "tests/chain_make.h"

namespace weir {
namespace {

class MUiotombuf : public ChainTest {};
class MMbuftouio : public ChainTest {};

// Memory in pieces of some sizes, and a uio over it.
struct Scattered {
  std::vector<std::string> pieces;
  std::vector<iovec> iovecs;
  uio u = {};

  explicit Scattered(const std::vector<int>& sizes) {
    for (int size : sizes) pieces.push_back(Pattern(static_cast<size_t>(size)));
    for (std::string& piece : pieces) {
      iovecs.push_back({piece.data(), piece.size()});
      u.uio_resid += static_cast<ssize_t>(piece.size());
    }
    u.uio_iov = iovecs.data();
    u.uio_iovcnt = static_cast<int>(iovecs.size());
  }
  std::string All() const {
    std::string all;
    for (const std::string& piece : pieces) all += piece;
    return all;
  }
};

TEST_F(MUiotombuf, AllOfItInTheSmallestBuffers) {
  struct Row {
    std::vector<int> sizes;
    std::vector<int> lengths;
  };
  const Row rows[] = {
      {{}, {0}},
      {{0, 0}, {0}},
      {{3, 0, 4}, {7}},
      {{MHLEN}, {MHLEN}},
      {{1000, 1048}, {2048}},
      {{1, 10000, 0, 7000}, {MJUM16BYTES, 17001 - MJUM16BYTES}},
  };
  for (const Row& row : rows) {
    Scattered from(row.sizes);
    mbuf* m = m_uiotombuf(&from.u, M_DONTWAIT, 0, 0, M_PKTHDR);
    ASSERT_NE(m, nullptr);
    ExpectChain(m, from.All());
    EXPECT_EQ(Lengths(m), row.lengths);
    EXPECT_EQ(from.u.uio_resid, 0);
    EXPECT_EQ(static_cast<size_t>(from.u.uio_offset), from.All().size());
    m_freem(m);
  }
}

TEST_F(MUiotombuf, TheNextCallGoesOnWhereThisOneStopped) {
  Scattered from({10, 0, 300, 5, 4000});
  std::string all = from.All();
  std::string seen;
  for (int len : {7, 3, 1, 400, 0, 10}) {
    mbuf* m = m_uiotombuf(&from.u, M_DONTWAIT, len, 0, 0);
    ASSERT_NE(m, nullptr);
    EXPECT_FALSE(m->m_flags & M_PKTHDR);
    seen += Bytes(m);
    EXPECT_EQ(static_cast<size_t>(from.u.uio_offset), seen.size());
    EXPECT_EQ(from.u.uio_resid, static_cast<ssize_t>(all.size() - seen.size()));
    m_freem(m);
  }
  EXPECT_EQ(seen, all);
}

TEST_F(MUiotombuf, RoomInFront) {
  for (int align : {0, 1, 64, MHLEN}) {
    for (int size : {0, 1, MHLEN, 2000, 30000}) {
      Scattered from({size});
      mbuf* m = m_uiotombuf(&from.u, M_DONTWAIT, 0, align, M_PKTHDR | M_EOR);
      ASSERT_NE(m, nullptr);
      EXPECT_EQ(M_LEADINGSPACE(m), align);
      ExpectChain(m, from.All());
      EXPECT_TRUE(m_last(m)->m_flags & M_EOR);
      m_freem(m);
    }
  }
}

TEST_F(MUiotombuf, AFailureLeavesTheUioAsItWas) {
  auto none = [] { return static_cast<mbuf*>(nullptr); };
  int failures = ForEachFailure(none, [&](mbuf*) {
    Scattered from({100, 40000});
    mbuf* m = m_uiotombuf(&from.u, M_DONTWAIT, 0, 0, M_PKTHDR);
    if (m == nullptr) {
      EXPECT_EQ(errno, ENOBUFS);
      EXPECT_EQ(from.u.uio_resid, 40100);
      EXPECT_EQ(from.u.uio_iov[0].iov_len, 100u);
      return false;
    }
    m_freem(m);
    return true;
  });
  EXPECT_EQ(failures, 3 * 2);
}

TEST_F(MUiotombuf, BadArgumentsAreEinvalAndMoveNothing) {
  Scattered from({10});
  struct Row {
    int len, align, flags, error;
  };
  for (Row row : {Row{-1, 0, 0, EINVAL}, Row{0, -1, 0, EINVAL}, Row{0, MHLEN + 1, 0, EINVAL},
                  Row{0, 0, M_BCAST, EINVAL}}) {
    errno = 0;
    EXPECT_EQ(m_uiotombuf(&from.u, M_DONTWAIT, row.len, row.align, row.flags), nullptr);
    EXPECT_EQ(errno, row.error);
  }
  for (ssize_t resid : {ssize_t{11}, ssize_t{-1}, ssize_t{LONG_MAX}}) {
    from.u.uio_resid = resid;
    errno = 0;
    EXPECT_EQ(m_uiotombuf(&from.u, M_DONTWAIT, 0, 0, 0), nullptr);
    EXPECT_EQ(errno, EINVAL) << "the iovecs hold 10";
    EXPECT_EQ(from.u.uio_resid, resid);
  }
  EXPECT_EQ(m_uiotombuf(nullptr, M_DONTWAIT, 0, 0, 0), nullptr);
  uio none = {};
  none.uio_iovcnt = -1;
  errno = 0;
  EXPECT_EQ(m_uiotombuf(&none, M_DONTWAIT, 0, 0, 0), nullptr);
  EXPECT_EQ(errno, EINVAL);
  // More than a chain can be, all of it the same kilobyte of memory.
  char kilobyte[1024] = {};
  std::vector<iovec> many(INT_MAX / 1024 + 1, iovec{kilobyte, sizeof kilobyte});
  uio huge = {};
  huge.uio_iov = many.data();
  huge.uio_iovcnt = static_cast<int>(many.size());
  huge.uio_resid = static_cast<ssize_t>(many.size() * sizeof kilobyte);
  errno = 0;
  EXPECT_EQ(m_uiotombuf(&huge, M_DONTWAIT, 0, 0, 0), nullptr);
  EXPECT_EQ(errno, EMSGSIZE);
  mbuf* m = m_uiotombuf(&huge, M_DONTWAIT, 5000, 0, 0);
  EXPECT_EQ(m_length(m, nullptr), 5000u);
  m_freem(m);
}

TEST_F(MMbuftouio, AsMuchAsChainUioAndLengthAllow) {
  mbuf* m =
      Packet({{Buffer::kSmall, 0, 7}, {}, {Buffer::kCluster, 0, 100}, {Buffer::kPage, 0, 50}});
  std::string data = Bytes(m);
  struct Row {
    std::vector<int> sizes;
    int len, moved;
  };
  for (const Row& row : {Row{{200}, 0, 157}, Row{{3, 0, 50}, 0, 53}, Row{{100, 100}, 120, 120},
                         Row{{}, 0, 0}, Row{{157}, 157, 157}, Row{{10}, 200, 10}}) {
    Scattered to(row.sizes);
    size_t size = to.All().size();
    std::string before = to.All();
    EXPECT_EQ(m_mbuftouio(&to.u, m, row.len), 0);
    size_t moved = static_cast<size_t>(row.moved);
    EXPECT_EQ(to.All(), data.substr(0, moved) + before.substr(moved));
    EXPECT_EQ(to.u.uio_resid, static_cast<ssize_t>(size - moved));
    EXPECT_EQ(to.u.uio_offset, row.moved);
  }
  ExpectChain(m, data);
  m_freem(m);
}

TEST_F(MMbuftouio, TheNextChainGoesBehindThisOne) {
  mbuf* m = Packet({{Buffer::kSmall, 0, 20}});
  Scattered to({30, 5, 10});
  EXPECT_EQ(m_mbuftouio(&to.u, m, 0), 0);
  EXPECT_EQ(m_mbuftouio(&to.u, m, 0), 0);
  EXPECT_EQ(to.All().substr(0, 40), Bytes(m) + Bytes(m));
  EXPECT_EQ(to.u.uio_resid, 5);
  m_freem(m);
}

TEST_F(MMbuftouio, BadArgumentsAreEinval) {
  mbuf* m = Packet({{Buffer::kSmall, 0, 20}});
  Scattered to({10});
  EXPECT_EQ(m_mbuftouio(&to.u, nullptr, 0), EINVAL);
  EXPECT_EQ(m_mbuftouio(nullptr, m, 0), EINVAL);
  EXPECT_EQ(m_mbuftouio(&to.u, m, -1), EINVAL);
  std::string before = to.All();
  to.u.uio_resid = 11;
  EXPECT_EQ(m_mbuftouio(&to.u, m, 0), EINVAL);
  EXPECT_EQ(to.All(), before);
  m_freem(m);
}

}  // namespace
}  // namespace weir
