// weir::Cursor reads a chain from front to back, bounded, without changing it.
//
// It holds no memory and copies cheaply: a copy is a bookmark to come back to. A read that wants
// more than is left gives nothing and moves nothing, so that a parser can try, keep the cursor
// where it was, and try again when more bytes have arrived: append to the chain, make a new
// Cursor, skip to position(). Nothing throws; there is no errno.
//
//   Cursor in(chain);
//   auto length = in.read_be<uint16_t>();
//   if (!length || in.remaining() < *length) return kNeedMore;
//
// Thread rule: that of the chain, which must not change while a Cursor on it is used.
#ifndef WEIR_CHAIN_CURSOR_H_
#define WEIR_CHAIN_CURSOR_H_

#include <limits.h>
#include <sys/uio.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "weir/chain/chain.h"
#include "weir/chain/endian.h"
#include "weir/chain/mbuf.h"

namespace weir {

class Cursor {
 public:
  Cursor() = default;
  explicit Cursor(const Chain& chain) : Cursor(chain.get(), chain.size()) {}
  // The first `size` bytes of a chain of the C face, which holds at least as many. Borrows m.
  Cursor(const mbuf* m, size_t size) : m_(m), remaining_(size) { leave_empty(); }

  size_t position() const { return position_; }    // bytes before it
  size_t remaining() const { return remaining_; }  // bytes after it
  bool at_end() const { return remaining_ == 0; }

  // The bytes ahead that lie together; empty only at the end.
  std::span<const std::byte> contiguous() const {
    if (remaining_ == 0) return {};
    return {data(), std::min(left(), remaining_)};
  }

  // The next byte, left in place or taken.
  std::optional<std::byte> peek() const {
    if (remaining_ == 0) return std::nullopt;
    return *data();
  }
  std::optional<std::byte> read() {
    auto next = peek();
    if (next) advance(1);
    return next;
  }

  // Goes n bytes on; false if fewer are left.
  bool skip(size_t n) {
    if (n > remaining_) return false;
    advance(n);
    return true;
  }

  // Fills `to`, or does nothing and says false.
  bool read(std::span<std::byte> to) {
    if (to.size() > remaining_) return false;
    for (size_t done = 0; done < to.size();) {
      auto piece = contiguous();
      size_t n = std::min(piece.size(), to.size() - done);
      std::memcpy(to.data() + done, piece.data(), n);
      advance(n);
      done += n;
    }
    return true;
  }
  bool peek(std::span<std::byte> to) const { return Cursor(*this).read(to); }

  // Appends the next n bytes to `to`, or does nothing and says false.
  bool read_to(std::string& to, size_t n) {
    if (n > remaining_) return false;
    while (n > 0) {
      auto piece = contiguous().first(std::min(left(), n));
      to.append(reinterpret_cast<const char*>(piece.data()), piece.size());
      advance(piece.size());
      n -= piece.size();
    }
    return true;
  }

  // The next n bytes where they are, if they lie together; moves past them.
  std::optional<std::string_view> view(size_t n) {
    if (n > remaining_ || (n > 0 && n > left())) return std::nullopt;
    if (n == 0) return std::string_view();
    std::string_view bytes(reinterpret_cast<const char*>(data()), n);
    advance(n);
    return bytes;
  }

  // An integer in network or in little-endian byte order.
  template <Integer T>
  std::optional<T> read_be() {
    return read_integer<T>(std::endian::big);
  }
  template <Integer T>
  std::optional<T> read_le() {
    return read_integer<T>(std::endian::little);
  }
  template <Integer T>
  std::optional<T> peek_be() const {
    return Cursor(*this).read_be<T>();
  }
  template <Integer T>
  std::optional<T> peek_le() const {
    return Cursor(*this).read_le<T>();
  }

  // Fills `out` with the bytes ahead, as far as it goes and writev() takes (IOV_MAX), and returns
  // how many entries it used. After a partial write, skip() what went out and ask again: unlike
  // Chain::to_iovec with an offset, it does not walk there from the front.
  [[nodiscard]] int to_iovec(std::span<iovec> out) const;

  // How far ahead the first such byte, or the first such row of bytes, begins, looking from
  // `from` bytes ahead on: what a parser that waits for the end of a line has seen already.
  // Moves nothing. An empty pattern is found at once.
  std::optional<size_t> find(std::byte wanted, size_t from = 0) const;
  std::optional<size_t> find(char wanted, size_t from = 0) const {
    return find(static_cast<std::byte>(wanted), from);
  }
  std::optional<size_t> find(std::string_view pattern, size_t from = 0) const;

 private:
  const std::byte* data() const { return reinterpret_cast<const std::byte*>(m_->m_data) + offset_; }
  size_t left() const { return static_cast<size_t>(m_->m_len) - offset_; }

  // n <= remaining_. Afterwards offset_ is inside an mbuf, unless at the end.
  void advance(size_t n) {
    position_ += n;
    remaining_ -= n;
    while (n > 0 && n >= left()) {
      n -= left();
      offset_ = 0;
      m_ = m_->m_next;
      if (remaining_ == 0) return;
    }
    offset_ += n;
    leave_empty();
  }
  void leave_empty() {
    if (remaining_ == 0) return;
    while (left() == 0) {
      m_ = m_->m_next;
      offset_ = 0;
    }
  }

  template <Integer T>
  std::optional<T> read_integer(std::endian order) {
    std::byte bytes[sizeof(T)];
    if (!read(bytes)) return std::nullopt;
    return load_integer<T>(bytes, order);
  }

  const mbuf* m_ = nullptr;  // where the next byte is; may be null at the end
  size_t offset_ = 0;        // in m_
  size_t position_ = 0;
  size_t remaining_ = 0;
};

inline int Cursor::to_iovec(std::span<iovec> out) const {
  const size_t most = std::min<size_t>(out.size(), IOV_MAX);
  size_t filled = 0;
  for (Cursor at = *this; !at.at_end() && filled < most; ++filled) {
    auto piece = at.contiguous();
    out[filled] = {const_cast<std::byte*>(piece.data()), piece.size()};
    at.advance(piece.size());
  }
  return static_cast<int>(filled);
}

inline std::optional<size_t> Cursor::find(std::byte wanted, size_t from) const {
  Cursor at = *this;
  if (!at.skip(from)) return std::nullopt;
  while (!at.at_end()) {
    auto piece = at.contiguous();
    if (const void* hit = std::memchr(piece.data(), static_cast<int>(wanted), piece.size())) {
      at.advance(static_cast<size_t>(static_cast<const std::byte*>(hit) - piece.data()));
      return at.position_ - position_;
    }
    at.advance(piece.size());
  }
  return std::nullopt;
}

inline std::optional<size_t> Cursor::find(std::string_view pattern, size_t from) const {
  if (pattern.empty()) return from <= remaining_ ? std::optional(from) : std::nullopt;
  while (auto start = find(pattern[0], from)) {
    Cursor at = *this;
    at.advance(*start);
    if (at.remaining() < pattern.size()) return std::nullopt;
    size_t same = 0;
    while (same < pattern.size() && at.read() == static_cast<std::byte>(pattern[same])) ++same;
    if (same == pattern.size()) return start;
    from = *start + 1;
  }
  return std::nullopt;
}

}  // namespace weir

#endif  // WEIR_CHAIN_CURSOR_H_
