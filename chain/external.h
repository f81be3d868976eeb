// Memory of the caller's as the data of an mbuf, and the object that keeps it: the owner.
//
//   Chain page = Chain::from_external(std::span(map, size), [map, size] { munmap(map, size); });
//   Chain file = Chain::from_external(cached->bytes(), cached);    // a std::shared_ptr
//   Chain text = Chain::from_container(std::move(string));
//
// An owner is anything that can be moved without throwing. With the last mbuf that holds the
// memory, on the thread that frees that one, it is called, if it can be called without arguments,
// and destroyed: once, and never before. It must not throw. Owners of up to 16 bytes that are
// kRelocatable cost nothing but these bytes; others are moved to the heap, in one allocation.
#ifndef WEIR_CHAIN_EXTERNAL_H_
#define WEIR_CHAIN_EXTERNAL_H_

#include <cerrno>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <ranges>
#include <span>
#include <type_traits>
#include <utility>

#include "weir/chain/mbuf.h"

namespace weir {

template <typename T>
inline constexpr bool kIsByte =
    std::is_same_v<T, std::byte> || std::is_same_v<T, char> || std::is_same_v<T, unsigned char>;
template <typename T>
concept ByteLike = kIsByte<std::remove_const_t<T>>;

// A container of bytes that owns them: no view, no reference.
template <typename T>
concept ByteContainer = std::is_object_v<T> && std::ranges::contiguous_range<T> &&
    ByteLike<std::ranges::range_value_t<T>> && !std::ranges::view<T>;

// Whether a T may be moved by copying its bytes and forgetting the original. Specialize it for
// types of yours.
template <typename T>
inline constexpr bool kRelocatable = std::is_trivially_copyable_v<T>;
template <typename T, typename D>
inline constexpr bool kRelocatable<std::unique_ptr<T, D>> =
    kRelocatable<typename std::unique_ptr<T, D>::pointer> && (kRelocatable<D>);
template <typename T>
inline constexpr bool kRelocatable<std::shared_ptr<T>> = true;

namespace external {

// Inside m_ext, which mbufs copy byte by byte, or behind ext_arg1.
template <typename Owner>
inline constexpr bool kInside = sizeof(Owner) <= 2 * sizeof(void*) &&
                                alignof(Owner) <= alignof(void*) && kRelocatable<Owner>;

template <typename Owner>
void Release(mbuf* m) noexcept {
  alignas(Owner) std::byte inside[2 * sizeof(void*)];
  Owner* owner = static_cast<Owner*>(m->m_ext.ext_arg1);
  if constexpr (kInside<Owner>) {
    std::memcpy(inside, &m->m_ext.ext_arg1, sizeof(void*));
    std::memcpy(inside + sizeof(void*), &m->m_ext.ext_arg2, sizeof(void*));
    owner = std::launder(reinterpret_cast<Owner*>(inside));
  }
  if constexpr (std::invocable<Owner&>) (*owner)();
  if constexpr (kInside<Owner>) {
    std::destroy_at(owner);
  } else {
    delete owner;
  }
}

}  // namespace external

// Makes `bytes` the data of m, which has neither data nor M_EXT, and `owner` what keeps them; bytes
// that are const are read-only (M_RDONLY), others may be written by the only holder. Sets m_len and
// m_pkthdr.len. Borrows m. False with errno: EINVAL, EMSGSIZE (over INT32_MAX), ENOBUFS; then m and
// `owner` are as they were. An owner that is no rvalue is copied.
template <ByteLike T, size_t N, typename Owner>
[[nodiscard]] bool attach_external(mbuf* m, std::span<T, N> bytes, Owner&& owner) noexcept {
  using O = std::decay_t<Owner>;
  static_assert(std::is_nothrow_constructible_v<O, Owner&&>, "moving the owner must not throw");
  static_assert(std::is_nothrow_destructible_v<O>, "destroying the owner must not throw");
  auto fail = [](int error) {
    errno = error;
    return false;
  };
  if (m == nullptr || (m->m_flags & M_EXT) || m->m_len != 0) return fail(EINVAL);
  if (bytes.size() > INT32_MAX) return fail(EMSGSIZE);
  void* args[2] = {};
  if constexpr (external::kInside<O>) {
    alignas(O) std::byte inside[sizeof args] = {};
    ::new (static_cast<void*>(inside)) O(std::forward<Owner>(owner));
    std::memcpy(args, inside, sizeof args);  // and `inside` is forgotten: kRelocatable
  } else {
    args[0] = new (std::nothrow) O(std::forward<Owner>(owner));
    if (args[0] == nullptr) return fail(ENOBUFS);
  }
  static char nowhere;
  const void* data = bytes.data() == nullptr ? &nowhere : static_cast<const void*>(bytes.data());
  m_extadd(m, static_cast<char*>(const_cast<void*>(data)), static_cast<unsigned>(bytes.size()),
           external::Release<O>, args[0], args[1],
           std::is_const_v<T> ? static_cast<int>(M_RDONLY) : 0, EXT_DISPOSABLE);
  m->m_len = static_cast<int32_t>(bytes.size());
  if (m->m_flags & M_PKTHDR) m->m_pkthdr.len = m->m_len;
  return true;
}

}  // namespace weir

#endif  // WEIR_CHAIN_EXTERNAL_H_
