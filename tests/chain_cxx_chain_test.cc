// weir::Chain: ownership, sharing, editing, and what it does without memory.
#include "weir/chain/chain.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tests/chain_cxx_test.h"

namespace weir {
namespace {

void Fill(std::span<std::byte> room, std::string_view text) {
  std::copy_n(text.data(), std::min(room.size(), text.size()),
              reinterpret_cast<char*>(room.data()));
}

using ChainCxxTest = CxxTest;

TEST_F(ChainCxxTest, OwnsAndMoves) {
  Chain empty;
  EXPECT_TRUE(empty.empty());
  EXPECT_EQ(empty.size(), 0u);
  EXPECT_EQ(empty.segments(), 0u);
  EXPECT_EQ(empty.release(), nullptr);
  for (size_t n : {1u, 160u, 161u, 2048u, 2049u, 16384u, 16385u, 100000u}) {
    Chain a = Chain::from(Letters(n));
    EXPECT_EQ(a.size(), n);
    EXPECT_EQ(a.to_string(), Letters(n));
    Chain b = std::move(a);
    EXPECT_TRUE(a.empty());
    EXPECT_EQ(b.size(), n);
    a = std::move(b);
    EXPECT_EQ(a.to_string(), Letters(n));
    Chain& self = a;
    a = std::move(self);
    EXPECT_EQ(a.size(), n);
  }
}

TEST_F(ChainCxxTest, AdoptsAndReleasesChainsOfTheOtherFace) {
  mbuf* m = m_getcl(M_DONTWAIT, MT_DATA, 0);  // no packet header
  m->m_len = 100;
  Chain chain = Chain::adopt(m);
  EXPECT_EQ(chain.size(), 100u);
  EXPECT_EQ(chain.get(), m);
  EXPECT_EQ(chain.release(), m);
  EXPECT_TRUE(chain.empty());
  m_freem(m);
}

TEST_F(ChainCxxTest, IteratesOverPiecesThatAreNotEmpty) {
  Chain chain = Chain::from(Letters(3000));
  ASSERT_TRUE(chain.append(Chain::from(Letters(40000, 3))));
  std::string text;
  size_t pieces = 0;
  for (std::span<const std::byte> piece : chain) {
    EXPECT_FALSE(piece.empty());
    text.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    ++pieces;
  }
  EXPECT_EQ(text, Letters(3000) + Letters(40000, 3));
  EXPECT_EQ(pieces, chain.segments());
}

TEST_F(ChainCxxTest, SharesClustersAndNeverWritesToThem) {
  Chain chain = Chain::from(Letters(5000));
  EXPECT_TRUE(chain.is_writable());
  int64_t clusters = InUse(WEIR_ZONE_CLUSTER) + InUse(WEIR_ZONE_JUMBO_9K);
  Chain other = chain.share();
  EXPECT_EQ(InUse(WEIR_ZONE_CLUSTER) + InUse(WEIR_ZONE_JUMBO_9K), clusters);
  EXPECT_EQ(other.to_string(), chain.to_string());
  EXPECT_FALSE(chain.is_writable());
  size_t writable = 0;
  for (std::span<std::byte> piece : chain.writable()) writable += piece.size();
  EXPECT_EQ(writable, 0u);
  // Appending to one does not show in the other.
  EXPECT_TRUE(other.append("tail"));
  EXPECT_EQ(chain.to_string(), Letters(5000));
  EXPECT_EQ(other.to_string(), Letters(5000) + "tail");
  other.clear();
  EXPECT_TRUE(chain.is_writable());
  for (std::span<std::byte> piece : chain.writable()) Fill(piece, std::string(piece.size(), 'z'));
  EXPECT_EQ(chain.to_string(), std::string(5000, 'z'));
}

TEST_F(ChainCxxTest, SharesAnyRange) {
  std::string text = Letters(7000);
  Chain chain = Chain::from(text);
  for (size_t offset : {0u, 1u, 2047u, 2048u, 6999u, 7000u}) {
    for (size_t length : {0u, 1u, 100u, 5000u, 7000u}) {
      Chain part = chain.share(offset, length);
      if (offset + length > 7000) {
        EXPECT_EQ(errno, EINVAL);
        EXPECT_TRUE(part.empty());
      } else {
        EXPECT_EQ(errno, 0);
        EXPECT_EQ(part.size(), length);
        EXPECT_EQ(part.to_string(), text.substr(offset, length));
      }
    }
  }
  EXPECT_EQ(chain.share(6000).to_string(), text.substr(6000));
  EXPECT_TRUE(chain.share(7001).empty());
  EXPECT_EQ(errno, EINVAL);
}

TEST_F(ChainCxxTest, CopiesShareNothing) {
  Chain chain = Chain::from(Letters(10000));
  Chain copy = chain.copy();
  EXPECT_EQ(copy.to_string(), chain.to_string());
  EXPECT_TRUE(chain.is_writable());
  EXPECT_TRUE(copy.is_writable());
  EXPECT_TRUE(Chain().copy().empty());
}

TEST_F(ChainCxxTest, SplitsAnywhereAndJoinsAgain) {
  std::string text = Letters(6000);
  for (size_t n : {0u, 1u, 100u, 2047u, 2048u, 2049u, 5999u, 6000u}) {
    Chain chain = Chain::from(text);
    Chain tail = chain.split_at(n);
    EXPECT_EQ(errno, 0);
    EXPECT_EQ(chain.size(), n);
    EXPECT_EQ(tail.size(), text.size() - n);
    EXPECT_EQ(chain.to_string(), text.substr(0, n));
    EXPECT_EQ(tail.to_string(), text.substr(n));
    EXPECT_TRUE(chain.append(std::move(tail)));
    EXPECT_TRUE(tail.empty());
    EXPECT_EQ(chain.size(), text.size());
    EXPECT_EQ(chain.to_string(), text);
  }
  Chain chain = Chain::from(text);
  EXPECT_TRUE(chain.split_at(6001).empty());
  EXPECT_EQ(errno, EINVAL);
  EXPECT_EQ(chain.size(), 6000u);
}

TEST_F(ChainCxxTest, PrependsIntoRoomOrIntoAnotherMbuf) {
  for (size_t n : {1u, 16u, 160u, 161u, 2048u, 16384u}) {
    Chain chain = Chain::from("body");
    std::string head = Letters(n);
    std::span<std::byte> room = chain.prepend(n);
    ASSERT_EQ(room.size(), n);
    Fill(room, head);
    EXPECT_EQ(chain.size(), n + 4);
    EXPECT_EQ(chain.to_string(), head + "body");
  }
  Chain chain = Chain::from("body");
  EXPECT_TRUE(chain.prepend(16385).empty());
  EXPECT_EQ(errno, EMSGSIZE);
  EXPECT_TRUE(chain.prepend(0).empty());
  EXPECT_EQ(errno, 0);
  EXPECT_EQ(chain.to_string(), "body");
  Chain none;
  Fill(none.prepend(3), "new");
  EXPECT_EQ(none.to_string(), "new");
}

TEST_F(ChainCxxTest, TrimsBothEndsAndGivesBackWhatThatEmpties) {
  std::string text = Letters(20000);
  for (size_t n : {0u, 1u, 2048u, 2049u, 16384u, 19999u, 20000u}) {
    Chain front = Chain::from(text);
    Chain back = Chain::from(text);
    EXPECT_TRUE(front.trim_front(n));
    EXPECT_TRUE(back.trim_back(n));
    EXPECT_EQ(front.to_string(), text.substr(n));
    EXPECT_EQ(back.to_string(), text.substr(0, 20000 - n));
    EXPECT_EQ(front.size(), 20000 - n);
    EXPECT_EQ(back.size(), 20000 - n);
  }
  Chain chain = Chain::from(text);
  EXPECT_FALSE(chain.trim_front(20001));
  EXPECT_EQ(errno, EINVAL);
  EXPECT_FALSE(chain.trim_back(20001));
  EXPECT_EQ(chain.size(), 20000u);
  int64_t clusters = InUse(WEIR_ZONE_JUMBO_16K);
  chain.trim_front(16384);
  EXPECT_EQ(InUse(WEIR_ZONE_JUMBO_16K), clusters - 1);
  EXPECT_FALSE(Chain().trim_front(1));
  EXPECT_TRUE(Chain().trim_front(0));
}

TEST_F(ChainCxxTest, CoalescesTheFront) {
  Chain chain = Chain::from(Letters(100));
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(chain.append(Chain::from(Letters(3000, i))));
  std::string text = chain.to_string();
  for (size_t n : {1u, 100u, 101u, 2000u, 9000u, 15100u}) {
    std::span<const std::byte> front = chain.coalesce(n);
    ASSERT_EQ(front.size(), n);
    EXPECT_EQ(std::memcmp(front.data(), text.data(), n), 0);
    EXPECT_EQ(chain.to_string(), text);
  }
  EXPECT_TRUE(chain.coalesce(15101).empty());
  EXPECT_EQ(errno, EINVAL);
  EXPECT_TRUE(chain.coalesce(0).empty());
  EXPECT_EQ(errno, 0);
  EXPECT_EQ(chain.size(), 15100u);
}

TEST_F(ChainCxxTest, ReservesRoomAndCommitsPartOfIt) {
  Chain chain;
  std::string text;
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    iovec room[8];
    size_t wanted = random() % 9000 + 1;
    int n = chain.reserve(wanted, room);
    ASSERT_GT(n, 0);
    size_t got = 0;
    for (int i = 0; i < n; ++i) got += room[i].iov_len;
    ASSERT_GE(got, wanted);
    std::string part = Letters(random() % (got + 1), round);
    for (size_t i = 0, done = 0; done < part.size(); ++i) {
      size_t some = std::min(room[i].iov_len, part.size() - done);
      std::memcpy(room[i].iov_base, part.data() + done, some);
      done += some;
    }
    ASSERT_TRUE(chain.commit(part.size()));
    text += part;
    ASSERT_EQ(chain.size(), text.size());
    if (round % 20 == 0) {
      // What is shared is not room, and stays as it is.
      Chain shared = chain.share();
      ASSERT_GT(chain.reserve(10, room), 0);
      std::memcpy(room[0].iov_base, "0123456789", 10);
      ASSERT_TRUE(chain.commit(10));
      ASSERT_EQ(shared.to_string(), text);
      text += "0123456789";
    }
  }
  EXPECT_EQ(chain.to_string(), text);
}

TEST_F(ChainCxxTest, RoomThatIsNotCommittedGoesBack) {
  Chain chain;
  iovec room[64];
  ASSERT_EQ(chain.reserve(64 * 2048, room), 64);
  EXPECT_TRUE(chain.commit(0));
  EXPECT_EQ(Count(), before_);
  chain = Chain::from("x");
  ASSERT_GT(chain.reserve(10000, room), 1);
  EXPECT_FALSE(chain.commit(1000000));
  EXPECT_EQ(errno, EINVAL);
  EXPECT_TRUE(chain.commit(0));
  EXPECT_EQ(chain.to_string(), "x");
  EXPECT_EQ(Count(), before_ + 1);
  EXPECT_EQ(chain.reserve(100000, std::span(room, 2)), 2);
  EXPECT_TRUE(chain.commit(5));
  EXPECT_FALSE(Chain().commit(1));
}

TEST_F(ChainCxxTest, BecomesBuffersFromAnyOffsetOn) {
  std::string text = Letters(50000);
  Chain chain = Chain::from(Letters(3));
  chain.clear();
  for (size_t at = 0; at < text.size(); at += 1000) {
    ASSERT_TRUE(chain.append(Chain::from(text.substr(at, 1000))));
  }
  std::string sent;
  while (sent.size() < text.size()) {
    iovec out[4];
    int n = chain.to_iovec(out, sent.size());
    ASSERT_GT(n, 0);
    // As a socket would that takes an odd number of bytes.
    size_t some = out[0].iov_len;
    sent.append(static_cast<char*>(out[0].iov_base), some > 700 ? 700 : some);
  }
  EXPECT_EQ(sent, text);
  iovec out[4];
  EXPECT_EQ(chain.to_iovec(out, 50000), 0);
  EXPECT_EQ(Chain().to_iovec(out), 0);
}

TEST_F(ChainCxxTest, CopiesOutWhatIsInside) {
  Chain chain = Chain::from(Letters(5000));
  std::string part(100, '?');
  EXPECT_TRUE(chain.copy_to(std::as_writable_bytes(std::span(part)), 2000));
  EXPECT_EQ(part, Letters(5000).substr(2000, 100));
  part.assign(100, '?');
  EXPECT_FALSE(chain.copy_to(std::as_writable_bytes(std::span(part)), 4901));
  EXPECT_EQ(errno, EINVAL);
  EXPECT_EQ(part, std::string(100, '?'));
  EXPECT_TRUE(Chain().copy_to({}));
}

// Any sequence of operations does what it would to a string.
TEST_F(ChainCxxTest, BehavesAsAString) {
  unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  Chain chain;
  std::string text;
  std::vector<std::pair<Chain, std::string>> kept;  // whose bytes must stay as they are
  for (int step = 0; step < 5000; ++step) {
    size_t n = text.empty() ? 0 : random() % (text.size() + 1);
    std::string more = Letters(random() % 4 == 0 ? random() % 6000 : random() % 60, step);
    switch (random() % 9) {
      case 0:
        ASSERT_TRUE(chain.append(more));
        text += more;
        break;
      case 1:
        ASSERT_TRUE(chain.append(Chain::from(more)));
        text += more;
        break;
      case 2:
        Fill(chain.prepend(more.size()), more);
        text = more + text;
        break;
      case 3:
        n %= 3000;
        ASSERT_TRUE(chain.trim_front(n = std::min(n, text.size())));
        text.erase(0, n);
        break;
      case 4:
        n %= 3000;
        ASSERT_TRUE(chain.trim_back(n = std::min(n, text.size())));
        text.resize(text.size() - n);
        break;
      case 5: {
        Chain tail = chain.split_at(n);
        ASSERT_TRUE(tail.append(std::move(chain)));
        chain = std::move(tail);
        text = text.substr(n) + text.substr(0, n);
        break;
      }
      case 6:
        kept.emplace_back(chain.share(n), text.substr(n));
        if (kept.size() > 20) kept.erase(kept.begin() + random() % 20);
        break;
      case 7:
        n = std::min<size_t>(n, 16384);
        ASSERT_EQ(chain.coalesce(n).size(), n);
        break;
      default:
        if (text.size() > 60000) {
          chain.clear();
          text.clear();
        }
    }
    ASSERT_EQ(chain.size(), text.size());
    if (step % 16 == 0) {
      ASSERT_EQ(chain.to_string(), text);
      if (chain.get() != nullptr) {
        ASSERT_TRUE(m_sanity(chain.get(), 0));
      }
    }
  }
  for (auto& [shared, bytes] : kept) EXPECT_EQ(shared.to_string(), bytes);
}

// Where records end: how many bytes are before each mark.
std::vector<size_t> Records(const Chain& chain) {
  std::vector<size_t> ends;
  size_t at = 0;
  for (const mbuf* m = chain.get(); m != nullptr; m = m->m_next) {
    at += static_cast<size_t>(m->m_len);
    if (m->m_flags & M_EOR) ends.push_back(at);
  }
  return ends;
}

// A record, and the beginning of another in a cluster of its own.
Chain RecordAndMore(size_t record, size_t more) {
  Chain chain = Chain::from(Letters(record));
  chain.get()->m_flags |= M_EOR;
  Chain rest = Chain::adopt(m_getcl(M_DONTWAIT, MT_DATA, M_PKTHDR));
  EXPECT_TRUE(rest.append(Letters(more)));
  EXPECT_TRUE(chain.append(std::move(rest)));
  return chain;
}

TEST_F(ChainCxxTest, ANewFirstMbufEndsNoRecord) {
  Chain chain = RecordAndMore(100, 1000);
  Fill(chain.prepend(200), Letters(200));
  EXPECT_EQ(Records(chain), (std::vector<size_t>{300}));
  EXPECT_TRUE(m_sanity(chain.get(), 0));
}

TEST_F(ChainCxxTest, ARecordThatIsTrimmedAwayLeavesNoMark) {
  Chain chain = RecordAndMore(100, 1000);
  EXPECT_TRUE(chain.trim_front(99));
  EXPECT_EQ(Records(chain), (std::vector<size_t>{1}));
  EXPECT_TRUE(chain.trim_front(1));
  EXPECT_EQ(chain.to_string(), Letters(1000));
  EXPECT_TRUE(Records(chain).empty());
}

TEST_F(ChainCxxTest, AMarkOnAnEmptyMbufStaysBehindItsRecord) {
  auto make = [](size_t behind) {
    Chain chain = Chain::from(Letters(100));
    mbuf* mark = m_get(M_DONTWAIT, MT_DATA);
    mark->m_flags |= M_EOR;
    chain.get()->m_next = mark;
    EXPECT_TRUE(chain.append(Letters(behind)));
    return chain;
  };
  Chain front = make(1000);
  EXPECT_TRUE(front.trim_front(30));
  EXPECT_EQ(Records(front), (std::vector<size_t>{70}));
  for (size_t n : {0u, 20u}) {
    Chain chain = make(0);
    Room room = chain.reserve(20);
    ASSERT_FALSE(room.empty());
    Fill(*room.begin(), Letters(20));
    EXPECT_TRUE(chain.commit(n));
    EXPECT_EQ(Records(chain), (std::vector<size_t>{100})) << n;
    EXPECT_EQ(chain.to_string(), Letters(100) + Letters(n));
  }
}

}  // namespace
}  // namespace weir
