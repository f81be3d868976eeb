// What looks at a chain: its own functions, pieces for system calls, and Cursor.
#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <utility>

#include "tests/chain_cxx_ops.h"
#include "tests/chain_pieces.h"
#include "weir/chain/asio.h"

namespace weir {
namespace {

std::string_view View(const Flat& flat) { return {flat.bytes.data(), flat.bytes.size()}; }
std::string_view View(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
std::span<const std::byte> Bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string Joined(std::span<const iovec> pieces) {
  std::string text;
  for (const iovec& piece : pieces) {
    text.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
  }
  return text;
}

// What the first `entries` pieces from `offset` on hold.
std::string FirstPieces(const mbuf* m, size_t offset, size_t entries) {
  std::string text;
  for (; m != nullptr && entries > 0; m = m->m_next) {
    size_t len = static_cast<size_t>(m->m_len);
    if (offset < len) {
      text.append(m->m_data + offset, len - offset);
      --entries;
    }
    offset -= std::min(offset, len);
  }
  return text;
}

// The text in up to four mbufs, that leave no room for each other.
Chain Apart(ByteSource* source, std::string_view text) {
  Chain chain;
  for (int i = 0; i < 4 && !text.empty(); ++i) {
    int part = source->Length(static_cast<int>(text.size()));
    std::string_view bytes = text.substr(0, i == 3 ? text.size() : static_cast<size_t>(part));
    text.remove_prefix(bytes.size());
    if (!chain.append(Chain::from_container(std::string(bytes)))) abort();
  }
  return chain;
}

template <typename T>
T Integral(std::string_view text, bool big) {
  uint64_t value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) {
    size_t at = big ? i : sizeof(T) - 1 - i;
    value = value << 8 | static_cast<uint8_t>(text[at]);
  }
  return static_cast<T>(value);
}

// read_be and its kin of a T, with `text` ahead.
template <typename T>
bool Integers(Cursor* in, std::string_view text, bool big) {
  auto seen = big ? in->peek_be<T>() : in->peek_le<T>();
  auto got = big ? in->read_be<T>() : in->read_le<T>();
  if (seen != got || got.has_value() != (text.size() >= sizeof(T))) return false;
  return !got || *got == Integral<T>(text, big);
}

}  // namespace

void ChainCxxOps::Inspect() {
  Held held = Take();
  const Chain& chain = held.chain;
  const std::string_view text = View(held.flat);
  size_t at = Amount(text.size());
  size_t n = Amount(at <= text.size() ? text.size() - at : text.size());
  NoteSizes("inspect", at, n);
  Expect(chain.size() == text.size() && chain.empty() == text.empty(), "its size");
  Expect((chain.packet_header() != nullptr) == held.flat.packet, "its header");
  Expect(chain.to_string() == text, "to_string");
  size_t pieces = 0;
  std::string joined;
  for (std::span<const std::byte> piece : chain) {
    Expect(!piece.empty(), "no empty piece");
    joined += View(piece);
    ++pieces;
  }
  Expect(joined == text && pieces == chain.segments(), "its pieces");

  bool right = at <= text.size() && n <= text.size() - at;
  std::string to(std::min<size_t>(n, 2 * kMaxSize), '.');
  if (to.size() == n) {
    errno = 99;
    Expect(chain.copy_to(std::as_writable_bytes(std::span(to)), at) == right, "copy_to");
    if (right) Expect(to == text.substr(at, n), "the bytes");
    if (!right) Expect(errno == EINVAL && to == std::string(n, '.'), "EINVAL, and none copied");
  }

  std::string other(text.substr(0, n));
  if (!other.empty() && source_->OneIn(2)) other.back() = static_cast<char>(other.back() ^ 1);
  if (source_->OneIn(8)) other += 'x';
  bool starts = text.substr(0, other.size()) == other;
  Expect(chain.starts_with(other) == starts, "starts_with");
  Expect(chain.starts_with(Bytes(other)) == starts, "starts_with of bytes");
  Expect(chain.equals(other) == (text == other), "equals");
  Expect(chain.equals(Bytes(other)) == (text == other), "equals of bytes");
  Expect(chain.equals(text) && chain.equals(chain), "itself");
  Expect(chain.equals(Apart(source_, text)), "equals of chains");
  if (!text.empty()) {
    other = text;
    other[source_->Below(static_cast<uint32_t>(other.size()))] ^= 1;
    Expect(!chain.equals(Apart(source_, other)), "another byte");
  }
  Put(std::move(held));
}

void ChainCxxOps::ReadPieces() {
  Held held = Take();
  const Chain& chain = held.chain;
  const std::string_view text = View(held.flat);
  size_t at = Amount(text.size());
  std::vector<iovec> out(source_->OneIn(4) ? 100 : source_->Below(4));
  NoteSizes("to_iovec", at, out.size());
  int n = chain.to_iovec(out, at);
  std::string want = FirstPieces(chain.get(), at, out.size());
  Expect(n >= 0 && static_cast<size_t>(n) <= out.size(), "no more entries");
  Expect(Joined(std::span(out).first(static_cast<size_t>(n))) == want, "to_iovec");
  Cursor in(chain);
  if (in.skip(at)) {
    std::vector<iovec> same(out.size());
    Expect(in.to_iovec(same) == n, "as many entries");
    Expect(Joined(std::span(same).first(static_cast<size_t>(n))) == want, "Cursor::to_iovec");
  } else {
    Expect(at > text.size(), "to go there");
  }
  std::string joined;
  auto buffers = const_buffers(chain);
  for (boost::asio::const_buffer buffer : buffers) {
    joined.append(static_cast<const char*>(buffer.data()), buffer.size());
  }
  Expect(joined == text, "const_buffers");
  Expect(boost::asio::buffer_size(buffers) == text.size(), "their size");
  Put(std::move(held));
}

void ChainCxxOps::ReadOnce(Cursor* in, std::string_view text) {
  size_t n = source_->Below(2) ? source_->Below(10) : Amount(text.size());
  bool right = n <= text.size();
  std::string to(right ? n : text.size() + 1, '.');
  bool big = source_->Below(2) == 1;
  switch (uint32_t what = source_->Below(11)) {
    case 0:
      return Expect(in->skip(n) == right, "skip");
    case 1: {
      auto seen = in->peek();
      Expect(seen == in->read() && seen.has_value() == !text.empty(), "a byte");
      return Expect(!seen || static_cast<char>(*seen) == text[0], "that byte");
    }
    case 2:
    case 3: {
      auto bytes = std::as_writable_bytes(std::span(to));
      Expect((what == 2 ? in->read(bytes) : in->peek(bytes)) == right, "read");
      return Expect(to == (right ? text.substr(0, n) : std::string(to.size(), '.')), "the bytes");
    }
    case 4: {
      std::string more = "before";
      Expect(in->read_to(more, n) == right, "read_to");
      return Expect(more == "before" + std::string(right ? text.substr(0, n) : ""), "the bytes");
    }
    case 5: {
      size_t together = in->contiguous().size();
      auto view = in->view(n);
      Expect(view.has_value() == (n <= together), "view");
      return Expect(!view || *view == text.substr(0, n), "the bytes");
    }
    case 6:
      return Expect(Integers<uint8_t>(in, text, big), "a byte");
    case 7:
      return Expect(Integers<int16_t>(in, text, big), "16 bits");
    case 8:
      return Expect(Integers<uint32_t>(in, text, big), "32 bits");
    case 9:
      return Expect(Integers<int64_t>(in, text, big), "64 bits");
    default: {
      std::string_view piece = View(in->contiguous());
      Expect(piece.empty() == text.empty(), "contiguous bytes");
      return Expect(text.substr(0, piece.size()) == piece, "the bytes");
    }
  }
}

void ChainCxxOps::ReadWithCursor() {
  Held held = Take();
  std::string_view text = View(held.flat);
  bool part = source_->OneIn(4);
  if (part) text = text.substr(0, static_cast<size_t>(source_->Length(held.flat.Size())));
  NoteSizes("cursor", text.size(), part);
  Cursor in = part ? Cursor(held.chain.get(), text.size()) : Cursor(held.chain);
  Cursor bookmark;
  for (uint32_t n = source_->Below(12); n > 0; --n) {
    Expect(in.position() + in.remaining() == text.size(), "its place");
    Expect(in.at_end() == (in.remaining() == 0), "at_end");
    if (source_->OneIn(8)) std::swap(in, bookmark);
    if (in.position() + in.remaining() != text.size()) in = Cursor(held.chain.get(), text.size());
    size_t before = in.position();
    ReadOnce(&in, text.substr(before));
    Expect(in.position() >= before, "no way back");
  }
  Put(std::move(held));
}

void ChainCxxOps::Find() {
  Held held = Take();
  if (source_->Below(2)) {  // a text that is like itself in many places
    Put(std::move(held));
    std::string letters(static_cast<size_t>(source_->Length(100)), 'a');
    for (char& letter : letters) letter = static_cast<char>(letter + source_->Below(2));
    held.chain = Apart(source_, letters);
    held.flat = Flat();
    held.flat.bytes.assign(letters.begin(), letters.end());
    MayBePacket(&held);
  }
  const std::string_view text = View(held.flat);
  size_t at = static_cast<size_t>(source_->Length(held.flat.Size()));
  size_t from = source_->Below(2) ? 0 : Amount(text.size() - at);
  Cursor in(held.chain);
  Expect(in.skip(at), "skip");
  const std::string_view ahead = text.substr(at);
  // Mostly a pattern that is there; or nearly.
  size_t where = static_cast<size_t>(source_->Length(held.flat.Size()));
  std::string pattern(text.substr(where, source_->Below(6)));
  if (!pattern.empty() && source_->OneIn(4)) pattern.back() = static_cast<char>(source_->Byte());
  NoteSizes("find", from, pattern.size());
  auto want = [&](size_t found) -> std::optional<size_t> {
    if (found == std::string_view::npos) return std::nullopt;
    return found;
  };
  Expect(in.find(pattern, from) == want(ahead.find(pattern, from)), "where it begins");
  char one = pattern.empty() ? 'x' : pattern[0];
  Expect(in.find(one, from) == want(ahead.find(one, from)), "where the byte is");
  Expect(in.find(static_cast<std::byte>(one), from) == in.find(one, from), "the same");
  Expect(in.position() == at, "nothing moved");
  Put(std::move(held));
}

}  // namespace weir
