// The buffer of peers that bring no header of their own: the fields of an mbuf in the places of
// an mbuf, so that every peer writes the same lines.
#ifndef WEIR_BENCH_BUFFER_H_
#define WEIR_BENCH_BUFFER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

// What a program would write in place, the compiler must not make a call of a peer's function: not
// of one and inline that of another.
#define WEIR_BENCH_INLINED [[gnu::always_inline]]

namespace weir_bench {

struct Buffer {
  Buffer* next;
  Buffer* next_packet;
  char* data;
  int32_t len;
  uint32_t flags;
  uint64_t kind;  // type, zone and so on
  struct {
    size_t len;  // bytes in the whole packet
    void* words[6];
  } packet;
  struct {
    char* buf;
    std::atomic<uint32_t>* count;  // null: one holder
    uint32_t size;
    uint32_t type;
    void* words[3];
  } ext;
  char room[112];
};
static_assert(sizeof(Buffer) == 256);

inline constexpr uint32_t kExternal = 1;
inline constexpr uint32_t kPacket = 2;
inline constexpr size_t kBlockBytes = 2048;
// The count of a shared block is at its end, on a line of its own.
inline constexpr size_t kDataBytes = kBlockBytes - 64;

inline void WriteHeader(Buffer* b, uint32_t flags, char* data) {
  b->next = nullptr;
  b->next_packet = nullptr;
  b->data = data;
  b->len = 0;
  b->flags = flags;
  b->kind = 1;
}

inline void WritePacketHeader(Buffer* b, char* block) {
  WriteHeader(b, kPacket | kExternal, block);
  b->packet = {};
  b->ext.buf = block;
  b->ext.count = nullptr;
  b->ext.size = kDataBytes;
  b->ext.type = 1;
}

// n shares b's block. The same orders as weir's reference count; no atomic increment when b is
// the only holder.
inline void ShareBlock(Buffer* b, Buffer* n) {
  if (b->ext.count == nullptr) {
    auto* count = reinterpret_cast<std::atomic<uint32_t>*>(b->ext.buf + kDataBytes);
    count->store(2, std::memory_order_relaxed);
    b->ext.count = count;
  } else if (b->ext.count->load(std::memory_order_acquire) == 1) {
    b->ext.count->store(2, std::memory_order_relaxed);
  } else {
    b->ext.count->fetch_add(1, std::memory_order_relaxed);
  }
  WriteHeader(n, b->flags, b->data);
  n->len = b->len;
  n->packet = b->packet;
  n->ext = b->ext;
}

// True if b was the block's last holder.
inline bool DropBlock(Buffer* b) {
  std::atomic<uint32_t>* count = b->ext.count;
  if (count == nullptr || count->load(std::memory_order_acquire) == 1) return true;
  if (count->fetch_sub(1, std::memory_order_release) != 1) return false;
  (void)count->load(std::memory_order_acquire);
  return true;
}

}  // namespace weir_bench

#endif  // WEIR_BENCH_BUFFER_H_
