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

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "weir/chain/mbuf.h"
#include "weir/chain/segments.h"

#pragma GCC visibility push(default)

namespace weir {

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
  static Chain from(std::span<const std::byte> bytes);
  static Chain from(std::string_view bytes);

  // Takes one packet or plain chain of the C face, NULL included; m_nextpkt is not followed.
  static Chain adopt(mbuf* m) noexcept { return Chain(m); }
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
    return m_->m_flags & M_PKTHDR ? static_cast<size_t>(m_->m_pkthdr.len) : m_length(m_, nullptr);
  }
  bool empty() const noexcept { return size() == 0; }
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
  // Everything as a string; for tests, logs and small chains.
  std::string to_string() const;

  // Another Chain of the same bytes [offset, offset + length): clusters are shared, small data is
  // copied. Not const, as it may write the reference count of a buffer.
  Chain share(size_t offset = 0, size_t length = kAll);
  // A deep copy; shares nothing.
  Chain copy() const;

  // Keeps the first n bytes and returns the rest; a cluster at the cut is shared by both.
  // n == size() gives an empty Chain with errno 0; beyond it, EINVAL.
  Chain split_at(size_t n);

  // Appends all of `tail`, which is empty afterwards. O(segments of this). Bytes may move into
  // the trailing room of the last mbuf. EMSGSIZE: too long together; both as they were.
  bool append(Chain&& tail);
  // Appends a copy of the bytes, which must not be this Chain's own.
  bool append(std::span<const std::byte> bytes);
  bool append(std::string_view bytes);

  // Room for n more bytes in front, to be filled by the caller: uses leading space if it can.
  // An empty span: EMSGSIZE beyond MJUM16BYTES, or ENOBUFS; also, with errno 0, for n == 0.
  std::span<std::byte> prepend(size_t n);

  // Drops n bytes; EINVAL if there are fewer. mbufs that this empties are given back.
  bool trim_front(size_t n);
  bool trim_back(size_t n);

  // Makes the first n bytes contiguous (at most MJUM16BYTES) and returns them. n beyond size() or
  // MJUM16BYTES: EINVAL, nothing changes. **Without memory (ENOBUFS) the bytes are lost**: the
  // Chain is empty afterwards, as m_pullup frees it. An empty span is failure or n == 0.
  std::span<const std::byte> coalesce(size_t n);

  // Makes room for at least n bytes behind the data, in trailing space and new clusters, and
  // fills `room` with it, in order: what readv() wants. Returns how many entries it filled; 0 is
  // failure. When `room` is too short for n, it gives what fits there. The bytes are not part of
  // the chain until commit().
  int reserve(size_t n, std::span<iovec> room);
  // The first n bytes of the reserved room become data; what is left of it is given back. n == 0
  // gives all of it back. EINVAL when n is more than was reserved, and nothing changes. Nothing
  // else may be done to the Chain between reserve() and commit().
  bool commit(size_t n);

  // Fills `out` with the bytes from `offset` on, as far as it goes, and returns how many entries
  // it used: what writev() and sendmsg() want. After a partial write, go on with a larger offset.
  int to_iovec(std::span<iovec> out, size_t offset = 0) const noexcept;

 private:
  explicit Chain(mbuf* m) noexcept : m_(m) {}

  void reset(mbuf* m = nullptr) noexcept {
    mbuf* old = std::exchange(m_, m);
    if (old != nullptr) m_freem(old);
  }
  void drop_empty_front() noexcept;

  mbuf* m_ = nullptr;
};

static_assert(sizeof(Chain) == sizeof(void*));

}  // namespace weir

#pragma GCC visibility pop

#endif  // WEIR_CHAIN_CHAIN_H_
