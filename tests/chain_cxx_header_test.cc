// Typed headers, overwriting, comparing, ranges, metadata: what weir::Chain has beyond bytes.
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <memory>
#include <random>
#include <ranges>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "tests/chain_cxx_test.h"
#include "weir/chain/chain.h"
#include "weir/chain/endian.h"

namespace weir {
namespace {

class HeaderTest : public CxxTest {};

struct Udp {
  BigEndian<uint16_t> from, to, length, checksum;
  bool operator==(const Udp&) const = default;
};
static_assert(sizeof(Udp) == 8 && alignof(Udp) == 1);
static_assert(std::has_unique_object_representations_v<Udp>);

static_assert(Header<Udp> && Header<iphdr> && Header<tcphdr> && Header<udphdr>);
static_assert(Header<BigEndian<uint32_t>> && Header<std::array<std::byte, 6>>);
static_assert(!Header<uint32_t>, "in which order?");
static_assert(!Header<char*> && !Header<const char*> && !Header<char[4]>);
static_assert(!Header<std::string> && !Header<std::string_view> && !Header<std::span<char>>);
static_assert(!Header<Chain>);

template <typename Function, typename... Args>
concept NoThrow = std::is_nothrow_invocable_v<Function, Args...>;
static_assert(NoThrow<decltype(&Chain::split_at), Chain, size_t>);
static_assert(NoThrow<decltype(&Chain::copy), Chain>);
static_assert(NoThrow<decltype(&Chain::coalesce), Chain, size_t>);
static_assert(NoThrow<decltype(&Chain::prepend), Chain, size_t>);
static_assert(!std::is_copy_constructible_v<Chain> && std::is_nothrow_move_constructible_v<Chain>);

// Eight bytes of a header that is in pieces of one mbuf each.
Chain InPieces(std::string_view text) {
  mbuf* top = nullptr;
  mbuf** link = &top;
  for (char c : text) {
    *link = top == nullptr ? m_gethdr(M_DONTWAIT, MT_DATA) : m_get(M_DONTWAIT, MT_DATA);
    (*link)->m_data[0] = c;
    (*link)->m_len = 1;
    link = &(*link)->m_next;
  }
  m_fixhdr(top);
  return Chain::adopt(top);
}

TEST_F(HeaderTest, IntegersKeepTheirValueAndLieBigEndian) {
  const Udp udp = {0x0102, 0xfffe, 3, 0};
  const unsigned char bytes[] = {1, 2, 0xff, 0xfe, 0, 3, 0, 0};
  EXPECT_EQ(std::memcmp(&udp, bytes, 8), 0);
  EXPECT_EQ(udp.from, 0x0102);
  EXPECT_EQ(udp.to + 1, 0xffff);
  BigEndian<int32_t> negative = -2;
  EXPECT_EQ(negative, -2);
  BigEndian<uint64_t> wide = 0x0102030405060708;
  EXPECT_EQ(load_integer<uint64_t>(&wide, std::endian::little), 0x0807060504030201u);
  EXPECT_EQ(BigEndian<uint8_t>(static_cast<uint8_t>(udp.from)), 2);
  EXPECT_EQ(BigEndian<uint16_t>(), 0);
}

TEST_F(HeaderTest, ReadsAHeaderAtAnyPlace) {
  const std::string text("\1\2\3\4\5\6\7\10\11\12", 10);
  for (const Chain& chain : {Chain::from(text), InPieces(text)}) {
    EXPECT_EQ(chain.get_header<Udp>(), (Udp{0x0102, 0x0304, 0x0506, 0x0708}));
    EXPECT_EQ(chain.get_header<Udp>(1), (Udp{0x0203, 0x0405, 0x0607, 0x0809}));
    EXPECT_TRUE(chain.get_header<Udp>(2));
    EXPECT_FALSE(chain.get_header<Udp>(3));
    EXPECT_EQ(errno, EINVAL);
    EXPECT_FALSE(chain.get_header<Udp>(static_cast<size_t>(-4)));
  }
  EXPECT_FALSE(Chain().get_header<Udp>());
}

TEST_F(HeaderTest, TakesAHeaderOrNothing) {
  Chain chain = InPieces("abcdefghij");
  auto udp = chain.take_header<Udp>();
  ASSERT_TRUE(udp);
  EXPECT_EQ(udp->to, 'c' * 256 + 'd');
  EXPECT_TRUE(chain.equals("ij"));
  EXPECT_FALSE(chain.take_header<Udp>());
  EXPECT_TRUE(chain.equals("ij"));
  EXPECT_TRUE(chain.take_header<BigEndian<uint16_t>>());
  EXPECT_EQ(chain.get(), nullptr);
}

TEST_F(HeaderTest, PrependsAHeader) {
  for (size_t n : {0u, 10u, 3000u}) {
    Chain chain = Chain::from(Letters(n));
    Chain shared = chain.share();
    ASSERT_TRUE(chain.prepend_header(Udp{1, 2, 3, 4}));
    ASSERT_TRUE(chain.prepend_header(std::array{std::byte{'m'}, std::byte{'c'}}));
    EXPECT_EQ(chain.to_string(), std::string("mc\0\1\0\2\0\3\0\4", 10) + Letters(n));
    EXPECT_EQ(shared.to_string(), Letters(n));
    EXPECT_EQ(chain.size(), n + 10);
  }
}

TEST_F(HeaderTest, OverwritesWithoutWritingThroughAShare) {
  Chain chain = Chain::from(Letters(3000));
  Chain shared = chain.share();
  for (size_t at : {0u, 1u, 2041u, 2992u}) {
    ASSERT_TRUE(chain.overwrite_header(Udp{1, 2, 3, 4}, at));
    EXPECT_EQ(chain.get_header<Udp>(at), (Udp{1, 2, 3, 4}));
  }
  EXPECT_TRUE(shared.equals(Letters(3000)));
  EXPECT_EQ(chain.size(), 3000u);
  EXPECT_FALSE(chain.overwrite_header(Udp{}, 2993));
  EXPECT_EQ(errno, EINVAL);
  EXPECT_EQ(chain.size(), 3000u) << "it does not extend the chain";
  EXPECT_FALSE(chain.overwrite(static_cast<size_t>(-2), AsBytes("abc")));
  EXPECT_TRUE(chain.overwrite(3000, {}));
  EXPECT_FALSE(Chain().overwrite_header(Udp{}));
}

TEST_F(HeaderTest, WithoutMemoryNothingChanges) {
  const int overwritten = ForEachFailure([&] {
    Chain chain = Chain::from(Letters(1000));
    if (chain.get() == nullptr) return false;
    Chain shared = chain.share();
    if (shared.get() == nullptr) return false;
    const bool done = chain.overwrite_header(Udp{1, 2, 3, 4}, 10);
    EXPECT_EQ(chain.equals(Letters(1000)), !done);
    EXPECT_TRUE(shared.equals(Letters(1000)));
    return done;
  });
  EXPECT_GE(overwritten, 3);
  const int prepended = ForEachFailure([&] {
    Chain chain = Chain::from(Letters(1000));
    if (chain.get() == nullptr) return false;
    const bool done = chain.prepend_header(Udp{1, 2, 3, 4});
    EXPECT_EQ(chain.size(), done ? 1008u : 1000u);
    return done;
  });
  EXPECT_GE(prepended, 2);
}

TEST_F(HeaderTest, CoalescingWithoutMemoryLosesNothing) {
  auto attempt = [](Chain chain, size_t n) {
    const std::string text = chain.to_string();
    if (text.empty()) return false;
    const auto front = chain.coalesce(n);
    if (front.empty()) {
      EXPECT_EQ(errno, ENOBUFS);
    }
    EXPECT_EQ(chain.to_string(), text);
    EXPECT_TRUE(m_sanity(chain.get(), 0));
    return front.size() == n;
  };
  EXPECT_GE(ForEachFailure([&] { return attempt(Chain::from(Letters(20000)), 16384); }), 2);
  EXPECT_GE(ForEachFailure([&] {
              Chain chain = Chain::from("head");
              Chain tail = Chain::from(Letters(9000));
              if (chain.empty() || tail.empty()) return false;
              return chain.append(std::move(tail)) && attempt(std::move(chain), 5000);
            }),
            5);
}

TEST_F(HeaderTest, CoalescingKeepsHeaderRecordsAndRoomForALinkHeader) {
  Chain chain = Chain::from("head");
  chain.packet_header()->flowid = 77;
  chain.get()->m_flags |= M_EOR;
  ASSERT_TRUE(chain.append(Chain::from(Letters(1000))));
  ASSERT_EQ(chain.coalesce(500).size(), 500u);
  EXPECT_EQ(chain.packet_header()->flowid, 77u);
  EXPECT_TRUE(chain.get()->m_flags & M_EOR);
  EXPECT_GE(M_LEADINGSPACE(chain.get()), max_linkhdr);
  EXPECT_EQ(chain.size(), 1004u);
  EXPECT_TRUE(m_sanity(chain.get(), 0));
}

TEST_F(HeaderTest, ComparesWithBytesHoweverTheyLie) {
  for (const Chain& chain : {Chain::from("abcdef"), InPieces("abcdef")}) {
    EXPECT_TRUE(chain.equals("abcdef"));
    EXPECT_FALSE(chain.equals("abcdeX"));
    EXPECT_FALSE(chain.equals("abcde"));
    EXPECT_FALSE(chain.equals("abcdefg"));
    EXPECT_TRUE(chain.starts_with(""));
    EXPECT_TRUE(chain.starts_with("abcd"));
    EXPECT_TRUE(chain.starts_with("abcdef"));
    EXPECT_FALSE(chain.starts_with("abcdefg"));
    EXPECT_FALSE(chain.starts_with("Xb"));
    EXPECT_TRUE(chain.equals(InPieces("abcdef")));
    EXPECT_TRUE(chain.equals(Chain::from("abcdef")));
    EXPECT_FALSE(chain.equals(InPieces("abcdeX")));
    EXPECT_FALSE(chain.equals(InPieces("abcde")));
  }
  EXPECT_TRUE(Chain().equals(""));
  EXPECT_TRUE(Chain().equals(Chain::from("")));
  EXPECT_FALSE(Chain().starts_with("a"));
}

TEST_F(HeaderTest, IsARangeOfSpans) {
  static_assert(std::ranges::forward_range<Chain&> && std::ranges::forward_range<const Chain&>);
  static_assert(!std::ranges::sized_range<Chain>, "size() is bytes, not pieces");
  static_assert(std::ranges::view<Segments<std::byte>>);
  static_assert(std::ranges::borrowed_range<Room>);
  static_assert(std::same_as<std::ranges::range_value_t<Chain>, std::span<const std::byte>>);
  static_assert(
      std::same_as<std::ranges::range_value_t<Segments<std::byte>>, std::span<std::byte>>);
  Chain chain = InPieces("abc");
  ASSERT_TRUE(chain.append(Chain::from(Letters(3000))));
  size_t n = 0;
  std::ranges::for_each(chain, [&](std::span<const std::byte> piece) { n += piece.size(); });
  EXPECT_EQ(n, 3003u);
  EXPECT_EQ(static_cast<size_t>(std::ranges::distance(chain)), chain.segments());
  auto large = std::ranges::find_if(chain, [](auto piece) { return piece.size() > 100; });
  ASSERT_NE(large, chain.end());
  EXPECT_GT((*large).size(), 100u);
  std::ranges::for_each(chain.writable(), [](std::span<std::byte> piece) {
    std::ranges::fill(piece, std::byte{'z'});
  });
  EXPECT_EQ(chain.to_string(), std::string(3003, 'z'));
  EXPECT_TRUE(Segments<const std::byte>().empty());
}

TEST_F(HeaderTest, MetadataGoesWhereTheBytesGo) {
  Chain chain = Chain::from(Letters(5000));
  ASSERT_NE(chain.packet_header(), nullptr);
  chain.packet_header()->flowid = 42;
  chain.packet_header()->rcv_tstmp = 7;
  m_tag* tag = m_tag_get(5, 0, M_DONTWAIT);
  ASSERT_EQ(m_tag_prepend(chain.get(), tag), 0);
  const Chain shared = chain.share();
  const Chain copy = chain.copy();
  Chain tail = chain.split_at(2000);
  ASSERT_TRUE(chain.prepend_header(Udp{}));
  for (const Chain* each :
       {&shared, &copy, const_cast<const Chain*>(&tail), const_cast<const Chain*>(&chain)}) {
    ASSERT_NE(each->packet_header(), nullptr);
    EXPECT_EQ(each->packet_header()->flowid, 42u);
    EXPECT_EQ(each->packet_header()->rcv_tstmp, 7u);
    EXPECT_NE(m_tag_find(each->get(), 5, nullptr), nullptr);
  }
  EXPECT_EQ(Chain().packet_header(), nullptr);
  EXPECT_EQ(Chain::adopt(m_get(M_DONTWAIT, MT_DATA)).packet_header(), nullptr);
}

// Any sequence of these does what it would to a string, and nothing to what is shared.
TEST_F(HeaderTest, BehavesAsAString) {
  const unsigned seed = Seed();
  SCOPED_TRACE("WEIR_SEED=" + std::to_string(seed));
  std::mt19937 random(seed);
  Chain chain;
  std::string text;
  std::vector<std::pair<Chain, std::string>> kept;
  std::vector<std::unique_ptr<std::string>> memory;  // that is const
  std::vector<std::string> memory_before;
  for (int step = 0; step < 5000; ++step) {
    const size_t at = random() % (text.size() + 1);
    std::string more = Letters(random() % 4 == 0 ? random() % 20000 : random() % 60, step);
    const Udp udp = {static_cast<uint16_t>(random()), 1, 2, 3};
    const std::string udp_text(reinterpret_cast<const char*>(&udp), sizeof udp);
    switch (random() % 9) {
      case 0:
        ASSERT_TRUE(chain.append(Chain::from_container(std::string(more))));
        text += more;
        break;
      case 1:
        memory.push_back(std::make_unique<std::string>(more));
        memory_before.push_back(more);
        ASSERT_TRUE(
            chain.append(Chain::from_external(std::span(std::as_const(*memory.back())), [] {})));
        text += more;
        break;
      case 2:
        more = more.substr(0, text.size() - at);
        ASSERT_TRUE(chain.overwrite(at, AsBytes(more)));
        text.replace(at, more.size(), more);
        break;
      case 3:
        ASSERT_TRUE(chain.prepend_header(udp));
        text = udp_text + text;
        break;
      case 4:
        ASSERT_EQ(chain.overwrite_header(udp, at), text.size() - at >= 8);
        if (text.size() - at >= 8) text.replace(at, 8, udp_text);
        break;
      case 5:
        if (auto header = chain.take_header<Udp>()) {
          ASSERT_EQ(std::memcmp(&*header, text.data(), 8), 0);
          text.erase(0, 8);
        } else {
          ASSERT_LT(text.size(), 8u);
        }
        break;
      case 6: {
        const size_t n = std::min<size_t>(at, MJUM16BYTES);
        ASSERT_EQ(chain.coalesce(n).size(), n);
        break;
      }
      case 7:
        kept.emplace_back(chain.share(at), text.substr(at));
        if (kept.size() > 20) kept.erase(kept.begin() + random() % 20);
        break;
      default:
        if (text.size() > 100000) {
          chain = chain.split_at(text.size() - 5000);
          text.erase(0, text.size() - 5000);
        }
    }
    ASSERT_EQ(chain.size(), text.size());
    ASSERT_TRUE(chain.starts_with(std::string_view(text).substr(0, at)));
    if (step % 16 == 0) {
      ASSERT_TRUE(chain.equals(text));
      if (chain.get() != nullptr) {
        ASSERT_TRUE(m_sanity(chain.get(), 0));
      }
    }
  }
  for (auto& [shared, bytes] : kept) EXPECT_EQ(shared.to_string(), bytes);
  for (size_t i = 0; i < memory.size(); ++i) EXPECT_EQ(*memory[i], memory_before[i]);
}

TEST_F(HeaderTest, AppendingAChainToItselfIsRefused) {
  Chain chain = Chain::from("self");
  Chain& self = chain;
  EXPECT_FALSE(chain.append(std::move(self)));
  EXPECT_EQ(errno, EINVAL);
  EXPECT_TRUE(chain.equals("self"));
}

// A chain of the other face whose first mbuf has no header: 100 bytes in a cluster, with room in
// front, and 3000 behind them.
Chain Plain() {
  mbuf* m = m_getcl(M_WAIT, MT_DATA, 0);
  m->m_data += 30;
  m->m_len = 100;
  Chain chain = Chain::adopt(m);
  EXPECT_TRUE(chain.overwrite(0, AsBytes(Letters(100))));
  EXPECT_TRUE(chain.append(Chain::from(Letters(3000))));
  return chain;
}

TEST_F(HeaderTest, ChainsWithoutAHeaderCanDoTheSame) {
  const std::string text = Letters(100) + Letters(3000);
  Chain chain = Plain();
  EXPECT_EQ(chain.packet_header(), nullptr);
  EXPECT_EQ(std::as_const(chain).packet_header(), nullptr);
  EXPECT_TRUE(chain.equals(text));
  EXPECT_EQ(chain.prepend(10).size(), 10u) << "in the room in front";
  EXPECT_EQ(chain.packet_header(), nullptr);
  EXPECT_EQ(chain.prepend(100).size(), 100u) << "in an mbuf of its own";
  EXPECT_EQ(chain.packet_header()->len, 3210);
  EXPECT_TRUE(m_sanity(chain.get(), 0));

  chain = Plain();
  EXPECT_TRUE(chain.trim_front(101)) << "all of the first mbuf and more";
  EXPECT_EQ(chain.to_string(), text.substr(101));
  EXPECT_TRUE(m_sanity(chain.get(), 0));

  chain = Plain();
  Chain shared = chain.share();
  EXPECT_EQ(chain.coalesce(2000).size(), 2000u);
  EXPECT_EQ(chain.packet_header(), nullptr);
  EXPECT_TRUE(chain.equals(text));
  shared.clear();

  iovec room[1];
  EXPECT_EQ(chain.reserve(10, room), 1);
  EXPECT_TRUE(chain.commit(10));
  EXPECT_EQ(chain.size(), text.size() + 10);
  EXPECT_EQ(chain.packet_header(), nullptr);
}

TEST_F(HeaderTest, WithoutMemoryThereIsNoCopy) {
  const int failures = ForEachFailure([] {
    Chain chain = Chain::from(Letters(3000));
    if (chain.empty()) return false;
    Chain copy = chain.copy();
    EXPECT_TRUE(chain.equals(Letters(3000)));
    EXPECT_EQ(errno, copy.empty() ? ENOBUFS : 0);
    return copy.equals(Letters(3000));
  });
  EXPECT_GE(failures, 2);
}

TEST_F(HeaderTest, BytesMayBeAppendedToNothing) {
  Chain chain;
  EXPECT_TRUE(chain.append(std::string_view()));
  EXPECT_EQ(chain.get(), nullptr);
  EXPECT_TRUE(chain.append(std::string_view("first")));
  EXPECT_TRUE(chain.equals("first"));
  ASSERT_NE(chain.packet_header(), nullptr);
  EXPECT_EQ(chain.packet_header()->len, 5);
}

// As a container that has more bytes than a chain.
struct TooMuch {
  using value_type = char;
  const char* begin() const { return nullptr; }
  const char* end() const { return begin() + (size_t{INT32_MAX} + 1); }
};

TEST_F(HeaderTest, LengthsEndAtTheLimitOfAChain) {
  const std::byte byte{};
  errno = 0;
  EXPECT_EQ(Chain::from(std::span(&byte, size_t{INT32_MAX} + 1)).get(), nullptr);
  EXPECT_EQ(errno, EMSGSIZE);
  errno = 0;
  EXPECT_EQ(Chain::from_container(TooMuch()).get(), nullptr);
  EXPECT_EQ(errno, EMSGSIZE);

  static char huge[1 << 20];
  Chain chain;
  for (int i = 0; i < 2047; ++i) {
    ASSERT_TRUE(chain.append(Chain::from_external(std::span(huge), [] {})));
  }
  const size_t size = chain.size();
  const auto refused = [&](bool done) {
    EXPECT_FALSE(done);
    EXPECT_EQ(errno, EMSGSIZE);
    EXPECT_EQ(chain.size(), size);
    errno = 0;
  };
  Chain more = Chain::from_external(std::span(huge), [] {});
  refused(chain.append(std::move(more)));
  EXPECT_EQ(more.size(), sizeof huge) << "it is still the caller's";
  refused(chain.append(std::span(&byte, sizeof huge)));
  ASSERT_TRUE(more.trim_front(10));
  ASSERT_TRUE(chain.append(std::move(more)));
  EXPECT_EQ(chain.size(), size_t{INT32_MAX} - 9);
  EXPECT_TRUE(chain.prepend(10).empty());
  EXPECT_EQ(errno, EMSGSIZE);
  EXPECT_FALSE(chain.reserve(100).empty());
  EXPECT_FALSE(chain.commit(10)) << "there is room, but the chain would be too long";
  EXPECT_EQ(errno, EINVAL);
  EXPECT_TRUE(chain.commit(9));
  EXPECT_EQ(chain.size(), size_t{INT32_MAX});
  EXPECT_TRUE(chain.coalesce(MJUM16BYTES + 1).empty()) << "more than can lie together";
  EXPECT_EQ(errno, EINVAL);
}

}  // namespace
}  // namespace weir
