// Operations that change a chain.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "tests/chain_cxx_ops.h"
#include "tests/chain_pieces.h"
#include "weir/chain/endian.h"

namespace weir {
namespace {

struct Udp {
  BigEndian<uint16_t> from, to, length, checksum;
};
struct Odd {
  unsigned char bytes[13];
};

const char* Chars(const void* p) { return static_cast<const char*>(p); }

}  // namespace

void ChainCxxOps::FillWritable() {
  Held held = Take();
  NoteSizes("writable");
  auto writable = held.chain.writable();
  auto piece = writable.begin();
  size_t at = 0;
  bool all = true;
  for (const mbuf* m = held.chain.get(); m != nullptr; m = m->m_next) {
    size_t len = static_cast<size_t>(m->m_len);
    if (len > 0 && !M_WRITABLE(m)) all = false;
    if (len > 0 && M_WRITABLE(m)) {
      Expect(piece != writable.end(), "a piece");
      std::span<std::byte> bytes = *piece++;
      Expect(Chars(bytes.data()) == m->m_data && bytes.size() == len, "what may be written");
      const char* data = RandomBytes(source_, m->m_len);
      std::memcpy(bytes.data(), data, len);
      std::copy(data, data + len, held.flat.bytes.begin() + static_cast<long>(at));
    }
    at += len;
  }
  Expect(piece == writable.end(), "no more pieces");
  Expect(held.chain.is_writable() == all, "is_writable");
  Put(std::move(held));
}

void ChainCxxOps::OverwriteBytes() {
  Held held = Take();
  size_t size = held.flat.bytes.size();
  size_t at = Amount(size);
  std::string_view text = Text(static_cast<int>(at <= size ? size - at : size));
  if (source_->OneIn(16)) text = {text.data(), text.size() + 1};
  uint32_t header = source_->Below(8);
  if (header == 6) text = {text.data(), sizeof(Udp)};
  if (header == 7) text = {text.data(), sizeof(Odd)};
  NoteSizes("overwrite", at, text.size());
  bool done;
  {
    Armed armed(this);
    if (header == 6) {
      Udp udp;
      std::memcpy(static_cast<void*>(&udp), text.data(), sizeof udp);
      done = held.chain.overwrite_header(udp, at);
    } else if (header == 7) {
      Odd odd;
      std::memcpy(&odd, text.data(), sizeof odd);
      done = held.chain.overwrite_header(odd, at);
    } else {
      done = held.chain.overwrite(at, std::as_bytes(std::span(text)));
    }
  }
  bool right = at <= size && text.size() <= size - at;
  if (done) {
    Expect(right, "EINVAL");
    std::copy(text.begin(), text.end(), held.flat.bytes.begin() + static_cast<long>(at));
  } else {
    ExpectFailure(right, errno);
  }
  Put(std::move(held));
}

// Typed headers in front, and one anywhere.
void ChainCxxOps::Headers() {
  Held held = Take();
  size_t size = held.flat.bytes.size();
  const char* data = held.flat.bytes.data();
  uint32_t what = source_->Below(3);
  size_t at = what == 0 ? Amount(size) : 0;
  NoteSizes("header", what, at);
  errno = 99;
  if (what == 0) {
    auto odd = held.chain.get_header<Odd>(at);
    Expect(odd.has_value() == (at <= size && sizeof(Odd) <= size - at), "a header");
    if (odd) {
      Expect(std::memcmp(&*odd, data + at, sizeof *odd) == 0, "its bytes");
    } else {
      Expect(errno == EINVAL, "EINVAL");
    }
  } else if (what == 1) {
    auto udp = held.chain.take_header<Udp>();
    Expect(udp.has_value() == (size >= sizeof(Udp)), "a header");
    if (!udp) {
      Expect(errno == EINVAL, "EINVAL");
      return Put(std::move(held));
    }
    Expect(std::memcmp(&*udp, data, sizeof *udp) == 0, "its bytes");
    held.flat.RemoveHead(sizeof *udp);
    if (held.chain.get() == nullptr) held.flat = Flat();
    MayLoseFirstMark(&held);
  } else {
    Udp udp{static_cast<uint16_t>(source_->Below(1 << 16)), 2, 3, 4};
    bool done;
    {
      Armed armed(this);
      done = held.chain.prepend_header(udp);
    }
    if (done) {
      held.flat.InsertHead(Chars(&udp), sizeof udp);
      MayBePacket(&held);
    } else {
      ExpectFailure(true, errno);
    }
  }
  Put(std::move(held));
}

void ChainCxxOps::AppendChain() {
  Held held = Take();
  Held tail = Take();
  NoteSizes("append chain", held.flat.bytes.size(), tail.flat.bytes.size());
  if (source_->OneIn(16)) {
    Chain& self = held.chain;
    Expect(!held.chain.append(std::move(self)) && errno == EINVAL, "EINVAL");
  }
  bool done;
  {
    Armed armed(this);
    done = held.chain.append(std::move(tail.chain));
  }
  Expect(done && tail.chain.get() == nullptr, "success");
  if (held.flat.Size() == 0) {
    held.flat = std::move(tail.flat);
  } else if (tail.flat.Size() > 0) {
    held.flat.Append(tail.flat);
  }
  Put(std::move(held));
}

void ChainCxxOps::AppendBytes() {
  Held held = Take();
  std::string_view text = Text(source_->OneIn(8) ? 30000 : 3000);
  bool huge = source_->OneIn(32);
  if (huge) text = {text.data(), size_t{INT32_MAX} + 1};
  bool as_span = source_->Below(2) == 1;
  NoteSizes("append", text.size());
  bool done;
  {
    Armed armed(this);
    done = as_span ? held.chain.append(std::as_bytes(std::span(text))) : held.chain.append(text);
  }
  if (!done && huge) {
    Expect(errno == EMSGSIZE, "EMSGSIZE");
  } else if (!done) {
    ExpectFailure(true, errno);
  } else {
    Expect(!huge, "EMSGSIZE");
    held.flat.bytes.insert(held.flat.bytes.end(), text.begin(), text.end());
    MayBePacket(&held);
  }
  Put(std::move(held));
}

void ChainCxxOps::PrependRoom() {
  Held held = Take();
  size_t n = source_->OneIn(8) ? Amount(MJUM16BYTES) : static_cast<size_t>(source_->Length(300));
  NoteSizes("prepend", n);
  std::span<std::byte> room;
  errno = 99;
  {
    Armed armed(this);
    room = held.chain.prepend(n);
  }
  if (room.empty() && n == 0) {
    Expect(errno == 0, "errno 0");
  } else if (room.empty() && n > MJUM16BYTES) {
    Expect(errno == EMSGSIZE, "EMSGSIZE");
  } else if (room.empty()) {
    ExpectFailure(true, errno);
  } else {
    Expect(room.size() == n && n <= MJUM16BYTES, "the room");
    const char* data = RandomBytes(source_, static_cast<int>(n));
    std::memcpy(room.data(), data, n);
    held.flat.InsertHead(data, static_cast<int>(n));
    MayBePacket(&held);
  }
  Put(std::move(held));
}

void ChainCxxOps::TrimFront() {
  Held held = Take();
  size_t size = held.flat.bytes.size();
  size_t n = Amount(size);
  NoteSizes("trim_front", n);
  errno = 99;
  bool done;
  {
    Armed armed(this);
    done = held.chain.trim_front(n);
  }
  Expect(done == (n <= size) && (done || errno == EINVAL), "success, or EINVAL");
  if (done && n > 0) {
    held.flat.RemoveHead(static_cast<int>(n));
    const mbuf* m = held.chain.get();
    Expect((m == nullptr) == (n == size), "what was emptied given back");
    if (m == nullptr) held.flat = Flat();
    if (m != nullptr && m->m_len == 0) {
      Expect(held.flat.packet && !(m->m_next->m_flags & M_EXT), "a place for the header");
    }
    MayLoseFirstMark(&held);
  }
  Put(std::move(held));
}

void ChainCxxOps::TrimBack() {
  Held held = Take();
  size_t size = held.flat.bytes.size();
  size_t n = Amount(size);
  NoteSizes("trim_back", n);
  errno = 99;
  bool done = held.chain.trim_back(n);
  Expect(done == (n <= size) && (done || errno == EINVAL), "success, or EINVAL");
  if (done && n > 0) held.flat.RemoveTail(static_cast<int>(n));
  Put(std::move(held));
}

void ChainCxxOps::Coalesce() {
  Held held = Take();
  size_t size = held.flat.bytes.size();
  size_t n = Amount(std::min<size_t>(size, MJUM16BYTES + 2));
  NoteSizes("coalesce", n);
  const mbuf* m = held.chain.get();
  size_t had = m == nullptr ? 0 : static_cast<size_t>(m->m_len);
  std::span<const std::byte> bytes;
  errno = 99;
  {
    Armed armed(this);
    bytes = held.chain.coalesce(n);
  }
  if (bytes.empty()) {
    bool right = n <= size && n <= MJUM16BYTES;
    if (n == 0) {
      Expect(errno == 0, "errno 0");
    } else {
      ExpectFailure(right, errno);
    }
    return Put(std::move(held));
  }
  Expect(bytes.size() == n && n <= size && n <= MJUM16BYTES, "as many bytes");
  Expect(Chars(bytes.data()) == held.chain.get()->m_data, "the first bytes");
  if (n > had) held.flat.MergeMarks(held.chain.get()->m_len);
  Put(std::move(held));
}

}  // namespace weir
