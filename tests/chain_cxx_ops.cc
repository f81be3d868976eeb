// The choice of an operation, the chains that are held meanwhile, and the checks after it.
#include "tests/chain_cxx_ops.h"

#include <algorithm>
#include <climits>
#include <iterator>
#include <utility>

#include "tests/chain_owners.h"
#include "tests/chain_pieces.h"

namespace weir {

ChainCxxOps::~ChainCxxOps() = default;

void ChainCxxOps::Operate() {
  using Op = void (ChainCxxOps::*)();
  static constexpr Op kOps[] = {
      &ChainCxxOps::OtherFace,
      &ChainCxxOps::OtherFace,
      &ChainCxxOps::OtherFace,
      &ChainCxxOps::OtherFace,
      &ChainCxxOps::Make,
      &ChainCxxOps::Make,
      &ChainCxxOps::Make,
      &ChainCxxOps::EditTags,
      &ChainCxxOps::From,
      &ChainCxxOps::External,
      &ChainCxxOps::External,
      &ChainCxxOps::Container,
      &ChainCxxOps::OwnedByChain,
      &ChainCxxOps::Move,
      &ChainCxxOps::Inspect,
      &ChainCxxOps::ReadPieces,
      &ChainCxxOps::ReadWithCursor,
      &ChainCxxOps::Find,
      &ChainCxxOps::FillWritable,
      &ChainCxxOps::OverwriteBytes,
      &ChainCxxOps::Headers,
      &ChainCxxOps::Share,
      &ChainCxxOps::Share,
      &ChainCxxOps::CopyAll,
      &ChainCxxOps::SplitAt,
      &ChainCxxOps::SplitAt,
      &ChainCxxOps::AppendChain,
      &ChainCxxOps::AppendChain,
      &ChainCxxOps::AppendBytes,
      &ChainCxxOps::PrependRoom,
      &ChainCxxOps::TrimFront,
      &ChainCxxOps::TrimBack,
      &ChainCxxOps::Coalesce,
      &ChainCxxOps::Coalesce,
      &ChainCxxOps::Reserve,
      &ChainCxxOps::Reserve,
      &ChainCxxOps::Write,
      &ChainCxxOps::Write,
      &ChainCxxOps::Write,
      &ChainCxxOps::Push,
      &ChainCxxOps::Pop,
      &ChainCxxOps::Splice,
      &ChainCxxOps::Relist,
  };
  (this->*kOps[source_->Below(std::size(kOps))])();
}

void ChainCxxOps::Check() {
  ChainOps::Check();
  for (Line& line : lines_) {
    Expect(line.queue.packets() == line.packets.size(), "that many packets");
    Expect(line.queue.bytes() == line.Bytes(), "that many bytes");
    Expect(line.queue.empty() == line.packets.empty(), "an empty queue");
    const mbuf* m = line.queue.front();
    for (const Flat& flat : line.packets) {
      Expect(m != nullptr, "a packet");
      Compare(const_cast<mbuf*>(m), flat);
      m = m->m_nextpkt;
    }
    Expect(m == nullptr, "the end of the queue");
  }
}

std::vector<const mbuf*> ChainCxxOps::Heads() const {
  std::vector<const mbuf*> heads = ChainOps::Heads();
  for (const Line& line : lines_) {
    for (const mbuf* m = line.queue.front(); m != nullptr; m = m->m_nextpkt) heads.push_back(m);
  }
  return heads;
}

ChainCxxOps::Held ChainCxxOps::Take() {
  if (source_->OneIn(16)) return {};
  Live& live = Pick();
  Held held{Chain::adopt(live.m), std::move(live.flat)};
  Remove(live);
  return held;
}

void ChainCxxOps::Put(Held held) {
  Verify(held);
  mbuf* m = held.chain.release();
  Expect(held.chain.get() == nullptr, "nothing left");
  if (m != nullptr) Add(m, std::move(held.flat));
}

void ChainCxxOps::Verify(const Held& held) {
  if (mbuf* m = held.chain.get()) return Compare(m, held.flat);
  Expect(held.flat.bytes.empty() && held.flat.marks.empty() && !held.flat.packet, "a chain");
}

void ChainCxxOps::MayBePacket(Held* held) {
  if (held->flat.packet || held->chain.packet_header() == nullptr) return;
  held->flat.packet = true;
  held->flat.header = 0;
}

void ChainCxxOps::MayLoseFirstMark(Held* held) {
  Flat seen;
  seen.SetMarks(held->chain.get());
  if (held->flat.HasMark(0) && !seen.HasMark(0)) held->flat.marks.erase(held->flat.marks.begin());
}

size_t ChainCxxOps::Amount(size_t size) {
  constexpr size_t kFar[] = {Chain::kAll,         Chain::kAll - 1, size_t{INT_MAX},
                             size_t{INT_MAX} + 1, size_t{1} << 32, M_COPYALL};
  if (source_->OneIn(24)) return kFar[source_->Below(std::size(kFar))];
  if (source_->OneIn(24)) return size + 1;
  return static_cast<size_t>(source_->Length(static_cast<int>(size)));
}

std::string_view ChainCxxOps::Text(int max) {
  int size = source_->Length(max);
  return {RandomBytes(source_, size), static_cast<size_t>(size)};
}

void ChainCxxOps::NoteSizes(const char* op, size_t a, size_t b) {
  Note(op, static_cast<int>(a), static_cast<int>(b));
}

size_t ChainCxxOps::Line::Bytes() const {
  size_t bytes = 0;
  for (const Flat& flat : packets) bytes += flat.bytes.size();
  return bytes;
}

// What push_front() put there past the bound takes no room away from a packet without bytes.
bool ChainCxxOps::Line::Fits(size_t more_packets, size_t more_bytes) const {
  return more_packets <= max_packets - std::min(max_packets, packets.size()) &&
         more_bytes <= max_bytes - std::min(max_bytes, Bytes());
}

void RunCxxOps(ByteSource* source, uint64_t count, const std::string& name) {
  RunOps<ChainCxxOps>(source, count, name);
  ForgetOwned();
}

}  // namespace weir
