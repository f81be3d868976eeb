// Iteration over the bytes of a chain, piece by piece. See weir/chain/chain.h.
#ifndef WEIR_CHAIN_SEGMENTS_H_
#define WEIR_CHAIN_SEGMENTS_H_

#include <cstddef>
#include <iterator>
#include <span>
#include <type_traits>

#include "weir/chain/mbuf.h"

namespace weir {

// Byte is `const std::byte`, or `std::byte`: then pieces that may not be written are left out.
// Borrows the chain, which must not change meanwhile.
template <typename Byte>
class Segments {
 public:
  struct End {};

  class Iterator {
   public:
    using value_type = std::span<Byte>;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;

    Iterator() = default;
    explicit Iterator(const mbuf* m) : m_(m) { SkipUnusable(); }

    std::span<Byte> operator*() const {
      return {reinterpret_cast<Byte*>(m_->m_data), static_cast<size_t>(m_->m_len)};
    }
    Iterator& operator++() {
      m_ = m_->m_next;
      SkipUnusable();
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
    void SkipUnusable() {
      while (m_ != nullptr && !Usable()) m_ = m_->m_next;
    }
    bool Usable() const {
      if constexpr (!std::is_const_v<Byte>) {
        if (!M_WRITABLE(m_)) return false;
      }
      return m_->m_len > 0;
    }

    const mbuf* m_ = nullptr;
  };

  explicit Segments(const mbuf* m) : m_(m) {}
  Iterator begin() const { return Iterator(m_); }
  End end() const { return {}; }

 private:
  const mbuf* m_;
};

}  // namespace weir

#endif  // WEIR_CHAIN_SEGMENTS_H_
