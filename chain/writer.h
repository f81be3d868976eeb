// weir::Writer appends to a chain, which grows as it must: integers in either byte order, bytes,
// zeros, other chains, and fields whose value is known later.
//
//   Writer out(chain);
//   auto length = out.patch_be<uint16_t>();   // to be filled in
//   out.write_be<uint32_t>(id);
//   out.write(name);
//   out.set_size(length);                     // what was written behind it
//   if (!out.ok()) out.undo();                // once, at the end
//
// Failure: nothing throws. What does not fit (ENOBUFS, EMSGSIZE) is not written at all, the
// function says false, and so does every one after it: error() keeps the first reason, which errno
// has as well. The chain is whole after each call.
//
// As long as a Writer is used, others may read the chain and share it, but not change it.
//
// Thread rule: that of the chain.
#ifndef WEIR_CHAIN_WRITER_H_
#define WEIR_CHAIN_WRITER_H_

#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "weir/chain/chain.h"
#include "weir/chain/endian.h"
#include "weir/chain/mbuf.h"

#pragma GCC visibility push(default)

namespace weir {

class Writer {
 public:
  // An integer that was written as 0 and is set later, by the Writer that made it.
  template <Integer T>
  class Patch {
    friend class Writer;
    Patch(size_t position, std::endian order) noexcept : position_(position), order_(order) {}

    size_t position_;     // bytes that the Writer had written before it
    mbuf* m_ = nullptr;   // where it is, if it is in one mbuf,
    int32_t offset_ = 0;  // and in m_'s data
    std::endian order_;
  };

  // Borrows the chain, which may be an empty one. `expected`: about how many bytes will be written,
  // to choose the size of buffers.
  explicit Writer(Chain& chain, size_t expected = 0) noexcept;
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Bytes written so far.
  size_t size() const noexcept { return size_; }
  // Whether everything was; the errno value that says why not, or 0.
  [[nodiscard]] bool ok() const noexcept { return error_ == 0; }
  int error() const noexcept { return error_; }

  // Copies of bytes, which must not be the chain's own.
  bool write(std::span<const std::byte> bytes) noexcept { return put(bytes.data(), bytes.size()); }
  bool write(std::string_view bytes) noexcept { return put(bytes.data(), bytes.size()); }
  bool zeros(size_t n) noexcept { return put(nullptr, n); }

  template <Integer T>
  bool write_be(std::type_identity_t<T> value) noexcept {
    return write_integer<T>(value, std::endian::big);
  }
  template <Integer T>
  bool write_le(std::type_identity_t<T> value) noexcept {
    return write_integer<T>(value, std::endian::little);
  }

  // All of `tail`, not copied; it is empty afterwards, and on failure as it was.
  bool append(Chain&& tail) noexcept;

  // Writes a 0 that set() or set_size() overwrites, any number of times. If someone shares those
  // bytes meanwhile, they are copied first; that may fail, as writing may.
  template <Integer T>
  [[nodiscard]] Patch<T> patch_be() noexcept {
    return patch<T>(std::endian::big);
  }
  template <Integer T>
  [[nodiscard]] Patch<T> patch_le() noexcept {
    return patch<T>(std::endian::little);
  }
  template <Integer T>
  bool set(const Patch<T>& patch, std::type_identity_t<T> value) noexcept {
    std::byte bytes[sizeof(T)];
    store_integer<T>(bytes, value, patch.order_);
    return overwrite(patch.position_, patch.m_, patch.offset_, bytes);
  }
  // Sets it to the number of bytes written behind it; EMSGSIZE if a T cannot say that.
  template <Integer T>
  bool set_size(const Patch<T>& patch) noexcept {
    size_t behind = size_ - patch.position_ - sizeof(T);
    if (ok() && !std::in_range<T>(behind)) return fail(EMSGSIZE);
    return set(patch, static_cast<T>(behind));
  }

  // Drops all that this Writer wrote; it and its patches write nothing any more (ECANCELED).
  void undo() noexcept;

 private:
  template <Integer T>
  bool write_integer(T value, std::endian order) noexcept {
    std::byte bytes[sizeof(T)];
    store_integer(bytes, value, order);
    return put(bytes, sizeof bytes);
  }
  template <Integer T>
  Patch<T> patch(std::endian order) noexcept {
    Patch<T> made(size_, order);
    if (write_integer<T>(0, order) && tail_->m_len >= static_cast<int>(sizeof(T))) {
      made.m_ = tail_;
      made.offset_ = tail_->m_len - static_cast<int>(sizeof(T));
    }
    return made;
  }

  bool fail(int error) noexcept;
  // `from` is NULL for zeros.
  bool put(const void* from, size_t n) noexcept;
  bool grow(size_t missing) noexcept;
  void count(size_t n) noexcept;
  bool overwrite(size_t position, mbuf* m, int offset, std::span<const std::byte> bytes) noexcept;

  Chain& chain_;
  mbuf* tail_;          // the chain's last mbuf
  const size_t start_;  // the chain's size before
  const size_t expected_;
  const bool owned_nothing_;  // the chain, before
  size_t size_ = 0;
  int error_ = 0;
};

}  // namespace weir

#pragma GCC visibility pop

#endif  // WEIR_CHAIN_WRITER_H_
