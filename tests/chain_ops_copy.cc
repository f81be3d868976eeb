// Operations that copy or read.
#include "tests/chain_ops.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "tests/chain_pieces.h"

namespace weir {
namespace {

// Whether a record ends with byte at - 1, that being the last one of an mbuf.
bool EndsRecord(const mbuf* m, int at) {
  for (; m != nullptr && m->m_len < at; m = m->m_next) at -= m->m_len;
  return m != nullptr && m->m_len == at && (m->m_flags & M_EOR);
}

}  // namespace

Flat ChainOps::Copied(const Flat& from, const mbuf* m, int off, int range, bool all) {
  Flat flat = off == 0 && from.packet ? from.Header() : Flat();
  flat.Append(from.Range(off, range));
  if (off == 0 && from.HasMark(0)) flat.AddMark(0);
  int size = from.Size();
  bool end = all ? from.HasMark(size) && (range > 0 || off == 0) : EndsRecord(m, off + range);
  if (end) flat.AddMark(range);
  return flat;
}

void ChainOps::Copy() { CopyRange(false); }
void ChainOps::DeepCopy() { CopyRange(true); }

void ChainOps::CopyRange(bool deep) {
  Live& live = Pick();
  int size = live.flat.Size();
  int off = source_->Below(3) == 0 ? 0 : Argument(size);
  bool all = source_->OneIn(4);
  int len = all ? M_COPYALL : Argument(off >= 0 && off <= size ? size - off : size);
  Note(deep ? "copym2" : "copym", off, len);
  bool right = off >= 0 && off <= size && (all || (len >= 0 && len <= size - off));
  int range = !right ? 0 : all ? size - off : len;
  bool header = right && off == 0 && live.flat.packet;
  errno = 99;
  mbuf* m;
  {
    Armed armed(this);
    m = (deep ? m_copym2 : m_copym)(live.m, off, len, M_DONTWAIT);
  }
  if (m == nullptr) {
    if (right && range == 0 && !(all && header)) {
      Expect(errno == 0, "errno 0");
    } else {
      ExpectFailure(right, errno);
    }
    return;
  }
  Expect(right && (range > 0 || (all && header)), "a failure");
  for (const mbuf* i = deep ? m : nullptr; i != nullptr; i = i->m_next) {
    Expect(M_WRITABLE(i), "a writable copy");
  }
  Add(m, Copied(live.flat, live.m, off, range, all));
}

void ChainOps::CopyPacket() {
  Live& live = Pick();
  Note("copypacket");
  mbuf* m;
  {
    Armed armed(this);
    m = m_copypacket(live.m, M_DONTWAIT);
  }
  if (m == nullptr) return ExpectFailure(live.flat.packet, errno);
  Expect(live.flat.packet, "EINVAL");
  Add(m, Flat(live.flat));
}

void ChainOps::Dup() {
  Live& live = Pick();
  Note("dup");
  mbuf* m;
  {
    Armed armed(this);
    m = m_dup(live.m, M_DONTWAIT);
  }
  if (m == nullptr) return ExpectFailure(true, errno);
  for (const mbuf* i = m; i != nullptr; i = i->m_next) Expect(M_WRITABLE(i), "a writable copy");
  Add(m, Flat(live.flat));
}

void ChainOps::DupPkt() {
  Live& live = Pick();
  int adj = source_->Length(source_->OneIn(8) ? MJUM16BYTES + 1 : 200);
  Note("dup_pkt", adj);
  mbuf* m;
  {
    Armed armed(this);
    m = m_dup_pkt(live.m, static_cast<unsigned>(adj), M_DONTWAIT);
  }
  bool fits = live.flat.Size() + adj <= MJUM16BYTES;
  if (m == nullptr) {
    if (live.flat.packet && !fits) return Expect(errno == EMSGSIZE, "EMSGSIZE");
    return ExpectFailure(live.flat.packet, errno);
  }
  Expect(live.flat.packet && fits, "a failure");
  Expect(m->m_next == nullptr && M_LEADINGSPACE(m) == adj, "one buffer with room in front");
  Flat flat = live.flat;
  flat.MergeMarks(-1, flat.Size());
  Add(m, std::move(flat));
}

void ChainOps::CopyData() {
  Live& live = Pick();
  int size = live.flat.Size();
  int off = Argument(size);
  int len = Argument(off >= 0 && off <= size ? size - off : size);
  Note("copydata", off, len);
  std::vector<char> to(static_cast<size_t>(std::clamp(len, 0, size)), '.');
  if (m_copydata(live.m, off, len, to.data()) != 0) {
    Expect(off < 0 || len < 0 || int64_t{off} + len > size, "success");
    Expect(std::all_of(to.begin(), to.end(), [](char c) { return c == '.'; }), "buffer untouched");
  } else {
    Expect(off >= 0 && len >= 0 && int64_t{off} + len <= size, "EINVAL");
    Expect(std::equal(to.begin(), to.end(), live.flat.bytes.begin() + off), "the bytes");
  }
}

void ChainOps::Look() {
  Live& live = Pick();
  int size = live.flat.Size();
  int off = Argument(size);
  int len = Argument(off >= 0 && off <= size ? size - off : size);
  Note("look", off, len);
  auto compare = [](void* arg, void* data, unsigned n) {
    const char*& at = *static_cast<const char**>(arg);
    int different = memcmp(at, data, n);
    at += n;
    return different != 0 ? -1 : 0;
  };
  bool right = off >= 0 && len >= 0 && int64_t{off} + len <= size;
  const char* at = live.flat.bytes.data() + (right ? off : 0);
  Expect(m_apply(live.m, off, len, compare, &at) == (right ? 0 : EINVAL), "m_apply's result");
  if (right) Expect(at == live.flat.bytes.data() + off + len, "the whole range");
  int where = 0;
  const mbuf* m = m_getptr(live.m, off, &where);
  Expect((m != nullptr) == (off >= 0 && off <= size), "m_getptr's result");
  if (m != nullptr && off < size) {
    Expect(m->m_data[where] == live.flat.bytes[static_cast<size_t>(off)], "the byte");
  }
  Expect(m_length(live.m, nullptr) == static_cast<unsigned>(size), "m_length");
  Expect(m_fixhdr(live.m) == static_cast<unsigned>(size), "m_fixhdr");
}

void ChainOps::DevGet() {
  bool trailer = source_->OneIn(4);
  int len = source_->OneIn(16) ? Argument(3000) : source_->Length(5000);
  int off =
      source_->OneIn(16) ? Argument(MHLEN) : source_->Length(trailer ? std::max(len, 1) : MHLEN);
  Note(trailer ? "devget_trailer" : "devget", len, off);
  char* buf = const_cast<char*>(RandomBytes(source_, 5000));
  int skip = trailer && off > 0 ? 4 : 0;
  bool right =
      off >= 0 && len > skip && (trailer ? off <= len - skip : off <= MHLEN) && len <= 5000;
  if (len > 5000) return;  // nothing to read from
  mbuf* m;
  auto hook = [](const void* from, void* to, size_t n) { memcpy(to, from, n); };
  void (*copy)(const void*, void*, size_t) = source_->Below(2) ? +hook : nullptr;
  {
    Armed armed(this);
    m = (trailer ? m_devget_trailer : m_devget)(buf, len, off, nullptr, copy);
  }
  if (m == nullptr) return ExpectFailure(right, errno);
  Expect(right, "EINVAL");
  if (!trailer) Expect(M_LEADINGSPACE(m) == off, "the offset");
  Flat flat;
  flat.packet = true;
  flat.bytes.assign(buf + (trailer ? off + skip : 0), buf + len);
  if (trailer) flat.bytes.insert(flat.bytes.end(), buf, buf + off);
  Add(m, std::move(flat));
}

}  // namespace weir
