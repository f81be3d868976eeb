#include "tests/chain_make.h"

#include <cstdlib>
#include <cstring>

#include "tests/in_use.h"
#include "tests/nothrow.h"
#include "weir/alloc/inject.h"
#include "weir/chain/verify.h"

namespace weir {
namespace {

constexpr int kExternalSize = 40000;

int external_in_use = 0;

void FreeExternal(mbuf* m) {
  --external_in_use;
  free(m->m_ext.ext_buf);
}

void AddExternal(mbuf* m, int flags) {
  char* buf = static_cast<char*>(calloc(1, kExternalSize));
  ++external_in_use;
  ASSERT_EQ(m_extadd(m, buf, kExternalSize, FreeExternal, nullptr, nullptr, flags, EXT_DISPOSABLE),
            0);
}

mbuf* MakeOne(const Piece& piece, bool header) {
  mbuf* m = header ? m_gethdr(M_WAIT, MT_DATA) : m_get(M_WAIT, MT_DATA);
  switch (piece.buffer) {
    case Buffer::kSmall:
      break;
    case Buffer::kCluster:
      m_clget(m, M_WAIT);
      break;
    case Buffer::kPage:
      m_cljget(m, M_WAIT, MJUMPAGESIZE);
      break;
    case Buffer::kJumbo9:
      m_cljget(m, M_WAIT, MJUM9BYTES);
      break;
    case Buffer::kJumbo16:
      m_cljget(m, M_WAIT, MJUM16BYTES);
      break;
    case Buffer::kExternal:
      AddExternal(m, 0);
      break;
    case Buffer::kReadOnly:
      AddExternal(m, M_RDONLY);
      break;
  }
  memset(M_START(m), '.', static_cast<size_t>(M_SIZE(m)));
  m->m_data += piece.lead;
  m->m_len = piece.len;
  std::string data = Pattern(static_cast<size_t>(piece.len));
  memcpy(m->m_data, data.data(), data.size());
  return m;
}

std::vector<int64_t> AllInUse() {
  std::vector<int64_t> in_use;
  for (int zone = 0; zone < WEIR_NZONES; ++zone) in_use.push_back(InUse(zone));
  in_use.push_back(external_in_use);
  return in_use;
}

int FailOneByOne(void (*fail)(long), const std::function<mbuf*()>& make,
                 const std::function<bool(mbuf*)>& attempt) {
  for (int n = 0; n < 1000; ++n) {
    std::vector<int64_t> before = AllInUse();
    mbuf* m = make();
    fail(n);
    bool done = attempt(m);
    fail(-1);
    EXPECT_EQ(AllInUse(), before) << "with allocation " << n << " failing";
    if (done) return n;
  }
  ADD_FAILURE() << "it always fails";
  return 1000;
}

}  // namespace

std::string Pattern(size_t len) {
  static unsigned next = 0;
  std::string s(len, 0);
  for (char& c : s) {
    next = next * 1664525 + 1013904223;
    c = static_cast<char>('a' + (next >> 24) % 26);
  }
  return s;
}

mbuf* Chain(std::initializer_list<Piece> pieces) {
  mbuf* top = nullptr;
  mbuf** link = &top;
  for (const Piece& piece : pieces) {
    *link = MakeOne(piece, false);
    link = &(*link)->m_next;
  }
  return top;
}

mbuf* Packet(std::initializer_list<Piece> pieces) {
  mbuf* top = MakeOne(*pieces.begin(), true);
  mbuf** link = &top->m_next;
  for (const Piece* piece = pieces.begin() + 1; piece != pieces.end(); ++piece) {
    *link = MakeOne(*piece, false);
    link = &(*link)->m_next;
  }
  top->m_flags |= M_BCAST | M_PROTO3 | M_LINK1;
  top->m_pkthdr.rcvif = reinterpret_cast<ifnet*>(top);
  top->m_pkthdr.flowid = 0x11111111;
  top->m_pkthdr.csum_flags = 0x22222222;
  top->m_pkthdr.csum_data = 0x33333333;
  top->m_pkthdr.rcv_tstmp = 0x4444444455555555;
  top->m_pkthdr.PH_loc.sixtyfour[0] = 0x6666666677777777;
  top->m_pkthdr.ether_vtag = 0x8888;
  m_fixhdr(top);
  return top;
}

std::string Bytes(const mbuf* m) {
  std::string s;
  for (; m != nullptr; m = m->m_next) s.append(m->m_data, static_cast<size_t>(m->m_len));
  return s;
}

std::vector<int> Lengths(const mbuf* m) {
  std::vector<int> lengths;
  for (; m != nullptr; m = m->m_next) lengths.push_back(m->m_len);
  return lengths;
}

std::string Buffers(const mbuf* m) {
  std::string s;
  for (; m != nullptr; m = m->m_next) s.append(M_START(m), static_cast<size_t>(M_SIZE(m)));
  return s;
}

void ExpectChain(const mbuf* m, const std::string& bytes) {
  const char* fault = FindFault(m);
  EXPECT_EQ(fault, nullptr) << fault;
  EXPECT_TRUE(Bytes(m) == bytes) << "it holds " << Bytes(m).size() << " bytes:\n"
                                 << Bytes(m) << "\nnot these " << bytes.size() << ":\n"
                                 << bytes;
}

void AddTag(mbuf* m, int id, const std::string& data) {
  m_tag* t = m_tag_alloc(7, id, static_cast<int>(data.size()), M_WAIT);
  memcpy(t + 1, data.data(), data.size());
  ASSERT_EQ(m_tag_prepend(m, t), 0);
}

std::string Tags(mbuf* m) {
  std::string s;
  for (m_tag* t = m_tag_first(m); t != nullptr; t = m_tag_next(m, t)) {
    s += std::to_string(t->m_tag_id) + ":";
    s.append(reinterpret_cast<const char*>(t + 1), t->m_tag_len);
    s += ' ';
  }
  return s;
}

int ExternalInUse() { return external_in_use; }

int ForEachFailure(const std::function<mbuf*()>& make, const std::function<bool(mbuf*)>& attempt) {
  int failures = FailOneByOne(weir_fail_nth, make, attempt);
  return failures + FailOneByOne(FailNothrow, make, attempt);
}

void ChainTest::SetUp() { before_ = AllInUse(); }

void ChainTest::TearDown() { EXPECT_EQ(AllInUse(), before_) << "in use, by zone, and external"; }

}  // namespace weir
