// Integers in the byte order of the network (big-endian) or of files and most machines
// (little-endian), at any address.
#ifndef WEIR_CHAIN_ENDIAN_H_
#define WEIR_CHAIN_ENDIAN_H_

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace weir {

template <typename T>
concept Integer = std::integral<T> && !std::same_as<std::remove_cv_t<T>, bool> && sizeof(T) <= 8;

template <Integer T>
constexpr T in_order(T value, std::endian order) noexcept {
  if (order == std::endian::native) return value;
  if constexpr (sizeof(T) == 2)
    return static_cast<T>(__builtin_bswap16(static_cast<uint16_t>(value)));
  if constexpr (sizeof(T) == 4)
    return static_cast<T>(__builtin_bswap32(static_cast<uint32_t>(value)));
  if constexpr (sizeof(T) == 8)
    return static_cast<T>(__builtin_bswap64(static_cast<uint64_t>(value)));
  return value;
}

// sizeof(T) bytes at `from` or `to`.
template <Integer T>
T load_integer(const void* from, std::endian order) noexcept {
  T value;
  std::memcpy(&value, from, sizeof value);
  return in_order(value, order);
}
template <Integer T>
void store_integer(void* to, T value, std::endian order) noexcept {
  value = in_order(value, order);
  std::memcpy(to, &value, sizeof value);
}

// An integer of a packet's header: reads and writes as a T, lies there big-endian, needs no
// alignment. A struct of these has no padding and no byte order to forget:
//
//   struct UdpHeader { weir::BigEndian<uint16_t> from, to, length, checksum; };
template <Integer T>
class BigEndian {
 public:
  constexpr BigEndian() noexcept = default;
  constexpr BigEndian(T value) noexcept  // NOLINT: meant to convert
      : bytes_(std::bit_cast<Bytes>(in_order(value, std::endian::big))) {}
  constexpr operator T() const noexcept {  // NOLINT: meant to convert
    return in_order(std::bit_cast<T>(bytes_), std::endian::big);
  }

 private:
  struct Bytes {
    unsigned char at[sizeof(T)];
  };
  Bytes bytes_{};
};

}  // namespace weir

#endif  // WEIR_CHAIN_ENDIAN_H_
