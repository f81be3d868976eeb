// The live chains, the choice of an operation, and the checks after it.
#include "tests/chain_ops.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <utility>

#include "tests/chain_pieces.h"
#include "tests/in_use.h"
#include "tests/nothrow.h"
#include "weir/alloc/inject.h"

namespace weir {

ChainOps::Armed::Armed(ChainOps* ops) {
  if (!ops->arm_) return;
  (ops->source_->Below(3) == 0 ? FailNothrow : weir_fail_nth)(ops->source_->Below(5));
}

ChainOps::Armed::~Armed() {
  weir_fail_nth(-1);
  FailNothrow(-1);
}

ChainOps::ChainOps(ByteSource* source, std::string name) : source_(source), name_(std::move(name)) {
  for (int zone = 0; zone < WEIR_NZONES; ++zone) before_[zone] = InUse(zone);
  static_assert(std::size(decltype(before_){}) > WEIR_NZONES);
  static_assert(2 * kMaxSize <= kMaxRandom);
  before_[WEIR_NZONES] = CallersBuffers();
}

ChainOps::~ChainOps() {
  for (const Live& live : live_) m_freem(live.m);
  bool even = before_[WEIR_NZONES] == CallersBuffers();
  for (int zone = 0; zone < WEIR_NZONES; ++zone) even = even && before_[zone] == InUse(zone);
  if (!even) Die("something leaked", nullptr);
}

void ChainOps::Step() {
  arm_ = source_->OneIn(8);
  Operate();
  Check();
  if (++steps_ % 64 == 0) CheckCounts();
}

void ChainOps::Operate() {
  using Op = void (ChainOps::*)();
  static constexpr Op kOps[] = {
      &ChainOps::Make,
      &ChainOps::Make,
      &ChainOps::Make,
      &ChainOps::Free,
      &ChainOps::Prepend,
      &ChainOps::Prepend,
      &ChainOps::Copy,
      &ChainOps::Copy,
      &ChainOps::Copy,
      &ChainOps::CopyPacket,
      &ChainOps::Dup,
      &ChainOps::CopyData,
      &ChainOps::Cat,
      &ChainOps::Cat,
      &ChainOps::Adj,
      &ChainOps::Adj,
      &ChainOps::Pullup,
      &ChainOps::Pullup,
      &ChainOps::Pullup,
      &ChainOps::Split,
      &ChainOps::Split,
      &ChainOps::Split,
      &ChainOps::DevGet,
      &ChainOps::CopyBack,
      &ChainOps::CopyBack,
      &ChainOps::CopyBack,
      &ChainOps::Append,
      &ChainOps::Append,
      &ChainOps::Look,
      &ChainOps::WriteInPlace,
      &ChainOps::EditTags,
      &ChainOps::CopyTags,
      &ChainOps::Demote,
      &ChainOps::MoveHeader,
      // New ones at the end, so that the files of the corpus, whose numbers are small ones, keep
      // their meaning.
      &ChainOps::EnsureContig,
      &ChainOps::Copyup,
      &ChainOps::Pulldown,
      &ChainOps::Pulldown,
      &ChainOps::Inject,
      &ChainOps::Makespace,
      &ChainOps::Makespace,
      &ChainOps::StripHdr,
      &ChainOps::Defrag,
      &ChainOps::Collapse,
      &ChainOps::Collapse,
      &ChainOps::Unshare,
      &ChainOps::MakeWritable,
      &ChainOps::CopyBackCow,
      &ChainOps::GetRoom,
      &ChainOps::FromUio,
      &ChainOps::ToUio,
      &ChainOps::DeepCopy,
      &ChainOps::DupPkt,
      &ChainOps::Zeroize,
      &ChainOps::RemoveExt,
      &ChainOps::ResetHeader,
      &ChainOps::SplitMchain,
  };
  (this->*kOps[source_->Below(std::size(kOps))])();
}

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

void ChainOps::Note(const char* op, int a, int b) { noted_[steps_ % kNoted] = {op, a, b, arm_}; }

void ChainOps::Check() {
  for (size_t i = 0; i < live_.size();) {
    Compare(live_[i].m, live_[i].flat);
    if (live_[i].flat.Size() <= kMaxSize) {
      ++i;
      continue;
    }
    m_freem(live_[i].m);
    Remove(live_[i]);
  }
}

void ChainOps::Compare(mbuf* m, const Flat& flat) {
  if (const char* why = Difference(m, flat)) Die(why, m);
}

std::vector<const mbuf*> ChainOps::Heads() const {
  std::vector<const mbuf*> heads;
  for (const Live& live : live_) heads.push_back(live.m);
  return heads;
}

// Each buffer is held as often as its count says.
void ChainOps::CheckCounts() {
  std::vector<std::pair<const void*, const mbuf*>> holders;
  for (const mbuf* m : Heads()) {
    for (; m != nullptr; m = m->m_next) {
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

}  // namespace weir
