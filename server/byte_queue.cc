#include "weir/server/byte_queue.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

namespace weir::server {
namespace {

size_t Length(const mbuf* m) { return static_cast<size_t>(m->m_len); }

}  // namespace

void ByteQueue::Clear() {
  m_freem(std::exchange(head_, nullptr));
  tail_ = nullptr;
  size_ = 0;
}

void ByteQueue::Push(mbuf* m) {
  (tail_ == nullptr ? head_ : tail_->m_next) = m;
  tail_ = m;
  size_ += Length(m);
}

// For n bytes, and what may follow.
mbuf* ByteQueue::NewTail(size_t n) {
  // A line between clusters that are shared needs no cluster; a row of small replies does, once it
  // has filled an mbuf.
  bool few = n <= MLEN && (tail_ == nullptr || !M_WRITABLE(tail_));
  mbuf* m = few ? m_get(M_DONTWAIT, MT_DATA) : m_getcl(M_DONTWAIT, MT_DATA, 0);
  if (m == nullptr && spares_ != nullptr) m = spares_->Take();
  if (m != nullptr) Push(m);
  return m;
}

std::span<char> ByteQueue::TailRoom() const {
  if (tail_ == nullptr) return {};
  return {tail_->m_data + tail_->m_len, static_cast<size_t>(M_TRAILINGSPACE(tail_))};
}

void ByteQueue::ExtendTail(size_t n) {
  tail_->m_len += static_cast<int32_t>(n);
  size_ += n;
}

bool ByteQueue::Append(std::string_view bytes) {
  Mark before = mark();
  for (std::span<char> room = TailRoom();; room = TailRoom()) {
    size_t n = std::min(room.size(), bytes.size());
    if (n > 0) {
      std::memcpy(room.data(), bytes.data(), n);
      ExtendTail(n);
      bytes.remove_prefix(n);
    }
    if (bytes.empty()) return true;
    if (NewTail(bytes.size()) == nullptr) {
      TakeBack(before);
      return false;
    }
  }
}

void ByteQueue::Append(Chain chain, size_t size) {
  mbuf* m = chain.release();
  if (m == nullptr) return;
  (tail_ == nullptr ? head_ : tail_->m_next) = m;
  tail_ = m_last(m);
  size_ += size;
}

void ByteQueue::TakeBack(const Mark& mark) {
  if (mark.last == nullptr) return Clear();
  m_freem(std::exchange(mark.last->m_next, nullptr));
  tail_ = mark.last;
  tail_->m_len = mark.last_length;
  size_ = mark.size;
}

void ByteQueue::PopHead() {
  head_ = m_free(head_);
  if (head_ == nullptr) tail_ = nullptr;
}

void ByteQueue::Drop(size_t n) {
  size_ -= n;
  while (n > 0 && n >= Length(head_)) {
    n -= Length(head_);
    PopHead();
  }
  if (n > 0) {
    head_->m_data += n;
    head_->m_len -= static_cast<int32_t>(n);
  }
  // Whoever is idle holds no memory.
  if (size_ == 0) Clear();
}

mbuf* ByteQueue::PopWhole() {
  mbuf* m = head_;
  size_ -= Length(m);
  head_ = std::exchange(m->m_next, nullptr);
  if (head_ == nullptr) tail_ = nullptr;
  return m;
}

bool ByteQueue::AppendSmall(const char* data, size_t n) {
  bool fits = tail_ != nullptr && !(tail_->m_flags & M_EXT) && TailRoom().size() >= n;
  if (!fits) {
    mbuf* m = m_get(M_DONTWAIT, MT_DATA);
    if (m == nullptr) return false;
    Push(m);
  }
  std::memcpy(TailRoom().data(), data, n);
  ExtendTail(n);
  return true;
}

void ByteQueue::AppendFront(mbuf* from, size_t n, mbuf* with) {
  if (m_extshare(from, with) != 0) std::memcpy(with->m_data, from->m_data, n);  // not external
  with->m_len = static_cast<int32_t>(n);
  Push(with);
}

std::optional<Chain> ByteQueue::Cut(size_t n, size_t trailer) {
  // All that can fail comes first: the mbuf for a last piece that shares its cluster.
  mbuf* last = m_get(M_DONTWAIT, MT_DATA);
  if (last == nullptr) return std::nullopt;
  if (size_ == n + trailer && Length(tail_) > trailer) {
    // Nothing follows: the last mbuf can go as a whole.
    tail_->m_len -= static_cast<int32_t>(trailer);
    size_ -= std::exchange(trailer, 0);
  }
  ByteQueue out;
  while (n > 0) {
    size_t piece = std::min(n, Length(head_));
    bool small = piece <= MLEN && (head_->m_flags & M_EXT);
    if (small && out.AppendSmall(head_->m_data, piece)) {
      Drop(piece);
    } else if (piece == Length(head_)) {
      out.Push(PopWhole());
    } else {
      out.AppendFront(head_, piece, std::exchange(last, nullptr));
      Drop(piece);
    }
    n -= piece;
  }
  m_free(last);
  Drop(trailer);
  return out.Release();
}

Chain ByteQueue::Release() {
  tail_ = nullptr;
  size_ = 0;
  return Chain::adopt(std::exchange(head_, nullptr));
}

int ByteQueue::ToIovec(std::span<iovec> out) const {
  size_t filled = 0;
  for (const mbuf* m = head_; m != nullptr && filled < out.size(); m = m->m_next) {
    if (m->m_len > 0) out[filled++] = {m->m_data, Length(m)};
  }
  return static_cast<int>(filled);
}

}  // namespace weir::server
