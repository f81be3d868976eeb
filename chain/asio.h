// A chain's bytes, or room reserved behind them, as buffer sequences of Boost.Asio. This header
// alone needs Boost.
//
//   asio::async_write(socket, weir::const_buffers(reply), done);
//   socket.async_read_some(weir::mutable_buffers(input.reserve(65536)),
//                          [&](auto error, size_t n) { input.commit(n); ... });
//
// They borrow the chain, which must stay in place and as it is until the operation is over; they
// cost two pointers to copy. Asio passes at most 64 buffers to one system call.
#ifndef WEIR_CHAIN_ASIO_H_
#define WEIR_CHAIN_ASIO_H_

#include <utility>  // Boost 1.74 needs it first

#include <boost/asio/buffer.hpp>
#include <cstddef>
#include <iterator>

#include "weir/chain/chain.h"
#include "weir/chain/segments.h"

namespace weir {

// Range is one of Pieces, Buffer what Asio wants for a piece.
template <typename Range, typename Buffer>
class AsioBuffers {
 public:
  class Iterator {
   public:
    using value_type = Buffer;
    using reference = Buffer;
    using pointer = const Buffer*;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::bidirectional_iterator_tag;

    Iterator() = default;
    Iterator(const Range& range, typename Range::Iterator at) : range_(range), at_(at) {}

    Buffer operator*() const {
      auto piece = *at_;
      return Buffer(piece.data(), piece.size());
    }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    Iterator operator++(int) {
      Iterator old = *this;
      ++*this;
      return old;
    }
    // Asio asks that it exist, and does not use it: it walks there from the front.
    Iterator& operator--() {
      auto before = range_.begin();
      for (auto next = before; ++next != at_;) before = next;
      at_ = before;
      return *this;
    }
    Iterator operator--(int) {
      Iterator old = *this;
      --*this;
      return old;
    }
    bool operator==(const Iterator& other) const { return at_ == other.at_; }

   private:
    Range range_;
    typename Range::Iterator at_;
  };
  using value_type = Buffer;
  using const_iterator = Iterator;

  explicit AsioBuffers(Range range) : range_(range) {}
  Iterator begin() const { return Iterator(range_, range_.begin()); }
  Iterator end() const { return Iterator(range_, {}); }

 private:
  Range range_;
};

// All bytes of the chain.
inline auto const_buffers(const Chain& chain) {
  return AsioBuffers<Segments<const std::byte>, boost::asio::const_buffer>(
      Segments<const std::byte>(chain.get()));
}

// What Chain::reserve() gave. A read of no buffers ends at once with 0 bytes, so look at whether
// it is empty() first.
inline auto mutable_buffers(Room room) {
  return AsioBuffers<Room, boost::asio::mutable_buffer>(room);
}

}  // namespace weir

#endif  // WEIR_CHAIN_ASIO_H_
