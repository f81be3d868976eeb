#include "weir/chain/chain.h"

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

// Trailing room that stays ours from reserve() to commit(): a count of 1 does not do, as the
// buffer's other holder may be dropping its share just now.
size_t OwnRoom(const mbuf* m) {
  if ((m->m_flags & M_RDONLY) || ((m->m_flags & M_EXT) && m->m_ext.ext_cnt != nullptr)) return 0;
  return static_cast<size_t>(M_TRAILINGROOM(m));
}

// The last mbuf that has data; m itself if none has.
mbuf* LastWithData(mbuf* m) {
  mbuf* last = m;
  for (; m != nullptr; m = m->m_next) {
    if (m->m_len > 0) last = m;
  }
  return last;
}

iovec RoomOf(const mbuf* m) { return {m->m_data + m->m_len, OwnRoom(m)}; }

}  // namespace

Chain Chain::from(std::span<const std::byte> bytes) {
  if (bytes.size() > INT32_MAX) {
    errno = EMSGSIZE;
    return {};
  }
  int first = static_cast<int>(std::min<size_t>(bytes.size(), MJUM16BYTES));
  Chain chain(m_get2(first, M_DONTWAIT, MT_DATA, M_PKTHDR));
  if (chain.m_ == nullptr || !chain.append(bytes)) return {};
  errno = 0;
  return chain;
}

Chain Chain::from(std::string_view bytes) { return from(Bytes(bytes)); }

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

std::string Chain::to_string() const {
  std::string text;
  text.reserve(size());
  for (std::span<const std::byte> piece : *this) {
    text.append(reinterpret_cast<const char*>(piece.data()), piece.size());
  }
  return text;
}

Chain Chain::share(size_t offset, size_t length) {
  size_t total = size();
  if (length == kAll && offset <= total) length = total - offset;
  if (offset > total || length > total - offset) {
    errno = EINVAL;
    return {};
  }
  errno = 0;
  if (length == 0) return {};
  Chain other(m_copym(m_, static_cast<int>(offset), static_cast<int>(length), M_DONTWAIT));
  if (other.m_ != nullptr) MakePacket(other.m_, length);
  return other;
}

Chain Chain::copy() const {
  errno = 0;
  if (m_ == nullptr) return {};
  size_t total = size();
  Chain other(m_dup(m_, M_DONTWAIT));
  if (other.m_ != nullptr) MakePacket(other.m_, total);
  return other;
}

Chain Chain::split_at(size_t n) {
  size_t total = size();
  errno = n > total ? EINVAL : 0;
  if (n >= total) return {};
  if (n == 0) return std::move(*this);
  Chain tail(m_split(m_, static_cast<int>(n), M_DONTWAIT));
  if (tail.m_ != nullptr) MakePacket(tail.m_, total - n);
  return tail;
}

bool Chain::append(Chain&& tail) {
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
  if (m_->m_flags & M_PKTHDR) m_->m_pkthdr.len = static_cast<int32_t>(total + more);
  return true;
}

bool Chain::append(std::span<const std::byte> bytes) {
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

bool Chain::append(std::string_view bytes) { return append(Bytes(bytes)); }

std::span<std::byte> Chain::prepend(size_t n) {
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
    if (m_->m_flags & M_PKTHDR) m_->m_pkthdr.len += len;
  } else {
    // Not m_prepend(), which frees the chain when there is no memory.
    weir_pools* pools = m_ == nullptr ? weir_pools_default() : weir_pools_of(m_);
    mbuf* front = weir_pools_get2(pools, len, M_DONTWAIT, MT_DATA, M_PKTHDR);
    if (front == nullptr) return {};
    if (m_ != nullptr && (m_->m_flags & M_PKTHDR)) m_move_pkthdr(front, m_);
    m_align(front, len);
    front->m_len = len;
    front->m_next = m_;
    front->m_pkthdr.len = static_cast<int32_t>(total + n);
    m_ = front;
  }
  return {reinterpret_cast<std::byte*>(m_->m_data), n};
}

bool Chain::trim_front(size_t n) {
  if (n > size()) return Fail(EINVAL);
  if (n == 0) return true;
  m_adj(m_, static_cast<int>(n));
  drop_empty_front();
  return true;
}

bool Chain::trim_back(size_t n) {
  if (n > size()) return Fail(EINVAL);
  if (n > 0) m_adj(m_, -static_cast<int>(n));
  return true;
}

// m_adj leaves the mbufs that it empties at the head; they would hold their clusters.
void Chain::drop_empty_front() noexcept {
  mbuf* next = m_->m_next;
  while (next != nullptr && next->m_len == 0) next = m_free(next);
  m_->m_next = next;
  if (m_->m_len > 0) return;
  if (next == nullptr) return reset();
  if (m_->m_flags & M_PKTHDR) {
    // Only an mbuf with external storage has room for the header beside its data for sure.
    if (!(next->m_flags & M_EXT)) return;
    m_move_pkthdr(next, m_);
  }
  m_ = m_free(m_);
}

std::span<const std::byte> Chain::coalesce(size_t n) {
  if (n > size() || n > MJUM16BYTES) {
    errno = EINVAL;
    return {};
  }
  errno = 0;
  if (n == 0) return {};
  m_ = m_pullup(m_, static_cast<int>(n));
  if (m_ == nullptr) return {};
  return {reinterpret_cast<const std::byte*>(m_->m_data), n};
}

int Chain::reserve(size_t n, std::span<iovec> room) {
  size_t filled = 0;
  size_t found = 0;
  auto add = [&](const mbuf* m) {
    iovec piece = RoomOf(m);
    if (piece.iov_len == 0) return;
    room[filled++] = piece;
    found += piece.iov_len;
  };
  mbuf* last = m_ == nullptr ? nullptr : LastWithData(m_);
  for (mbuf* m = last; m != nullptr && filled < room.size(); m = m->m_next) add(m);
  mbuf* fresh = nullptr;
  mbuf** link = &fresh;
  while (found < n && filled < room.size()) {
    bool first = m_ == nullptr && fresh == nullptr;
    const int flags = first ? static_cast<int>(M_PKTHDR) : 0;
    mbuf* m = last == nullptr || last->m_pool == 0
                  ? m_getcl(M_DONTWAIT, MT_DATA, flags)
                  : weir_pools_getcl(weir_pools_of(last), M_DONTWAIT, MT_DATA, flags);
    if (m == nullptr) {
      m_freem(fresh);
      return 0;
    }
    *link = m;
    link = &m->m_next;
    add(m);
  }
  if (m_ == nullptr) {
    m_ = fresh;
  } else if (fresh != nullptr) {
    m_last(m_)->m_next = fresh;
  }
  return static_cast<int>(filled);
}

bool Chain::commit(size_t n) {
  if (m_ == nullptr) return n == 0 || Fail(EINVAL);
  mbuf* last = LastWithData(m_);
  size_t room = 0;
  for (const mbuf* m = last; m != nullptr; m = m->m_next) room += OwnRoom(m);
  size_t total = size() + n;
  if (n > room || total > INT32_MAX) return Fail(EINVAL);
  mbuf* end = last;
  for (mbuf* m = last; n > 0; m = m->m_next) {
    size_t part = std::min(n, OwnRoom(m));
    m->m_len += static_cast<int32_t>(part);
    n -= part;
    end = m;
  }
  m_freem(std::exchange(end->m_next, nullptr));
  if (total == 0) {
    reset();
  } else if (m_->m_flags & M_PKTHDR) {
    m_->m_pkthdr.len = static_cast<int32_t>(total);
  }
  return true;
}

int Chain::to_iovec(std::span<iovec> out, size_t offset) const noexcept {
  size_t filled = 0;
  for (const mbuf* m = m_; m != nullptr && filled < out.size(); m = m->m_next) {
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
