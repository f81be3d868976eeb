// Room, scattered memory, and mchains.
#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

#include "tests/chain_ops.h"
#include "tests/chain_pieces.h"

namespace weir {
namespace {

// [buf, buf + size) in up to four pieces.
std::vector<iovec> Scatter(ByteSource* source, char* buf, int size) {
  std::vector<iovec> pieces;
  for (int i = 0; i < 3; ++i) {
    int len = source->Length(size);
    pieces.push_back({buf, static_cast<size_t>(len)});
    buf += len;
    size -= len;
  }
  pieces.push_back({buf, static_cast<size_t>(size)});
  return pieces;
}

uio Over(std::vector<iovec>* pieces) {
  uio u = {};
  u.uio_iov = pieces->data();
  u.uio_iovcnt = static_cast<int>(pieces->size());
  for (const iovec& piece : *pieces) u.uio_resid += static_cast<ssize_t>(piece.iov_len);
  return u;
}

}  // namespace

void ChainOps::GetRoom() {
  Live& live = Pick();
  int len = source_->OneIn(16) ? Argument(40000) : source_->Length(5000);
  if (len > 2 * kMaxSize) return;
  bool mark = source_->OneIn(8);
  Note("getm2", len, mark);
  mbuf* last = m_last(live.m);
  mbuf* m;
  {
    Armed armed(this);
    m = m_getm2(live.m, len, M_DONTWAIT, MT_DATA, static_cast<int>(mark ? M_EOR | M_PKTHDR : 0));
  }
  if (m == nullptr) {
    Expect(last->m_next == nullptr, "the chain as it was");
    return ExpectFailure(len >= 0, errno);
  }
  Expect(m == live.m && len >= 0, "the chain");
  int64_t room = 0;
  for (const mbuf* n = last->m_next; n != nullptr; n = n->m_next) room += M_TRAILINGSPACE(n);
  Expect(room >= len, "the room");
  if (mark && len > 0) live.flat.AddMark(live.flat.Size());
}

void ChainOps::FromUio() {
  int size = source_->Length(20000);
  std::vector<iovec> pieces = Scatter(source_, const_cast<char*>(RandomBytes(source_, size)), size);
  const char* data = static_cast<const char*>(pieces[0].iov_base);
  int len = source_->Below(2) == 0 ? 0 : Argument(size);
  int align = source_->OneIn(8) ? Argument(MHLEN) : source_->Length(MHLEN);
  bool packet = source_->Below(2) == 1;
  bool mark = source_->OneIn(8);
  Note("uiotombuf", size, len);
  uio u = Over(&pieces);
  mbuf* m;
  {
    Armed armed(this);
    m = m_uiotombuf(&u, M_DONTWAIT, len, align,
                    static_cast<int>((packet ? M_PKTHDR : 0) | (mark ? M_EOR : 0)));
  }
  bool right = len >= 0 && align >= 0 && align <= MHLEN;
  if (m == nullptr) {
    Expect(u.uio_resid == size, "nothing moved");
    return ExpectFailure(right, errno);
  }
  Expect(right && M_LEADINGSPACE(m) == align, "the room in front");
  int moved = len == 0 ? size : std::min(len, size);
  Expect(u.uio_resid == size - moved && u.uio_offset == moved, "the rest to go");
  Flat flat;
  flat.packet = packet;
  flat.bytes.assign(data, data + moved);
  if (mark) flat.AddMark(moved);
  Add(m, std::move(flat));
}

void ChainOps::ToUio() {
  Live& live = Pick();
  int size = live.flat.Size();
  std::vector<char> to(static_cast<size_t>(source_->Length(size + 100)), '.');
  std::vector<iovec> pieces = Scatter(source_, to.data(), static_cast<int>(to.size()));
  int len = source_->Below(2) == 0 ? 0 : Argument(size);
  Note("mbuftouio", static_cast<int>(to.size()), len);
  uio u = Over(&pieces);
  int error = m_mbuftouio(&u, live.m, len);
  Expect(error == (len < 0 ? EINVAL : 0), "0");
  int moved = std::min(size, static_cast<int>(to.size()));
  if (len != 0) moved = std::clamp(len, 0, moved);
  Expect(u.uio_offset == moved, "as much as there is and fits");
  Expect(std::equal(to.begin(), to.begin() + moved, live.flat.bytes.begin()), "the bytes");
  Expect(std::all_of(to.begin() + moved, to.end(), [](char c) { return c == '.'; }),
         "the rest untouched");
}

// In two mchains, and back.
void ChainOps::SplitMchain() {
  Live& live = Pick();
  int size = live.flat.Size();
  int at = Argument(size);
  if (at < 0) return;
  Note("mc_split", at);
  mchain head, tail;
  mc_init_m(&head, live.m);
  Expect(head.mc_len == static_cast<size_t>(size), "the length");
  int error;
  {
    Armed armed(this);
    error = mc_split(&head, &tail, static_cast<unsigned>(at), M_DONTWAIT);
  }
  if (error != 0) {
    ExpectFailure(at <= size, error);
    Expect(mc_empty(&tail), "nothing in the tail");
  } else {
    Expect(head.mc_len == static_cast<size_t>(at), "the head's length");
    Expect(tail.mc_len == static_cast<size_t>(size - at), "the tail's length");
  }
  mc_concat(&head, &tail);
  Expect(mc_first(&head) == live.m && mc_last(&head) == m_last(live.m), "the ends");
  mchain counted;
  mc_init_m(&counted, live.m);
  Expect(head.mc_len == counted.mc_len && head.mc_mlen == counted.mc_mlen, "the counts");
}

}  // namespace weir
