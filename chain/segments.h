// Iteration over the bytes of a chain, piece by piece. See weir/chain/chain.h.
#ifndef WEIR_CHAIN_SEGMENTS_H_
#define WEIR_CHAIN_SEGMENTS_H_

#include <cstddef>
#include <iterator>
#include <ranges>
#include <span>
#include <type_traits>

#include "weir/chain/mbuf.h"

namespace weir {

// A forward range of spans: Of::piece(m) for each mbuf m, those that are empty left out. Borrows
// the chain, which must not change meanwhile; copies, and what outlives this, are as good.
template <typename Of>
class Pieces {
 public:
  using Span = decltype(Of::piece(nullptr));
  struct End {};

  class Iterator {
   public:
    using value_type = Span;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::forward_iterator_tag;
    using iterator_category = std::input_iterator_tag;  // a span is no reference, as C++17 wants

    Iterator() = default;
    explicit Iterator(const mbuf* m) : m_(m) { skip_empty(); }

    Span operator*() const { return Of::piece(m_); }
    Iterator& operator++() {
      m_ = m_->m_next;
      skip_empty();
      return *this;
    }
    Iterator operator++(int) {
      Iterator old = *this;
      ++*this;
      return old;
    }
    bool operator==(const Iterator&) const = default;
    bool operator==(End) const { return m_ == nullptr; }

   private:
    void skip_empty() {
      while (m_ != nullptr && Of::piece(m_).empty()) m_ = m_->m_next;
    }

    const mbuf* m_ = nullptr;
  };

  Pieces() = default;
  explicit Pieces(const mbuf* m) : m_(m) {}
  Iterator begin() const { return Iterator(m_); }
  End end() const { return {}; }
  bool empty() const { return begin() == end(); }

 private:
  const mbuf* m_ = nullptr;
};

// The data, as `const std::byte`; or as `std::byte`, and then what may not be written is left out.
template <typename Byte>
struct DataOf {
  static std::span<Byte> piece(const mbuf* m) {
    if constexpr (!std::is_const_v<Byte>) {
      if (!M_WRITABLE(m)) return {};
    }
    return {reinterpret_cast<Byte*>(m->m_data), static_cast<size_t>(m->m_len)};
  }
};
template <typename Byte>
using Segments = Pieces<DataOf<Byte>>;

// The room behind the data that stays the caller's until it is filled: a reference count of 1 does
// not do, as it may be what is left of 2 just now. Behind the end of a record there is none.
struct RoomOf {
  static std::span<std::byte> piece(const mbuf* m) {
    if ((m->m_flags & (M_RDONLY | M_EOR)) || ((m->m_flags & M_EXT) && m->m_ext.ext_cnt != nullptr))
      return {};
    return {reinterpret_cast<std::byte*>(m->m_data) + m->m_len,
            static_cast<size_t>(M_TRAILINGROOM(m))};
  }
};
using Room = Pieces<RoomOf>;

static_assert(std::ranges::forward_range<Segments<const std::byte>>);
static_assert(std::ranges::forward_range<Segments<std::byte>>);

}  // namespace weir

template <typename Of>
inline constexpr bool std::ranges::enable_view<weir::Pieces<Of>> = true;
template <typename Of>
inline constexpr bool std::ranges::enable_borrowed_range<weir::Pieces<Of>> = true;

#endif  // WEIR_CHAIN_SEGMENTS_H_
