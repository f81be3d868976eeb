#include "weir/chain/writer.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include "weir/chain/weir.h"

namespace weir {
namespace {

// Data behind M_EOR would move the mark.
size_t RoomBehind(const mbuf* m) {
  if (m == nullptr || (m->m_flags & M_EOR)) return 0;
  return static_cast<size_t>(M_TRAILINGSPACE(m));
}

mbuf* Get(weir_pools* pools, size_t size, uint32_t flags) {
  auto get = [&](size_t n) {
    return weir_pools_get2(pools, static_cast<int>(n), M_DONTWAIT, MT_DATA,
                           static_cast<int>(flags));
  };
  mbuf* m = get(std::min<size_t>(size, MJUM16BYTES));
  return m == nullptr && size > MCLBYTES ? get(MCLBYTES) : m;
}

}  // namespace

Writer::Writer(Chain& chain, size_t expected) noexcept
    : chain_(chain),
      tail_(m_last(chain.get())),
      start_(chain.size()),
      expected_(expected),
      owned_nothing_(chain.get() == nullptr) {}

bool Writer::fail(int error) noexcept {
  if (error_ == 0) error_ = error;
  errno = error_;
  return false;
}

void Writer::count(size_t n) noexcept {
  size_ += n;
  if (auto* header = chain_.packet_header()) header->len = static_cast<int32_t>(start_ + size_);
}

// Adds mbufs with `missing` bytes of room, to be filled at once; tail_ stays where it is unless
// there was none. False with errno, and nothing has changed.
bool Writer::grow(size_t missing) noexcept {
  weir_pools* pools = tail_ == nullptr ? weir_pools_default() : weir_pools_of(tail_);
  size_t want = std::max(missing, expected_ > size_ ? expected_ - size_ : 0);
  // Who has filled one buffer and does not say how much there will be gets a cluster; not so a few
  // bytes behind what is shared.
  if (expected_ == 0 && tail_ != nullptr && M_WRITABLE(tail_)) {
    want = std::max<size_t>(want, MLEN + 1);
  }
  mbuf* fresh = nullptr;
  mbuf** link = &fresh;
  for (size_t found = 0; found < missing; link = &(*link)->m_next) {
    const bool first = tail_ == nullptr && fresh == nullptr;
    *link = Get(pools, want - std::min(found, want - 1), first ? M_PKTHDR : 0);
    if (*link == nullptr) {
      const int error = errno;
      m_freem(fresh);
      errno = error;
      return false;
    }
    found += RoomBehind(*link);
  }
  if (tail_ == nullptr) {
    chain_ = Chain::adopt(fresh);
    tail_ = fresh;
  } else {
    tail_->m_next = fresh;
  }
  return true;
}

bool Writer::put(const void* from, size_t n) noexcept {
  if (error_ != 0) return fail(error_);
  if (n > INT32_MAX - start_ - size_) return fail(EMSGSIZE);
  size_t room = RoomBehind(tail_);
  if (room < n) {
    const bool first = tail_ == nullptr;
    if (!grow(n - room)) return fail(errno);
    if (first) room = RoomBehind(tail_);
  }
  const char* source = static_cast<const char*>(from);
  for (size_t left = n; left > 0;) {
    const size_t part = std::min(left, room);
    char* to = tail_->m_data + tail_->m_len;
    if (source != nullptr) {
      std::memcpy(to, source, part);
      source += part;
    } else {
      std::memset(to, 0, part);
    }
    tail_->m_len += static_cast<int32_t>(part);
    left -= part;
    if (left == 0) break;
    tail_ = tail_->m_next;
    room = RoomBehind(tail_);
  }
  count(n);
  return true;
}

bool Writer::append(Chain&& tail) noexcept {
  if (error_ != 0) return fail(error_);
  const size_t more = tail.size();
  if (&tail == &chain_) return fail(EINVAL);
  if (more > INT32_MAX - start_ - size_) return fail(EMSGSIZE);
  if (more == 0) {
    tail.clear();
    return true;
  }
  if (tail_ == nullptr) {
    chain_ = std::move(tail);
    tail_ = chain_.get();
  } else {
    m_cat(tail_, tail.release());
  }
  tail_ = m_last(tail_);
  count(more);
  return true;
}

bool Writer::overwrite(size_t position, mbuf* m, int offset,
                       std::span<const std::byte> bytes) noexcept {
  if (error_ != 0) return fail(error_);
  const int n = static_cast<int>(bytes.size());
  if (m != nullptr && M_WRITABLE(m) && offset + n <= m->m_len) {
    std::memcpy(m->m_data + offset, bytes.data(), bytes.size());
    return true;
  }
  const int at = static_cast<int>(start_ + position);
  if (int error = m_copyback(chain_.get(), at, n, bytes.data()); error != 0) return fail(error);
  tail_ = m_last(tail_);  // a copy of a part may have cut it in two
  return true;
}

void Writer::undo() noexcept {
  if (owned_nothing_) {
    chain_.clear();
  } else {
    // A tail trim alone would let the records that end in what goes away end in what stays.
    size_t at = 0;
    for (mbuf* m = chain_.get(); m != nullptr; m = m->m_next) {
      at += static_cast<size_t>(m->m_len);
      if (at > start_) m->m_flags &= ~M_EOR;
    }
    chain_.trim_back(size_);
  }
  tail_ = nullptr;
  size_ = 0;
  if (error_ == 0) error_ = ECANCELED;
}

}  // namespace weir
