// Chains and system calls: partial writes, more pieces than one call takes, room for reads; and the
// same through Boost.Asio.
#include <fcntl.h>
#include <limits.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <random>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "tests/chain_cxx_test.h"
#include "weir/chain/asio.h"
#include "weir/chain/chain.h"
#include "weir/chain/cursor.h"

#include <boost/asio/buffers_iterator.hpp>

namespace weir {
namespace {

namespace asio = boost::asio;

class IovecTest : public CxxTest {
 protected:
  void SetUp() override {
    CxxTest::SetUp();
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds_), 0);
    // So that a write is soon a partial one.
    int size = 4096;
    setsockopt(fds_[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    fcntl(fds_[0], F_SETFL, O_NONBLOCK);
  }
  void TearDown() override {
    close(fds_[0]);
    close(fds_[1]);
    CxxTest::TearDown();
  }

  // What is there to read on the other side.
  std::string Drain() {
    char buffer[65536];
    ssize_t n = recv(fds_[1], buffer, sizeof buffer, MSG_DONTWAIT);
    return std::string(buffer, n > 0 ? static_cast<size_t>(n) : 0);
  }

  // More pieces than IOV_MAX, of any small sizes.
  static Chain Many(std::string* text) {
    Chain chain;
    mbuf* last = nullptr;
    for (int i = 0; i < 3000; ++i) {
      std::string more = Letters(static_cast<size_t>(i % 7), i);
      mbuf* m = last == nullptr ? m_gethdr(M_DONTWAIT, MT_DATA) : m_get(M_DONTWAIT, MT_DATA);
      memcpy(m->m_data, more.data(), more.size());
      m->m_len = static_cast<int>(more.size());
      if (last == nullptr) chain = Chain::adopt(m);
      if (last != nullptr) last->m_next = m;
      last = m;
      *text += more;
    }
    m_fixhdr(chain.get());
    return chain;
  }

  int fds_[2];
};

TEST_F(IovecTest, ResumesAfterPartialWritesByOffset) {
  std::string text, got;
  Chain chain = Many(&text);
  for (size_t sent = 0; sent < text.size();) {
    iovec out[2000];
    int n = chain.to_iovec(out, sent);
    ASSERT_GT(n, 0);
    ASSERT_LE(n, IOV_MAX);
    ssize_t wrote = writev(fds_[0], out, n);
    if (wrote < 0) {
      ASSERT_EQ(errno, EAGAIN);
      got += Drain();
      continue;
    }
    sent += static_cast<size_t>(wrote);
  }
  EXPECT_EQ(got + Drain(), text);
}

TEST_F(IovecTest, ResumesAfterPartialWritesWithACursor) {
  std::string text, got;
  Chain chain = Many(&text);
  Cursor rest(chain);
  while (!rest.at_end()) {
    iovec out[2000];
    int n = rest.to_iovec(out);
    ASSERT_GT(n, 0);
    ASSERT_LE(n, IOV_MAX);
    ssize_t wrote = writev(fds_[0], out, n);
    if (wrote < 0) {
      ASSERT_EQ(errno, EAGAIN);
      got += Drain();
      continue;
    }
    ASSERT_TRUE(rest.skip(static_cast<size_t>(wrote)));
  }
  iovec none[1];
  EXPECT_EQ(rest.to_iovec(none), 0);
  EXPECT_EQ(got + Drain(), text);
}

TEST_F(IovecTest, ACursorGivesNoMoreThanItsPart) {
  Chain chain = Chain::from(Letters(20000));
  Cursor part(chain.get(), 17000);
  ASSERT_TRUE(part.skip(16000));
  iovec out[4];
  ASSERT_EQ(part.to_iovec(out), 2);
  EXPECT_EQ(out[0].iov_len + out[1].iov_len, 1000u);
  EXPECT_EQ(part.to_iovec(std::span(out, 1)), 1);
  EXPECT_EQ(part.to_iovec({}), 0);
  EXPECT_EQ(part.position(), 16000u);
}

TEST_F(IovecTest, ReservedRoomIsARangeOfSpans) {
  Chain chain = Chain::from(Letters(100));
  Room room = chain.reserve(10000);
  ASSERT_FALSE(room.empty());
  size_t found = 0;
  for (std::span<std::byte> piece : room) {
    std::ranges::fill(piece, std::byte{'r'});
    found += piece.size();
  }
  EXPECT_GE(found, 10000u);
  EXPECT_EQ(chain.size(), 100u);
  ASSERT_TRUE(chain.commit(9000));
  EXPECT_EQ(chain.to_string(), Letters(100) + std::string(9000, 'r'));
  weir_fail_nth(2);
  EXPECT_TRUE(chain.reserve(100000).empty());
  weir_fail_nth(-1);
  EXPECT_EQ(errno, ENOBUFS);
  EXPECT_EQ(chain.size(), 9100u);
}

TEST_F(IovecTest, ReservesAsMuchAsOneCallTakes) {
  Chain chain;
  std::vector<iovec> room(2000);
  EXPECT_EQ(chain.reserve(2000 * MCLBYTES, room), IOV_MAX);
  EXPECT_TRUE(chain.commit(0));
}

TEST_F(IovecTest, RoomInMorePiecesThanAskedForIsCutShort) {
  Chain chain;
  EXPECT_FALSE(chain.commit(1)) << "nothing is reserved";
  EXPECT_EQ(errno, EINVAL);
  EXPECT_TRUE(chain.commit(0));
  iovec room[4];
  ASSERT_EQ(chain.reserve(8000, room), 4);
  const void* first = room[0].iov_base;
  EXPECT_EQ(chain.reserve(8000, std::span(room).first(1)), 1) << "the rest is there, unseen";
  EXPECT_EQ(room[0].iov_base, first);
  EXPECT_EQ(room[0].iov_len, size_t{MCLBYTES});
  EXPECT_EQ(chain.reserve(8000, std::span<iovec>()), 0);
  EXPECT_TRUE(chain.commit(0));
  EXPECT_EQ(chain.get(), nullptr);
}

TEST_F(IovecTest, ReservedRoomIsNotBehindTheEndOfARecord) {
  Chain chain = Chain::from(Letters(100));
  chain.get()->m_flags |= M_EOR;
  iovec room[1];
  ASSERT_EQ(chain.reserve(10, room), 1);
  memcpy(room[0].iov_base, "0123456789", 10);
  ASSERT_TRUE(chain.commit(10));
  EXPECT_EQ(chain.get()->m_len, 100);
  EXPECT_EQ(chain.to_string(), Letters(100) + "0123456789");
}

using ConstBuffers = decltype(const_buffers(std::declval<const Chain&>()));
using MutableBuffers = decltype(mutable_buffers(std::declval<Room>()));
static_assert(asio::is_const_buffer_sequence<ConstBuffers>::value);
static_assert(!asio::is_mutable_buffer_sequence<ConstBuffers>::value);
static_assert(asio::is_mutable_buffer_sequence<MutableBuffers>::value);
static_assert(asio::is_const_buffer_sequence<MutableBuffers>::value);
static_assert(std::is_nothrow_copy_constructible_v<ConstBuffers>);
static_assert(std::bidirectional_iterator<ConstBuffers::Iterator>);
static_assert(std::bidirectional_iterator<MutableBuffers::Iterator>);

TEST_F(IovecTest, AsioSeesAllBytesInBothDirections) {
  std::string text;
  Chain chain = Many(&text);
  auto buffers = const_buffers(chain);
  EXPECT_EQ(asio::buffer_size(buffers), text.size());
  std::string copy(text.size(), '?');
  EXPECT_EQ(asio::buffer_copy(asio::buffer(copy), buffers), text.size());
  EXPECT_EQ(copy, text);
  std::string backward;
  auto at = buffers.end();
  for (int i = 0; i < 100; ++i) {
    asio::const_buffer piece = *--at;
    backward.insert(0, static_cast<const char*>(piece.data()), piece.size());
  }
  EXPECT_EQ(backward, text.substr(text.size() - backward.size()));
  EXPECT_TRUE(std::equal(asio::buffers_begin(buffers), asio::buffers_end(buffers), text.begin()));
  Chain none;
  EXPECT_EQ(asio::buffer_size(const_buffers(none)), 0u);
}

TEST_F(IovecTest, AsioFillsReservedRoom) {
  Chain chain = Chain::from(Letters(100));
  const std::string more = Letters(9000, 5);
  size_t n = asio::buffer_copy(mutable_buffers(chain.reserve(9000)), asio::buffer(more));
  EXPECT_EQ(n, 9000u);
  ASSERT_TRUE(chain.commit(n));
  EXPECT_EQ(chain.to_string(), Letters(100) + more);
}

}  // namespace
}  // namespace weir
