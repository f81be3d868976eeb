// A queue of bytes in mbufs: what has arrived and is not parsed yet, or what is to be sent. Unlike
// a Chain it knows its last mbuf and its length, so that both ends cost the same at any length.
//
// Thread rule: one thread. Nothing blocks; what needs memory says false without it, and has then
// changed nothing.
#ifndef WEIR_SERVER_BYTE_QUEUE_H_
#define WEIR_SERVER_BYTE_QUEUE_H_

#include <sys/uio.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "weir/chain/chain.h"
#include "weir/chain/cursor.h"
#include "weir/chain/mbuf.h"
#include "weir/server/spares.h"

namespace weir::server {

class ByteQueue {
 public:
  // With `spares`, appending turns to them when the zones have nothing left.
  explicit ByteQueue(Spares* spares = nullptr) : spares_(spares) {}
  ByteQueue(const ByteQueue&) = delete;
  ByteQueue& operator=(const ByteQueue&) = delete;
  ~ByteQueue() { Clear(); }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  Cursor cursor() const { return Cursor(head_, size_); }
  void Clear();

  // ---- The back.
  bool Append(std::string_view bytes);
  // Takes a chain of `size` bytes; needs no memory.
  void Append(Chain chain, size_t size);
  // Takes one mbuf.
  void Push(mbuf* m);
  // Room behind the last byte that nobody else holds.
  std::span<char> TailRoom() const;
  // The first n bytes of TailRoom() have been filled.
  void ExtendTail(size_t n);

  // What was appended behind a mark can be taken back, while nothing was dropped from the front.
  struct Mark {
    mbuf* last;
    int32_t last_length;
    size_t size;
  };
  Mark mark() const { return {tail_, tail_ == nullptr ? 0 : tail_->m_len, size_}; }
  void TakeBack(const Mark& mark);

  // ---- The front.
  void Drop(size_t n);  // n <= size()
  // Moves the first n > 0 bytes out, sharing the cluster at the end; pieces that fit an mbuf are
  // copied into one instead, so that a few bytes never hold a cluster. Drops the next `trailer`
  // bytes. n + trailer <= size(). Nothing happens without memory.
  std::optional<Chain> Cut(size_t n, size_t trailer);
  // All of it.
  Chain Release();
  int ToIovec(std::span<iovec> out) const;

 private:
  mbuf* NewTail(size_t n);
  void PopHead();
  mbuf* PopWhole();
  bool AppendSmall(const char* data, size_t n);
  void AppendFront(mbuf* from, size_t n, mbuf* with);

  mbuf* head_ = nullptr;
  mbuf* tail_ = nullptr;
  size_t size_ = 0;
  Spares* spares_;
};

}  // namespace weir::server

#endif  // WEIR_SERVER_BYTE_QUEUE_H_
