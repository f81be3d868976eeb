// weir::Chain owns an mbuf chain: the C++ face of weir/chain/mbuf.h.
//
// It is move-only and as large as a pointer. An empty Chain owns nothing, or mbufs without data.
//
//   Chain value = request.split_at(header);        // value owns the rest, sharing the cluster
//   Chain reply = value.share();                   // the same bytes again, nothing copied
//   iovec room[64];
//   int n = input.reserve(65536, room);            // readv goes straight into clusters
//   input.commit(readv(fd, room, n));
//
// Failure: a function that gives a bool says false, one that gives a Chain gives an empty one,
// and errno says why (EINVAL, ENOBUFS, EMSGSIZE); errno is 0 when an empty Chain is the right
// answer. Nothing throws. Unless its comment says otherwise, a function that fails leaves all
// chains as they were. No function blocks: allocations are M_DONTWAIT.
//
// Lengths: a chain holds at most INT32_MAX bytes, as in BSD.
//
// Thread rule: a Chain belongs to one thread at a time. Chains that share clusters may be used
// by different threads at once.
#ifndef WEIR_CHAIN_CHAIN_H_
#define WEIR_CHAIN_CHAIN_H_

#include <sys/uio.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "weir/chain/external.h"
#include "weir/chain/mbuf.h"
#include "weir/chain/segments.h"

#pragma GCC visibility push(default)

namespace weir {

// What a header in a packet can be: a class whose bytes mean the same anywhere. It should have no
// padding and fields in the packet's byte order: BigEndian<T> (weir/chain/endian.h) is both.
template <typename T>
concept Header = std::is_class_v<T> && std::is_trivially_copyable_v<T> && !std::ranges::view<T> &&
                 !std::is_empty_v<T>;

class Chain {
 public:
  static constexpr size_t kAll = static_cast<size_t>(-1);  // "to the end"

  constexpr Chain() noexcept = default;
  Chain(Chain&& other) noexcept : m_(other.release()) {}
  Chain& operator=(Chain&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  Chain(const Chain&) = delete;
  Chain& operator=(const Chain&) = delete;
  ~Chain() { reset(); }

  // A new packet that holds a copy of the bytes.
  [[nodiscard]] static Chain from(std::span<const std::byte> bytes) noexcept;
  [[nodiscard]] static Chain from(std::string_view bytes) noexcept;

  // A new packet of memory that is not copied but kept by `owner`: see weir/chain/external.h. Takes
  // owner; on failure it is as it was.
  template <ByteLike T, size_t N, typename Owner>
  [[nodiscard]] static Chain from_external(std::span<T, N> bytes, Owner&& owner) noexcept;
  // The same with a container of bytes, moved in, that is its own owner: std::move(a string).
  template <ByteContainer Container>
  [[nodiscard]] static Chain from_container(Container&& bytes) noexcept;

  // Takes one packet or plain chain of the C face, NULL included; m_nextpkt is not followed.
  [[nodiscard]] static Chain adopt(mbuf* m) noexcept { return Chain(m); }
  // Returns ownership to the C face, NULL included; this Chain is empty afterwards.
  [[nodiscard]] mbuf* release() noexcept { return std::exchange(m_, nullptr); }
  // Borrows: for the m_* functions that borrow.
  mbuf* get() const noexcept { return m_; }

  // Frees what it owns.
  void clear() noexcept { reset(); }

  // Bytes. O(1) for a packet (M_PKTHDR), which is what all functions here make when they can;
  // else a walk over the mbufs.
  size_t size() const noexcept {
    if (m_ == nullptr) return 0;
    return has_header() ? static_cast<size_t>(m_->m_pkthdr.len) : m_length(m_, nullptr);
  }
  bool empty() const noexcept { return size() == 0; }
  // The packet header (flowid, rcvif, rcv_tstmp, ...; its len is size() and not to be changed), or
  // NULL if there is none. share(0), copy() and split_at() hand it on. Borrows.
  ::pkthdr* packet_header() noexcept { return has_header() ? &m_->m_pkthdr : nullptr; }
  const ::pkthdr* packet_header() const noexcept { return has_header() ? &m_->m_pkthdr : nullptr; }
  // Pieces of contiguous bytes: how many spans the iteration below gives. O(segments).
  size_t segments() const noexcept;

  // for (std::span<const std::byte> piece : chain): the bytes in order, no piece empty.
  auto begin() const noexcept { return Segments<const std::byte>(m_).begin(); }
  auto end() const noexcept { return Segments<const std::byte>(m_).end(); }

  // Whether every byte may be written: no buffer is shared or read-only.
  bool is_writable() const noexcept;
  // for (std::span<std::byte> piece : chain.writable()): the same pieces for writing; those that
  // are shared or read-only are left out, so nothing is ever written behind another holder's back.
  Segments<std::byte> writable() noexcept { return Segments<std::byte>(m_); }

  // Copies out: [offset, offset + to.size()), which must be inside, else false and `to` untouched.
  bool copy_to(std::span<std::byte> to, size_t offset = 0) const noexcept;
  // Overwrites [offset, offset + bytes.size()), which must be inside, else EINVAL. What is shared
  // or read-only there is copied first, so nobody else sees it.
  [[nodiscard]] bool overwrite(size_t offset, std::span<const std::byte> bytes) noexcept;

  // Whether it begins with, or is, these bytes.
  bool starts_with(std::span<const std::byte> bytes) const noexcept;
  bool starts_with(std::string_view bytes) const noexcept;
  bool equals(std::span<const std::byte> bytes) const noexcept;
  bool equals(std::string_view bytes) const noexcept;
  bool equals(const Chain& other) const noexcept;
  // Everything as a string; for tests, logs and small chains.
  std::string to_string() const;

  // Another Chain of the same bytes [offset, offset + length): clusters are shared, small data is
  // copied. Not const, as it may write the reference count of a buffer.
  [[nodiscard]] Chain share(size_t offset = 0, size_t length = kAll) noexcept;
  // A deep copy; shares nothing.
  [[nodiscard]] Chain copy() const noexcept;

  // Keeps the first n bytes and returns the rest; a cluster at the cut is shared by both.
  // n == size() gives an empty Chain with errno 0; beyond it, EINVAL.
  [[nodiscard]] Chain split_at(size_t n) noexcept;

  // Appends all of `tail`, which is empty afterwards. O(segments of this). Bytes may move into
  // the trailing room of the last mbuf. EMSGSIZE: too long together; both as they were. A `tail`
  // that owns nothing is nothing to append, also if that is because making it failed.
  [[nodiscard]] bool append(Chain&& tail) noexcept;
  // Appends a copy of the bytes, which must not be this Chain's own.
  [[nodiscard]] bool append(std::span<const std::byte> bytes) noexcept;
  [[nodiscard]] bool append(std::string_view bytes) noexcept;

  // Room for n more bytes in front, to be filled by the caller: uses leading space if it can.
  // An empty span: EMSGSIZE beyond MJUM16BYTES, or ENOBUFS; also, with errno 0, for n == 0.
  [[nodiscard]] std::span<std::byte> prepend(size_t n) noexcept;

  // Headers, by value, at any alignment and across mbufs. get_header: a copy of the T at `offset`;
  // nothing, and EINVAL, if there are fewer bytes. take_header: the first T, which is then dropped.
  template <Header T>
  std::optional<T> get_header(size_t offset = 0) const noexcept;
  template <Header T>
  [[nodiscard]] std::optional<T> take_header() noexcept;
  // prepend_header: puts it in front, as prepend(). overwrite_header: over what is there, as
  // overwrite().
  template <Header T>
  [[nodiscard]] bool prepend_header(const T& header) noexcept;
  template <Header T>
  [[nodiscard]] bool overwrite_header(const T& header, size_t offset = 0) noexcept;

  // Drops n bytes; EINVAL if there are fewer. mbufs that this empties are given back.
  bool trim_front(size_t n) noexcept;
  bool trim_back(size_t n) noexcept;

  // Makes the first n bytes contiguous (at most MJUM16BYTES) and returns them. n beyond size() or
  // MJUM16BYTES: EINVAL. An empty span is failure (unlike m_pullup's, it loses nothing) or n == 0.
  std::span<const std::byte> coalesce(size_t n) noexcept;

  // Makes room for at least n bytes behind the data, in trailing space and new clusters. The bytes
  // are not part of the chain until commit(). The room is a range of std::span<std::byte>, in
  // order; it is empty on failure. It may be more than n.
  [[nodiscard]] Room reserve(size_t n) noexcept;
  // The same into `room`, as readv() wants it. Returns how many entries it filled; 0 is failure.
  // When `room` is too short for n, or IOV_MAX is, it gives what fits there.
  [[nodiscard]] int reserve(size_t n, std::span<iovec> room) noexcept;
  // The first n bytes of the reserved room become data; what is left of it is given back. n == 0
  // gives all of it back. EINVAL when n is more than was reserved, and nothing changes. Nothing
  // else may be done to the Chain between reserve() and commit().
  bool commit(size_t n) noexcept;

  // Fills `out` with the bytes from `offset` on, as far as it goes and writev() takes (IOV_MAX),
  // and returns how many entries it used: what writev() and sendmsg() want. After a partial write,
  // go on with a larger offset, or with trim_front(); Cursor::to_iovec goes on without a walk.
  [[nodiscard]] int to_iovec(std::span<iovec> out, size_t offset = 0) const noexcept;

 private:
  explicit Chain(mbuf* m) noexcept : m_(m) {}

  bool has_header() const noexcept { return m_ != nullptr && (m_->m_flags & M_PKTHDR); }
  void reset(mbuf* m = nullptr) noexcept {
    mbuf* old = std::exchange(m_, m);
    if (old != nullptr) m_freem(old);
  }
  // An empty one, and errno says why. To be called last, as freeing may touch errno.
  static Chain failed(int error) noexcept {
    errno = error;
    return {};
  }
  void drop_empty_front() noexcept;
  mbuf* make_room(size_t n, size_t pieces) noexcept;

  mbuf* m_ = nullptr;
};

static_assert(sizeof(Chain) == sizeof(void*));
template <>
inline constexpr bool kRelocatable<Chain> = true;

template <ByteLike T, size_t N, typename Owner>
Chain Chain::from_external(std::span<T, N> bytes, Owner&& owner) noexcept {
  Chain chain(m_gethdr(M_DONTWAIT, MT_DATA));
  if (chain.m_ == nullptr) return {};
  if (!attach_external(chain.m_, bytes, std::forward<Owner>(owner))) {
    const int error = errno;
    chain.clear();
    return failed(error);
  }
  errno = 0;
  return chain;
}

template <ByteContainer Container>
Chain Chain::from_container(Container&& bytes) noexcept {
  static_assert(std::is_nothrow_move_constructible_v<Container>);
  if (std::ranges::size(bytes) > INT32_MAX) return failed(EMSGSIZE);
  Chain chain(m_gethdr(M_DONTWAIT, MT_DATA));
  if (chain.m_ == nullptr) return {};
  // On the heap, as a short string's bytes are inside the string.
  std::unique_ptr<Container> kept(new (std::nothrow) Container(std::move(bytes)));
  if (kept == nullptr) {
    chain.clear();
    return failed(ENOBUFS);
  }
  std::span all(std::ranges::data(*kept), std::ranges::size(*kept));
  (void)attach_external(chain.m_, all, std::move(kept));  // cannot fail any more
  errno = 0;
  return chain;
}

template <Header T>
std::optional<T> Chain::get_header(size_t offset) const noexcept {
  std::array<std::byte, sizeof(T)> bytes;
  if (!copy_to(bytes, offset)) return std::nullopt;
  return std::bit_cast<T>(bytes);
}

template <Header T>
std::optional<T> Chain::take_header() noexcept {
  std::optional<T> header = get_header<T>();
  if (header) trim_front(sizeof(T));
  return header;
}

template <Header T>
bool Chain::prepend_header(const T& header) noexcept {
  std::span<std::byte> room = prepend(sizeof(T));
  if (room.empty()) return false;
  std::memcpy(room.data(), &header, sizeof(T));
  return true;
}

template <Header T>
bool Chain::overwrite_header(const T& header, size_t offset) noexcept {
  return overwrite(offset, std::as_bytes(std::span(&header, 1)));
}

}  // namespace weir

// Its size() is that of the bytes, not of the range of pieces.
template <>
inline constexpr bool std::ranges::disable_sized_range<weir::Chain> = true;

static_assert(std::ranges::forward_range<const weir::Chain>);

#pragma GCC visibility pop

#endif  // WEIR_CHAIN_CHAIN_H_
