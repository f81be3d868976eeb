#include "weir/chain/chain.h"

#include <limits.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "weir/chain/weir.h"

namespace weir {
namespace {

std::span<const std::byte> Bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

bool Fail(int error) {
  errno = error;
  return false;
}

// Makes the plain mbuf m, the first of `length` bytes, a packet if there is room for the header.
void MakePacket(mbuf* m, size_t length) {
  if (!(m->m_flags & M_PKTHDR)) {
    if (!(m->m_flags & M_EXT)) {
      if (m->m_len > MHLEN) return;
      std::memmove(m->m_pktdat, m->m_data, static_cast<size_t>(m->m_len));
      m->m_data = m->m_pktdat;
    }
    m->m_pkthdr = {};
    m->m_flags |= M_PKTHDR;
  }
  m->m_pkthdr.len = static_cast<int32_t>(length);
}

// Moves the packet header without M_EOR, which stays with the data.
void MoveHeader(mbuf* to, mbuf* from) {
  const uint32_t mark = to->m_flags & M_EOR;
  m_move_pkthdr(to, from);
  to->m_flags = (to->m_flags & ~M_EOR) | mark;
}

// The last mbuf that has data or ends a record: there is none of either behind it. m itself if none
// has.
mbuf* LastWithData(mbuf* m) {
  mbuf* last = m;
  for (; m != nullptr; m = m->m_next) {
    if (m->m_len > 0 || (m->m_flags & M_EOR)) last = m;
  }
  return last;
}

size_t RoomBehind(const mbuf* m) { return RoomOf::piece(m).size(); }

}  // namespace

Chain Chain::from(std::span<const std::byte> bytes) noexcept {
  if (bytes.size() > INT32_MAX) return failed(EMSGSIZE);
  int first = static_cast<int>(std::min<size_t>(bytes.size(), MJUM16BYTES));
  Chain chain(m_get2(first, M_DONTWAIT, MT_DATA, M_PKTHDR));
  if (chain.m_ == nullptr) return {};
  if (!chain.append(bytes)) {
    const int error = errno;
    chain.clear();
    return failed(error);
  }
  errno = 0;
  return chain;
}

Chain Chain::from(std::string_view bytes) noexcept { return from(Bytes(bytes)); }

size_t Chain::segments() const noexcept {
  size_t n = 0;
  for (const mbuf* m = m_; m != nullptr; m = m->m_next) n += m->m_len > 0;
  return n;
}

bool Chain::is_writable() const noexcept {
  for (const mbuf* m = m_; m != nullptr; m = m->m_next) {
    if (m->m_len > 0 && !M_WRITABLE(m)) return false;
  }
  return true;
}

bool Chain::copy_to(std::span<std::byte> to, size_t offset) const noexcept {
  size_t total = size();
  if (offset > total || to.size() > total - offset) return Fail(EINVAL);
  return to.empty() ||
         m_copydata(m_, static_cast<int>(offset), static_cast<int>(to.size()), to.data()) == 0;
}

bool Chain::overwrite(size_t offset, std::span<const std::byte> bytes) noexcept {
  size_t total = size();
  if (offset > total || bytes.size() > total - offset) return Fail(EINVAL);
  if (bytes.empty()) return true;
  int error =
      m_copyback(m_, static_cast<int>(offset), static_cast<int>(bytes.size()), bytes.data());
  return error == 0 || Fail(error);
}

bool Chain::starts_with(std::span<const std::byte> bytes) const noexcept {
  if (bytes.size() > size()) return false;
  for (std::span<const std::byte> piece : *this) {
    if (bytes.empty()) break;
    size_t n = std::min(piece.size(), bytes.size());
    if (std::memcmp(piece.data(), bytes.data(), n) != 0) return false;
    bytes = bytes.subspan(n);
  }
  return true;
}

bool Chain::starts_with(std::string_view bytes) const noexcept { return starts_with(Bytes(bytes)); }

bool Chain::equals(std::span<const std::byte> bytes) const noexcept {
  return bytes.size() == size() && starts_with(bytes);
}

bool Chain::equals(std::string_view bytes) const noexcept { return equals(Bytes(bytes)); }

bool Chain::equals(const Chain& other) const noexcept {
  if (size() != other.size()) return false;
  auto theirs = other.begin();
  std::span<const std::byte> left;  // of their piece
  for (std::span<const std::byte> ours : *this) {
    while (!ours.empty()) {
      if (left.empty()) left = *theirs++;
      size_t n = std::min(ours.size(), left.size());
      if (std::memcmp(ours.data(), left.data(), n) != 0) return false;
      ours = ours.subspan(n);
      left = left.subspan(n);
    }
  }
  return true;
}

std::string Chain::to_string() const {
  std::string text;
  text.reserve(size());
  for (std::span<const std::byte> piece : *this) {
    text.append(reinterpret_cast<const char*>(piece.data()), piece.size());
  }
  return text;
}

Chain Chain::share(size_t offset, size_t length) noexcept {
  size_t total = size();
  if (length == kAll && offset <= total) length = total - offset;
  if (offset > total || length > total - offset) return failed(EINVAL);
  errno = 0;
  if (length == 0) return {};
  Chain other(m_copym(m_, static_cast<int>(offset), static_cast<int>(length), M_DONTWAIT));
  if (other.m_ != nullptr) MakePacket(other.m_, length);
  return other;
}

Chain Chain::copy() const noexcept {
  errno = 0;
  if (m_ == nullptr) return {};
  size_t total = size();
  Chain other(m_dup(m_, M_DONTWAIT));
  if (other.m_ != nullptr) MakePacket(other.m_, total);
  return other;
}

Chain Chain::split_at(size_t n) noexcept {
  size_t total = size();
  errno = n > total ? EINVAL : 0;
  if (n >= total) return {};
  if (n == 0) return std::move(*this);
  Chain tail(m_split(m_, static_cast<int>(n), M_DONTWAIT));
  if (tail.m_ != nullptr) MakePacket(tail.m_, total - n);
  return tail;
}

bool Chain::append(Chain&& tail) noexcept {
  if (&tail == this) return Fail(EINVAL);
  size_t total = size();
  size_t more = tail.size();
  if (more > INT32_MAX - total) return Fail(EMSGSIZE);
  if (total == 0) {
    reset(tail.release());
    return true;
  }
  if (more == 0) {
    tail.reset();
    return true;
  }
  m_cat(m_, tail.release());
  if (has_header()) m_->m_pkthdr.len = static_cast<int32_t>(total + more);
  return true;
}

bool Chain::append(std::span<const std::byte> bytes) noexcept {
  if (bytes.empty()) return true;
  size_t total = size();
  if (bytes.size() > INT32_MAX - total) return Fail(EMSGSIZE);
  if (m_ == nullptr) {
    *this = from(bytes);
    return m_ != nullptr;
  }
  if (m_append(m_, static_cast<int>(bytes.size()), bytes.data())) return true;
  int error = errno;
  trim_back(size() - total);
  return Fail(error);
}

bool Chain::append(std::string_view bytes) noexcept { return append(Bytes(bytes)); }

std::span<std::byte> Chain::prepend(size_t n) noexcept {
  errno = 0;
  if (n == 0) return {};
  size_t total = size();
  if (n > MJUM16BYTES || n > INT32_MAX - total) {
    errno = EMSGSIZE;
    return {};
  }
  int len = static_cast<int>(n);
  if (m_ != nullptr && M_LEADINGSPACE(m_) >= len) {
    m_->m_data -= len;
    m_->m_len += len;
    if (has_header()) m_->m_pkthdr.len += len;
  } else {
    // Not m_prepend(), which frees the chain when there is no memory.
    weir_pools* pools = m_ == nullptr ? weir_pools_default() : weir_pools_of(m_);
    mbuf* front = weir_pools_get2(pools, len, M_DONTWAIT, MT_DATA, M_PKTHDR);
    if (front == nullptr) return {};
    if (has_header()) MoveHeader(front, m_);
    m_align(front, len);
    front->m_len = len;
    front->m_next = m_;
    front->m_pkthdr.len = static_cast<int32_t>(total + n);
    m_ = front;
  }
  return {reinterpret_cast<std::byte*>(m_->m_data), n};
}

bool Chain::trim_front(size_t n) noexcept {
  if (n > size()) return Fail(EINVAL);
  if (n == 0) return true;
  m_adj(m_, static_cast<int>(n));
  drop_empty_front();
  return true;
}

bool Chain::trim_back(size_t n) noexcept {
  if (n > size()) return Fail(EINVAL);
  if (n > 0) m_adj(m_, -static_cast<int>(n));
  return true;
}

// m_adj leaves the mbufs that it empties at the head; they would hold their clusters.
void Chain::drop_empty_front() noexcept {
  if (m_->m_len > 0) return;
  mbuf* next = m_->m_next;
  while (next != nullptr && next->m_len == 0) next = m_free(next);
  m_->m_next = next;
  if (next == nullptr) return reset();
  if (m_->m_flags & M_PKTHDR) {
    // Only an mbuf with external storage has room for the header beside its data for sure.
    if (!(next->m_flags & M_EXT)) return;
    MoveHeader(next, m_);
  }
  m_ = m_free(m_);
}

std::span<const std::byte> Chain::coalesce(size_t n) noexcept {
  if (n > size() || n > MJUM16BYTES) {
    errno = EINVAL;
    return {};
  }
  errno = 0;
  if (n == 0) return {};
  int len = static_cast<int>(n);
  if (m_->m_len < len && (!M_WRITABLE(m_) || M_SIZE(m_) < len)) {
    // m_pullup would need an mbuf, and free the chain when there is none. An empty first mbuf with
    // room for all spares it that.
    mbuf* front = weir_pools_get2(weir_pools_of(m_), len, M_DONTWAIT, m_->m_type,
                                  static_cast<int>(m_->m_flags & M_PKTHDR));
    if (front == nullptr) return {};
    if (has_header()) MoveHeader(front, m_);
    if (M_SIZE(front) - len >= max_linkhdr) front->m_data += std::max(max_linkhdr, 0);
    front->m_next = m_;
    m_ = front;
  }
  m_ = m_pullup(m_, len);
  return {reinterpret_cast<const std::byte*>(m_->m_data), n};
}

// Sees to it that there are n bytes of room behind the data, or that many pieces. Returns where to
// look for it, or NULL.
mbuf* Chain::make_room(size_t n, size_t pieces) noexcept {
  size_t found = 0;
  auto count = [&](const mbuf* m) {
    size_t room = RoomBehind(m);
    if (room > 0) --pieces;
    found += room;
  };
  mbuf* last = m_ == nullptr ? nullptr : LastWithData(m_);
  for (mbuf* m = last; m != nullptr && pieces > 0; m = m->m_next) count(m);
  mbuf* fresh = nullptr;
  mbuf** link = &fresh;
  while (found < n && pieces > 0) {
    bool first = m_ == nullptr && fresh == nullptr;
    const int flags = first ? static_cast<int>(M_PKTHDR) : 0;
    mbuf* m = last == nullptr || last->m_pool == 0
                  ? m_getcl(M_DONTWAIT, MT_DATA, flags)
                  : weir_pools_getcl(weir_pools_of(last), M_DONTWAIT, MT_DATA, flags);
    if (m == nullptr) {
      const int error = errno;
      m_freem(fresh);
      errno = error;
      return nullptr;
    }
    *link = m;
    link = &m->m_next;
    count(m);
  }
  if (m_ == nullptr) {
    m_ = fresh;
  } else if (fresh != nullptr) {
    m_last(m_)->m_next = fresh;
  }
  return last == nullptr ? m_ : last;
}

Room Chain::reserve(size_t n) noexcept { return Room(make_room(n, kAll)); }

int Chain::reserve(size_t n, std::span<iovec> room) noexcept {
  room = room.first(std::min<size_t>(room.size(), IOV_MAX));
  size_t filled = 0;
  for (std::span<std::byte> piece : Room(make_room(n, room.size()))) {
    if (filled == room.size()) break;
    room[filled++] = {piece.data(), piece.size()};
  }
  return static_cast<int>(filled);
}

bool Chain::commit(size_t n) noexcept {
  if (m_ == nullptr) return n == 0 || Fail(EINVAL);
  mbuf* last = LastWithData(m_);
  size_t room = 0;
  for (const mbuf* m = last; m != nullptr; m = m->m_next) room += RoomBehind(m);
  size_t total = size() + n;
  if (n > room || total > INT32_MAX) return Fail(EINVAL);
  mbuf* end = last;
  for (mbuf* m = last; n > 0; m = m->m_next) {
    size_t part = std::min(n, RoomBehind(m));
    m->m_len += static_cast<int32_t>(part);
    n -= part;
    end = m;
  }
  m_freem(std::exchange(end->m_next, nullptr));
  if (total == 0) {
    reset();
  } else if (has_header()) {
    m_->m_pkthdr.len = static_cast<int32_t>(total);
  }
  return true;
}

int Chain::to_iovec(std::span<iovec> out, size_t offset) const noexcept {
  const size_t most = std::min<size_t>(out.size(), IOV_MAX);
  size_t filled = 0;
  for (const mbuf* m = m_; m != nullptr && filled < most; m = m->m_next) {
    size_t length = static_cast<size_t>(m->m_len);
    if (offset >= length) {
      offset -= length;
      continue;
    }
    out[filled++] = {m->m_data + offset, length - offset};
    offset = 0;
  }
  return static_cast<int>(filled);
}

}  // namespace weir
