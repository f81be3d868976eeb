#include "tests/chain_model.h"

#include <algorithm>
#include <cstring>

#include "weir/chain/verify.h"

namespace weir {
namespace {

constexpr uint32_t kHeaderFlags = M_COPYFLAGS & ~M_EOR;

void Deduplicate(std::vector<int>* marks) {
  marks->erase(std::unique(marks->begin(), marks->end()), marks->end());
}

const char* ByteDifference(const mbuf* m, const Flat& flat) {
  size_t at = 0;
  for (; m != nullptr; m = m->m_next) {
    size_t len = static_cast<size_t>(m->m_len);
    if (len > flat.bytes.size() - at) return "it is too long";
    if (len > 0 && memcmp(m->m_data, flat.bytes.data() + at, len) != 0) return "its bytes differ";
    at += len;
  }
  return at == flat.bytes.size() ? nullptr : "it is too short";
}

const char* MarkDifference(const mbuf* m, const Flat& flat) {
  size_t seen = 0;
  int at = 0;
  int last = -1;
  for (; m != nullptr; m = m->m_next) {
    at += m->m_len;
    if (!(m->m_flags & M_EOR) || at == last) continue;
    last = at;
    if (seen == flat.marks.size() || flat.marks[seen] != at) return "M_EOR where no record ends";
    ++seen;
  }
  return seen == flat.marks.size() ? nullptr : "M_EOR is missing";
}

const char* TagDifference(mbuf* m, const Flat& flat) {
  m_tag* t = m_tag_first(m);
  for (const FlatTag& want : flat.tags) {
    if (t == nullptr) return "a tag is missing";
    if (t->m_tag_cookie != want.cookie || t->m_tag_id != want.id) return "it is another tag";
    if (t->m_tag_len != want.data.size()) return "a tag has another length";
    if (memcmp(t + 1, want.data.data(), want.data.size()) != 0) return "a tag has other data";
    t = m_tag_next(m, t);
  }
  return t == nullptr ? nullptr : "there is a tag too many";
}

const char* HeaderDifference(mbuf* m, const Flat& flat) {
  bool packet = (m->m_flags & M_PKTHDR) != 0;
  if (packet != flat.packet) return packet ? "it has a header" : "it has no header";
  if ((m->m_flags & kHeaderFlags) != (flat.flags | (packet ? M_PKTHDR : 0)))
    return "its flags differ";
  if (!packet) return nullptr;
  mbuf want;
  FillHeader(&want, flat.header);
  want.m_pkthdr.tags = m->m_pkthdr.tags;
  want.m_pkthdr.len = flat.Size();
  if (memcmp(&want.m_pkthdr, &m->m_pkthdr, sizeof want.m_pkthdr) != 0) return "its header differs";
  return TagDifference(m, flat);
}

}  // namespace

void Flat::SetMarks(const mbuf* m) {
  marks.clear();
  for (int at = 0; m != nullptr; m = m->m_next) {
    at += m->m_len;
    if (m->m_flags & M_EOR) marks.push_back(at);
  }
  Deduplicate(&marks);
}

void Flat::AddMark(int at) {
  auto i = std::lower_bound(marks.begin(), marks.end(), at);
  if (i == marks.end() || *i != at) marks.insert(i, at);
}

bool Flat::HasMark(int at) const { return std::binary_search(marks.begin(), marks.end(), at); }

void Flat::MergeMarks(int end) {
  for (int& mark : marks) {
    if (mark < end) mark = end;
  }
  Deduplicate(&marks);
}

void Flat::RemoveHead(int len) {
  len = std::min(len, Size());
  bytes.erase(bytes.begin(), bytes.begin() + len);
  for (int& mark : marks) mark = std::max(mark - len, 0);
  Deduplicate(&marks);
}

void Flat::RemoveTail(int len) {
  bytes.resize(bytes.size() - static_cast<size_t>(std::min(len, Size())));
  for (int& mark : marks) mark = std::min(mark, Size());
  Deduplicate(&marks);
}

void Flat::InsertHead(const char* data, int len) {
  bytes.insert(bytes.begin(), data, data + len);
  for (int& mark : marks) mark += len;
}

void Flat::Insert(int at, const char* data, int len) {
  bytes.insert(bytes.begin() + at, data, data + len);
  for (int& mark : marks) {
    if (mark > at) mark += len;
  }
}

void Flat::Erase(int at, int len) {
  bytes.erase(bytes.begin() + at, bytes.begin() + at + len);
  for (int& mark : marks) {
    if (mark > at) mark = std::max(mark - len, at);
  }
  Deduplicate(&marks);
}

void Flat::MergeMarks(int begin, int end) {
  for (int& mark : marks) {
    if (mark > begin && mark < end) mark = end;
  }
  Deduplicate(&marks);
}

int Flat::FewestMbufs() const {
  std::vector<int> ends = marks;
  ends.push_back(Size());
  int count = 0;
  int begin = 0;
  for (int end : ends) {
    count += (end - begin + MJUM16BYTES - 1) / MJUM16BYTES;
    if (end == 0) count = 1;  // an empty mbuf for the mark, or because there must be one
    begin = end;
  }
  return count;
}

Flat Flat::Header() const {
  Flat flat;
  flat.packet = packet;
  flat.header = header;
  flat.flags = flags;
  flat.tags = tags;
  return flat;
}

Flat Flat::Range(int off, int len) const {
  Flat flat;
  flat.bytes.assign(bytes.begin() + off, bytes.begin() + off + len);
  for (int mark : marks) {
    if (mark > off && mark < off + len) flat.marks.push_back(mark - off);
  }
  return flat;
}

void Flat::Append(const Flat& other) {
  int before = Size();
  bytes.insert(bytes.end(), other.bytes.begin(), other.bytes.end());
  for (int mark : other.marks) AddMark(before + mark);
}

void FillHeader(mbuf* m, uint32_t id) {
  memset(&m->m_pkthdr, 0, sizeof m->m_pkthdr);
  m->m_pkthdr.rcvif = reinterpret_cast<ifnet*>(uintptr_t{id} * 3);
  m->m_pkthdr.flowid = id * 5;
  m->m_pkthdr.csum_flags = id * 7;
  m->m_pkthdr.csum_data = id * 11;
  m->m_pkthdr.rcv_tstmp = uint64_t{id} * 0x1234567890123;
  m->m_pkthdr.PH_loc.sixtyfour[0] = uint64_t{id} * 0x1314151617181;
  m->m_pkthdr.ether_vtag = static_cast<uint16_t>(id * 13);
}

const char* Difference(mbuf* m, const Flat& flat) {
  if (const char* fault = FindFault(m)) return fault;
  if (const char* why = ByteDifference(m, flat)) return why;
  if (const char* why = MarkDifference(m, flat)) return why;
  return HeaderDifference(m, flat);
}

}  // namespace weir
