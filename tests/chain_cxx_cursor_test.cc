// weir::Cursor: a bounded reader of chains.
#include "weir/chain/cursor.h"

#include <random>
#include <string>

#include "gtest/gtest.h"
#include "weir/chain/chain.h"

namespace weir {
namespace {

// A chain of these pieces, each in mbufs of its own.
Chain Pieces(std::initializer_list<std::string_view> pieces) {
  Chain chain;
  for (std::string_view piece : pieces) {
    mbuf* m = Chain::from(piece).release();
    if (chain.get() == nullptr) {
      chain = Chain::adopt(m);
    } else {
      m_demote_pkthdr(m);
      m_last(chain.get())->m_next = m;
      chain.get()->m_pkthdr.len += static_cast<int>(piece.size());
    }
  }
  return chain;
}

TEST(CursorTest, ReadsIntegersAcrossPieces) {
  using namespace std::string_view_literals;
  Chain chain = Pieces({"\x01"sv, "\x02\x03"sv, "\x04\x05\x06\x07\x08"sv});
  Cursor in(chain);
  EXPECT_EQ(in.peek_be<uint16_t>(), 0x0102);
  EXPECT_EQ(in.peek_le<uint16_t>(), 0x0201);
  EXPECT_EQ(in.position(), 0u);
  EXPECT_EQ(in.read_be<uint32_t>(), 0x01020304u);
  EXPECT_EQ(in.position(), 4u);
  EXPECT_EQ(in.remaining(), 4u);
  EXPECT_EQ(in.read_be<uint64_t>(), std::nullopt);
  EXPECT_EQ(in.position(), 4u) << "a read that fails moves nothing";
  EXPECT_EQ(in.read_le<uint32_t>(), 0x08070605u);
  EXPECT_TRUE(in.at_end());
  EXPECT_EQ(in.read_be<uint8_t>(), std::nullopt);
  Chain signs = Chain::from("\xff\xfe\x80"sv);
  Cursor negative(signs);
  EXPECT_EQ(negative.read_be<int16_t>(), -2);
  EXPECT_EQ(negative.read_be<int8_t>(), -128);
}

TEST(CursorTest, ReadsBytesSkipsAndComesBack) {
  Chain chain = Pieces({"hello", "", ", ", "world"});
  Cursor in(chain);
  EXPECT_EQ(in.read(), static_cast<std::byte>('h'));
  EXPECT_EQ(in.peek(), static_cast<std::byte>('e'));
  Cursor bookmark = in;
  EXPECT_TRUE(in.skip(6));
  EXPECT_EQ(in.view(3), "wor");
  EXPECT_FALSE(in.skip(3));
  EXPECT_TRUE(in.skip(2));
  EXPECT_TRUE(in.at_end());
  EXPECT_EQ(in.peek(), std::nullopt);
  EXPECT_EQ(in.read(), std::nullopt);
  EXPECT_TRUE(in.contiguous().empty());
  in = bookmark;
  std::string text;
  EXPECT_TRUE(in.read_to(text, 8));
  EXPECT_EQ(text, "ello, wo");
  EXPECT_FALSE(in.read_to(text, 4));
  EXPECT_EQ(text, "ello, wo");
  std::byte bytes[3];
  EXPECT_TRUE(in.peek(bytes));
  EXPECT_EQ(in.remaining(), 3u);
  EXPECT_TRUE(in.read(bytes));
  EXPECT_EQ(static_cast<char>(bytes[2]), 'd');
  EXPECT_FALSE(in.read(bytes));
}

TEST(CursorTest, ViewsOnlyWhatLiesTogether) {
  Chain chain = Pieces({"abc", "def"});
  Cursor in(chain);
  EXPECT_EQ(in.view(4), std::nullopt);
  EXPECT_EQ(in.view(3), "abc");
  EXPECT_EQ(in.view(0), "");
  EXPECT_EQ(in.view(3), "def");
  EXPECT_EQ(in.view(0), "");
  EXPECT_EQ(in.view(1), std::nullopt);
}

TEST(CursorTest, OfNothingIsAtTheEnd) {
  for (Cursor in : {Cursor(), Cursor(Chain()), Cursor(nullptr, 0)}) {
    EXPECT_TRUE(in.at_end());
    EXPECT_TRUE(in.skip(0));
    EXPECT_FALSE(in.skip(1));
    EXPECT_EQ(in.find('x'), std::nullopt);
    EXPECT_EQ(in.find(""), 0u);
  }
}

TEST(CursorTest, FindsBytesAndRowsOfThem) {
  Chain chain = Pieces({"one\r", "\ntwo\r\r", "\n", "three"});
  Cursor in(chain);
  EXPECT_EQ(in.find('\n'), 4u);
  EXPECT_EQ(in.find("\r\n"), 3u);
  EXPECT_EQ(in.find('\n', 5), 10u);
  EXPECT_EQ(in.find("\r\n", 4), 9u);
  EXPECT_EQ(in.find("\r\n", 10), std::nullopt);
  EXPECT_EQ(in.find("three"), 11u);
  EXPECT_EQ(in.find("threee"), std::nullopt);
  EXPECT_EQ(in.find('o', 100), std::nullopt);
  EXPECT_EQ(in.find("", 100), std::nullopt);
  in.skip(5);
  EXPECT_EQ(in.find("\r\n"), 4u) << "from where it is";
  EXPECT_EQ(in.position(), 5u);
}

TEST(CursorTest, IsBoundedByTheSizeItIsGiven) {
  Chain chain = Pieces({"abc", "def"});
  Cursor in(chain.get(), 4);
  EXPECT_EQ(in.find('e'), std::nullopt);
  EXPECT_TRUE(in.skip(4));
  EXPECT_TRUE(in.at_end());
  EXPECT_EQ(in.read(), std::nullopt);
}

// Against a string, over chains cut at random.
TEST(CursorTest, FindsWhatAStringFinds) {
  std::mt19937 random(7);
  for (int round = 0; round < 500; ++round) {
    std::string text;
    for (size_t i = random() % 300; i > 0; --i) text += "ab\r\n"[random() % 4];
    Chain chain;
    for (size_t at = 0; at < text.size();) {
      size_t n = random() % 20 + 1;
      Chain piece = Pieces({text.substr(at, n)});
      if (chain.get() == nullptr) {
        chain = std::move(piece);
      } else {
        m_demote_pkthdr(piece.get());
        m_last(chain.get())->m_next = piece.release();
        chain.get()->m_pkthdr.len = static_cast<int>(std::min(at + n, text.size()));
      }
      at += n;
    }
    ASSERT_EQ(chain.size(), text.size());
    std::string pattern = text.empty() ? "a" : text.substr(random() % text.size(), random() % 5);
    for (size_t from = 0; from <= text.size(); from += 7) {
      size_t expected = text.find(pattern, from);
      auto found = Cursor(chain).find(pattern, from);
      ASSERT_EQ(found.value_or(std::string::npos), expected);
    }
  }
}

}  // namespace
}  // namespace weir
