// Where a test that makes choices gets them from: bytes of a fuzzer, or endless ones of a seed.
#ifndef WEIR_TESTS_BYTE_SOURCE_H_
#define WEIR_TESTS_BYTE_SOURCE_H_

#include <cstddef>
#include <cstdint>

namespace weir {

class ByteSource {
 public:
  // These bytes, then zeros.
  ByteSource(const uint8_t* data, size_t size) : at_(data), end_(data + size) {}
  // Endless bytes.
  explicit ByteSource(uint64_t seed) : endless_(true), state_(seed) {}

  bool Empty() const { return !endless_ && at_ == end_; }

  uint8_t Byte() {
    if (!endless_) return at_ == end_ ? 0 : *at_++;
    if (have_ == 0) {
      Mix();
      have_ = 8;
    }
    --have_;
    uint8_t byte = static_cast<uint8_t>(word_);
    word_ >>= 8;
    return byte;
  }

  // 0 <= result < n, of as few bytes as it takes.
  uint32_t Below(uint32_t n) {
    uint32_t value = Byte();
    for (uint32_t range = n; range > 256; range >>= 8) value = value << 8 | Byte();
    return n == 0 ? 0 : value % n;
  }

  bool OneIn(uint32_t n) { return Below(n) == n - 1; }  // never, when the bytes are used up

  // 0..max, each order of magnitude as often as the other, and now and then max itself.
  int Length(int max) {
    uint32_t bits = Below(20);
    if (bits >= 18) return bits == 18 ? 0 : max;
    uint32_t n = Below(uint32_t{1} << bits);
    return static_cast<int>(n % (static_cast<uint32_t>(max) + 1));
  }

 private:
  void Mix() {  // splitmix64
    state_ += 0x9e3779b97f4a7c15;
    word_ = (state_ ^ (state_ >> 30)) * 0xbf58476d1ce4e5b9;
    word_ = (word_ ^ (word_ >> 27)) * 0x94d049bb133111eb;
    word_ ^= word_ >> 31;
  }

  const uint8_t* at_ = nullptr;
  const uint8_t* end_ = nullptr;
  bool endless_ = false;
  uint64_t state_ = 0;
  uint64_t word_ = 0;
  int have_ = 0;
};

}  // namespace weir

#endif  // WEIR_TESTS_BYTE_SOURCE_H_
