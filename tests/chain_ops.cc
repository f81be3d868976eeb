#include "tests/chain_ops.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "tests/chain_pieces.h"
#include "tests/in_use.h"
#include "tests/nothrow.h"
#include "weir/alloc/inject.h"

namespace weir {
namespace {

constexpr size_t kMaxLive = 6;
constexpr int kMaxSize = 60000;
static_assert(2 * kMaxSize <= kMaxRandom);

// Whether the chain is one that the test goes on with.
bool TooBig(const Flat& flat) { return flat.Size() > kMaxSize; }

// The record that ends with byte at - 1, if that is the last one of an mbuf.
bool EndsRecord(const mbuf* m, int at) {
  for (; m != nullptr && m->m_len < at; m = m->m_next) at -= m->m_len;
  return m != nullptr && m->m_len == at && (m->m_flags & M_EOR);
}

}  // namespace

// While it lives, allocations may fail, if this step is one of those.
class ChainOps::Armed {
 public:
  explicit Armed(ChainOps* ops) {
    if (!ops->arm_) return;
    (ops->source_->Below(3) == 0 ? FailNothrow : FailAllocation)(ops->source_->Below(5));
  }
  ~Armed() {
    FailAllocation(-1);
    FailNothrow(-1);
  }
};

ChainOps::ChainOps(ByteSource* source, std::string name) : source_(source), name_(std::move(name)) {
  for (int zone = 0; zone < WEIR_NZONES; ++zone) before_[zone] = InUse(zone);
  static_assert(std::size(decltype(before_){}) > WEIR_NZONES);
  before_[WEIR_NZONES] = CallersBuffers();
}

ChainOps::~ChainOps() {
  for (const Live& live : live_) m_freem(live.m);
  bool even = before_[WEIR_NZONES] == CallersBuffers();
  for (int zone = 0; zone < WEIR_NZONES; ++zone) even = even && before_[zone] == InUse(zone);
  if (!even) Die("something leaked", nullptr);
}

void ChainOps::Step() {
  using Op = void (ChainOps::*)();
  static constexpr Op kOps[] = {
      &ChainOps::Make,     &ChainOps::Make,         &ChainOps::Make,     &ChainOps::Free,
      &ChainOps::Prepend,  &ChainOps::Prepend,      &ChainOps::Copy,     &ChainOps::Copy,
      &ChainOps::Copy,     &ChainOps::CopyPacket,   &ChainOps::Dup,      &ChainOps::CopyData,
      &ChainOps::Cat,      &ChainOps::Cat,          &ChainOps::Adj,      &ChainOps::Adj,
      &ChainOps::Pullup,   &ChainOps::Pullup,       &ChainOps::Pullup,   &ChainOps::Split,
      &ChainOps::Split,    &ChainOps::Split,        &ChainOps::DevGet,   &ChainOps::CopyBack,
      &ChainOps::CopyBack, &ChainOps::CopyBack,     &ChainOps::Append,   &ChainOps::Append,
      &ChainOps::Look,     &ChainOps::WriteInPlace, &ChainOps::EditTags, &ChainOps::CopyTags,
      &ChainOps::Demote,   &ChainOps::MoveHeader,
  };
  arm_ = source_->OneIn(8);
  (this->*kOps[source_->Below(std::size(kOps))])();
  Check();
  if (++steps_ % 64 == 0) CheckCounts();
}

// ---- Operations ------------------------------------------------------------------------------

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

void ChainOps::Copy() {
  Live& live = Pick();
  int size = live.flat.Size();
  int off = source_->Below(3) == 0 ? 0 : Argument(size);
  bool all = source_->OneIn(4);
  int len = all ? M_COPYALL : Argument(off >= 0 && off <= size ? size - off : size);
  Note("copym", off, len);
  bool right = off >= 0 && off <= size && (all || (len >= 0 && len <= size - off));
  int range = !right ? 0 : all ? size - off : len;
  bool header = right && off == 0 && live.flat.packet;
  errno = 99;
  mbuf* m;
  {
    Armed armed(this);
    m = m_copym(live.m, off, len, M_DONTWAIT);
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
  Flat flat = header ? live.flat.Header() : Flat();
  flat.Append(live.flat.Range(off, range));
  if (off == 0 && live.flat.HasMark(0)) flat.AddMark(0);
  bool end =
      all ? live.flat.HasMark(size) && (range > 0 || off == 0) : EndsRecord(live.m, off + range);
  if (end) flat.AddMark(range);
  Add(m, std::move(flat));
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

void ChainOps::CopyData() {
  Live& live = Pick();
  int size = live.flat.Size();
  int off = Argument(size);
  int len = Argument(off >= 0 && off <= size ? size - off : size);
  Note("copydata", off, len);
  std::vector<char> to(static_cast<size_t>(std::clamp(len, 0, kMaxSize * 2)), '.');
  if (m_copydata(live.m, off, len, to.data()) != 0) {
    Expect(off < 0 || len < 0 || int64_t{off} + len > size, "success");
    Expect(std::all_of(to.begin(), to.end(), [](char c) { return c == '.'; }), "buffer untouched");
  } else {
    Expect(off >= 0 && len >= 0 && int64_t{off} + len <= size, "EINVAL");
    Expect(std::equal(to.begin(), to.end(), live.flat.bytes.begin() + off), "the bytes");
  }
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
  Flat tail = live.flat.packet ? live.flat.Header() : Flat();
  tail.Append(live.flat.Range(len, size - len));
  if (len < size && live.flat.HasMark(size)) tail.AddMark(size - len);
  // A mark at the cut may be on either side, if empty mbufs are there.
  Flat seen;
  seen.SetMarks(m);
  bool right_of_cut = len < size && live.flat.HasMark(len) && seen.HasMark(0);
  if (right_of_cut) tail.AddMark(0);
  Flat head = live.flat.packet ? live.flat.Header() : Flat();
  head.Append(live.flat.Range(0, len));
  if (len > 0 && live.flat.HasMark(0)) head.AddMark(0);
  seen.SetMarks(live.m);
  if (live.flat.HasMark(len) && (!right_of_cut || seen.HasMark(len))) head.AddMark(len);
  live.flat = std::move(head);
  Add(m, std::move(tail));
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

void ChainOps::EditTags() {
  Live& live = Pick();
  int id = static_cast<int>(source_->Below(4)) | (source_->Below(2) ? MTAG_PERSISTENT : 0);
  uint32_t what = source_->Below(8);
  Note("tags", id, static_cast<int>(what));
  std::vector<FlatTag>& tags = live.flat.tags;
  auto same = [&](const FlatTag& t) { return t.id == id && t.cookie == 9; };
  if (what < 4) {
    std::string data(RandomBytes(source_, 40), source_->Below(40));
    m_tag* t = m_tag_alloc(9, id, static_cast<int>(data.size()), M_WAIT);
    memcpy(t + 1, data.data(), data.size());
    bool stored = m_tag_prepend(live.m, t) == 0;
    Expect(stored == live.flat.packet, "tags on packets only");
    if (!stored) return m_tag_free(t);
    tags.insert(tags.begin(), FlatTag{9, id, std::move(data)});
  } else if (what < 7) {
    m_tag* t = m_tag_locate(live.m, 9, id, nullptr);
    auto want = std::find_if(tags.begin(), tags.end(), same);
    Expect((t != nullptr) == (want != tags.end()), "the tag");
    if (t == nullptr) return;
    if (what == 6) {
      m_tag_delete_chain(live.m, t);
      tags.erase(want, tags.end());
    } else {
      m_tag_delete(live.m, t);
      tags.erase(want);
    }
  } else {
    m_tag_delete_nonpersistent(live.m);
    std::erase_if(tags, [](const FlatTag& t) { return !(t.id & MTAG_PERSISTENT); });
  }
}

void ChainOps::CopyTags() {
  Live& to = Pick();
  const Live& from = live_[source_->Below(static_cast<uint32_t>(live_.size()))];
  Note("tag_copy_chain");
  int done;
  {
    Armed armed(this);
    done = m_tag_copy_chain(to.m, from.m, M_DONTWAIT);
  }
  bool right = to.flat.packet && from.flat.packet;
  if (!done) ExpectFailure(right, errno);
  if (!right) return Expect(!done, "EINVAL");
  to.flat.tags = done ? from.flat.tags : std::vector<FlatTag>();
}

// The header moves, or is copied, to a new mbuf in front.
void ChainOps::MoveHeader() {
  Live& live = Pick();
  bool copy = source_->Below(2) == 1;
  Note(copy ? "dup_pkthdr" : "move_pkthdr");
  mbuf* m = m_get(M_WAIT, MT_DATA);
  if (source_->Below(2)) m_clget(m, M_WAIT);
  bool done;
  {
    Armed armed(this);
    done = copy ? m_dup_pkthdr(m, live.m, M_DONTWAIT) == 1 : m_move_pkthdr(m, live.m) == 0;
    if (!done && !copy) errno = EINVAL;
  }
  if (!done) {
    ExpectFailure(live.flat.packet, errno);
    m_free(m);
    return;
  }
  Expect(live.flat.packet, "EINVAL");
  if (copy) m_demote_pkthdr(live.m);
  m->m_flags &= ~M_EOR;
  m->m_next = live.m;
  live.m = m;
}

void ChainOps::Demote() {
  Live& live = Pick();
  if (!source_->OneIn(4)) return;
  bool all = source_->Below(2) == 1;
  Note("demote", all);
  if (all) {
    Expect(m_demote(live.m, 1, M_PROTO12) == 0, "0");
    Expect((live.m->m_flags & M_PROTO12) == (live.flat.flags & M_PROTO12), "the flag kept");
    live.m->m_flags &= ~M_PROTO12;
  } else {
    Expect((m_demote_pkthdr(live.m) == 0) == live.flat.packet, "0");
  }
  live.flat.flags = 0;
  live.flat.packet = false;
  live.flat.tags.clear();
}

// ---- The chains ------------------------------------------------------------------------------

ChainOps::Live& ChainOps::Pick() {
  if (live_.empty()) {
    Flat flat;
    mbuf* m = MakeChain(source_, &flat);
    live_.push_back({m, std::move(flat)});
  }
  return live_[source_->Below(static_cast<uint32_t>(live_.size()))];
}

void ChainOps::Add(mbuf* m, Flat flat) {
  live_.push_back({m, std::move(flat)});
  if (live_.size() <= kMaxLive) return;
  Live& old = live_[source_->Below(kMaxLive)];
  m_freem(old.m);
  Remove(old);
}

void ChainOps::Remove(const Live& live) { live_.erase(live_.begin() + (&live - live_.data())); }

int ChainOps::Argument(int size) {
  constexpr int kFar[] = {INT_MIN, INT_MIN + 1, -1, INT_MAX - 1, INT_MAX, M_COPYALL - 1};
  if (source_->OneIn(24)) return kFar[source_->Below(std::size(kFar))];
  if (source_->OneIn(24)) return size + 1;
  return source_->Length(size);
}

// ---- Checks ----------------------------------------------------------------------------------

void ChainOps::Note(const char* op, int a, int b) { noted_[steps_ % kNoted] = {op, a, b, arm_}; }

void ChainOps::Check() {
  for (size_t i = 0; i < live_.size();) {
    if (const char* why = Difference(live_[i].m, live_[i].flat)) Die(why, live_[i].m);
    if (!TooBig(live_[i].flat)) {
      ++i;
      continue;
    }
    m_freem(live_[i].m);
    Remove(live_[i]);
  }
}

// Each buffer is held as often as its count says.
void ChainOps::CheckCounts() {
  std::vector<std::pair<const void*, const mbuf*>> holders;
  for (const Live& live : live_) {
    for (const mbuf* m = live.m; m != nullptr; m = m->m_next) {
      if (m->m_flags & M_EXT) holders.push_back({m->m_ext.ext_cnt, m});
    }
  }
  std::sort(holders.begin(), holders.end());
  for (size_t i = 0; i < holders.size();) {
    size_t end = i;
    while (end < holders.size() && holders[end].first == holders[i].first) ++end;
    bool counted = holders[i].first != nullptr;
    if (counted && m_extrefcnt(holders[i].second) != end - i) Die("a count is wrong", nullptr);
    i = end;
  }
}

void ChainOps::Expect(bool good, const char* what) {
  if (good) return;
  std::string why = std::string("expected: ") + what;
  Die(why.c_str(), nullptr);
}

void ChainOps::ExpectFailure(bool right, int error) {
  if (right ? error == ENOBUFS && arm_ : error == EINVAL) return;
  fprintf(stderr, "errno %d (%s)\n", error, strerror(error));
  Die(right ? "it failed for no reason" : "it did not say EINVAL", nullptr);
}

void ChainOps::Die(const char* why, mbuf* m) {
  fprintf(stderr, "\n%s\nafter %llu operations of %s; the last ones:\n", why,
          static_cast<unsigned long long>(steps_), name_.c_str());
  for (uint64_t i = steps_ < kNoted ? 0 : steps_ - kNoted + 1; i <= steps_; ++i) {
    const Noted& n = noted_[i % kNoted];
    if (n.op != nullptr) fprintf(stderr, "  %s %d %d%s\n", n.op, n.a, n.b, n.armed ? " !" : "");
  }
  if (m != nullptr) m_print(m, 64);
  abort();
}

void RunOps(ByteSource* source, uint64_t count, const std::string& name) {
  ChainOps ops(source, name);
  for (uint64_t i = 0; i < count && !source->Empty(); ++i) ops.Step();
}

}  // namespace weir
