// Operations that change a chain.
#include "tests/chain_ops.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

#include "tests/chain_pieces.h"

namespace weir {

void ChainOps::Make() {
  Flat flat;
  mbuf* m = MakeChain(source_, &flat);
  Note("make", flat.Size(), flat.packet);
  Add(m, std::move(flat));
}

void ChainOps::Free() {
  Live& live = Pick();
  Note("free", live.flat.Size());
  m_freem(live.m);
  Remove(live);
}

void ChainOps::Prepend() {
  Live& live = Pick();
  bool in_place = source_->Below(2);
  int len = source_->OneIn(8) ? Argument(MJUM16BYTES) : source_->Length(300);
  Note(in_place ? "prependlen" : "prepend", len);
  bool empty = live.m->m_len == 0 && M_WRITABLE(live.m);
  bool fits = in_place && (empty ? M_SIZE(live.m) : m_leadingspace(live.m)) >= len;
  {
    Armed armed(this);
    live.m = in_place ? m_prependlen(live.m, len, M_DONTWAIT) : m_prepend(live.m, len, M_DONTWAIT);
  }
  if (live.m == nullptr) {
    if (len >= 0 && len > MJUM16BYTES) {
      Expect(errno == EMSGSIZE && !fits, "EMSGSIZE");
    } else {
      ExpectFailure(len >= 0, errno);
    }
    Remove(live);
    return;
  }
  Expect(len >= 0 && (len <= MJUM16BYTES || fits), "a failure");
  Expect(live.m->m_len >= len && (len == 0 || M_WRITABLE(live.m)), "room to write");
  const char* data = RandomBytes(source_, len);
  memcpy(live.m->m_data, data, static_cast<size_t>(len));
  live.flat.InsertHead(data, len);
  if (!in_place && live.flat.packet) live.m->m_pkthdr.len += len;
}

void ChainOps::Cat() {
  if (live_.size() < 2) Make();
  if (live_.size() < 2) return;
  Live& to = Pick();
  Live& from = live_[source_->Below(static_cast<uint32_t>(live_.size()))];
  bool packets = source_->Below(2) == 1;
  Note(packets ? "catpkt" : "cat", to.flat.Size(), from.flat.Size());
  int error = packets ? m_catpkt(to.m, from.m) : m_cat(to.m, from.m);
  if (error != 0) {
    Expect(error == EINVAL && (&to == &from || (packets && !to.flat.packet)), "success");
    return;
  }
  Expect(&to != &from && (!packets || to.flat.packet), "EINVAL");
  if (!packets && to.flat.packet) to.m->m_pkthdr.len += from.flat.Size();
  to.flat.Append(from.flat);
  Remove(from);
}

void ChainOps::Adj() {
  Live& live = Pick();
  int len = Argument(live.flat.Size());
  if (source_->Below(2)) len = len == INT_MIN ? len : -len;
  Note("adj", len);
  Expect(m_adj(live.m, len) == 0, "0");
  if (len > 0) live.flat.RemoveHead(len);
  if (len < 0) live.flat.RemoveTail(len == INT_MIN ? INT_MAX : -len);
}

void ChainOps::Pullup() {
  Live& live = Pick();
  int size = live.flat.Size();
  int len = Argument(std::min(size, MJUM16BYTES + 2));
  Note("pullup", len);
  int had = live.m->m_len;
  bool as_is = len >= 0 && len <= had;
  bool in_place = M_WRITABLE(live.m) && M_SIZE(live.m) >= len;
  mbuf* before = live.m;
  {
    Armed armed(this);
    live.m = m_pullup(live.m, len);
  }
  if (live.m == nullptr) {
    if (len > MJUM16BYTES && len <= size) {
      Expect(errno == EMSGSIZE && !in_place, "EMSGSIZE");
    } else {
      ExpectFailure(len >= 0 && len <= size, errno);
    }
    Remove(live);
    return;
  }
  Expect(len >= 0 && len <= size && live.m->m_len >= len, "contiguous data");
  if (as_is || in_place) Expect(live.m == before, "the same first mbuf");
  if (as_is) {
    Expect(live.m->m_len == had, "the chain as it is");
  } else {
    live.flat.MergeMarks(live.m->m_len);
  }
}

Flat ChainOps::CutOff(Flat* flat, const mbuf* m, const mbuf* tail, int len) {
  int size = flat->Size();
  Flat behind = flat->packet ? flat->Header() : Flat();
  behind.Append(flat->Range(len, size - len));
  if (len < size && flat->HasMark(size)) behind.AddMark(size - len);
  // A mark at the cut may be on either side, if empty mbufs are there.
  Flat seen;
  seen.SetMarks(tail);
  bool right_of_cut = len < size && flat->HasMark(len) && seen.HasMark(0);
  if (right_of_cut) behind.AddMark(0);
  Flat head = flat->packet ? flat->Header() : Flat();
  head.Append(flat->Range(0, len));
  if (len > 0 && flat->HasMark(0)) head.AddMark(0);
  seen.SetMarks(m);
  if (flat->HasMark(len) && (!right_of_cut || seen.HasMark(len))) head.AddMark(len);
  *flat = std::move(head);
  return behind;
}

void ChainOps::Split() {
  Live& live = Pick();
  int size = live.flat.Size();
  int len = Argument(size);
  Note("split", len);
  bool right = len >= 0 && len <= size;
  errno = 99;
  mbuf* m;
  {
    Armed armed(this);
    m = m_split(live.m, len, M_DONTWAIT);
  }
  if (m == nullptr) {
    if (right && len == size && !live.flat.packet) {
      Expect(errno == 0, "errno 0");
    } else {
      ExpectFailure(right, errno);
    }
    return;
  }
  Expect(right && (len < size || live.flat.packet), "no tail");
  Add(m, CutOff(&live.flat, live.m, m, len));
}

void ChainOps::CopyBack() {
  Live& live = Pick();
  int size = live.flat.Size();
  int off = source_->OneIn(16) ? Argument(size) : source_->Length(size + 3000);
  int len = source_->OneIn(16) ? Argument(20000) : source_->Length(std::max(size, 3000));
  int64_t end = int64_t{off} + len;
  if (end > 2 * kMaxSize && end <= INT_MAX) return;
  Note("copyback", off, len);
  const char* data = RandomBytes(source_, len);
  int error;
  {
    Armed armed(this);
    error = m_copyback(live.m, off, len, data);
  }
  bool right = off >= 0 && len >= 0 && end <= INT_MAX;
  int total = static_cast<int>(m_length(live.m, nullptr));
  if (error != 0) {
    ExpectFailure(right, error);
    if (total == size) return;
  }
  Expect(right && total >= size, "EINVAL");
  if (error == 0) Expect(total == std::max<int64_t>(size, end), "all of it written");
  live.flat.bytes.resize(static_cast<size_t>(total), 0);
  int written = std::min(len, total - off);
  if (written > 0) std::copy(data, data + written, live.flat.bytes.begin() + off);
}

void ChainOps::Append() {
  Live& live = Pick();
  int len = source_->OneIn(16) ? Argument(3000) : source_->Length(3000);
  Note("append", len);
  if (len > 2 * kMaxSize && (len < INT_MAX || live.flat.Size() == 0)) return;
  int room = (m_last(live.m)->m_flags & M_EOR) ? 0 : m_trailingspace(m_last(live.m));
  const char* data = RandomBytes(source_, len);
  int done;
  {
    Armed armed(this);
    done = m_append(live.m, len, data);
  }
  int added = static_cast<int>(m_length(live.m, nullptr)) - live.flat.Size();
  if (done) {
    Expect(added == len, "all of it appended");
  } else if (len == INT_MAX && live.flat.Size() > 0) {
    Expect(errno == EMSGSIZE && added == 0, "EMSGSIZE");
  } else {
    ExpectFailure(len >= 0, errno);
    Expect(len < 0 ? added == 0 : added >= std::min(room, len) && added < len, "what fitted");
  }
  live.flat.bytes.insert(live.flat.bytes.end(), data, data + added);
}

// What a user of the chain may do: change all of a buffer that is writable.
void ChainOps::WriteInPlace() {
  Live& live = Pick();
  Note("write");
  size_t at = 0;
  for (mbuf* m = live.m; m != nullptr; m = m->m_next) {
    size_t len = static_cast<size_t>(m->m_len);
    if (M_WRITABLE(m)) {
      memcpy(m->m_data - M_LEADINGSPACE(m), RandomBytes(source_, M_SIZE(m)),
             static_cast<size_t>(M_SIZE(m)));
      std::copy(m->m_data, m->m_data + len, live.flat.bytes.begin() + static_cast<long>(at));
    }
    at += len;
  }
}

}  // namespace weir
