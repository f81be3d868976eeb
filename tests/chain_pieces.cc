#include "tests/chain_pieces.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <memory>

namespace weir {
namespace {

constexpr int kExternalSize = 20000;
constexpr int kReadOnlySize = 40000;
constexpr uint32_t kFlags[] = {M_BCAST, M_MCAST, M_PROTO1, M_PROTO12, M_LINK0, M_VLANTAG, M_TSTMP};

long callers_buffers = 0;

// Pages of arbitrary bytes that a stray write cannot change unnoticed.
const char* Pages() {
  static const char* const pages = [] {
    constexpr size_t kSize = 2 * kMaxRandom;
    void* p = mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) abort();
    ByteSource source(uint64_t{1});
    for (size_t i = 0; i < kSize; ++i) static_cast<uint8_t*>(p)[i] = source.Byte();
    mprotect(p, kSize, PROT_READ);
    return static_cast<const char*>(p);
  }();
  return pages;
}

void FreeReadOnly(mbuf*) { --callers_buffers; }

void FreeExternal(mbuf* m) {
  --callers_buffers;
  free(m->m_ext.ext_buf);
}

// A buffer with the caller's own count behind it.
struct Counted {
  char buf[kExternalSize];
  uint32_t count = 1;
};

void FreeCounted(mbuf* m) {
  --callers_buffers;
  delete static_cast<Counted*>(m->m_ext.ext_arg2);
}

void AddCallersBuffer(ByteSource* source, mbuf* m, int kind) {
  ++callers_buffers;
  if (kind == 0) {
    auto* buf = const_cast<char*>(RandomBytes(source, kReadOnlySize));
    m_extadd(m, buf, kReadOnlySize, FreeReadOnly, nullptr, nullptr, M_RDONLY, EXT_NET_DRV);
  } else if (kind == 1) {
    auto* buf = static_cast<char*>(malloc(kExternalSize));
    m_extadd(m, buf, kExternalSize, FreeExternal, nullptr, nullptr, 0, EXT_DISPOSABLE);
  } else {
    auto* counted = new Counted;
    m_extaddref(m, counted->buf, kExternalSize, &counted->count, FreeCounted, nullptr, counted);
  }
}

void AddBuffer(ByteSource* source, mbuf* m) {
  uint32_t kind = source->Below(18);
  if (kind >= 15) {
    AddCallersBuffer(source, m, static_cast<int>(kind - 15));
  } else if (kind >= 12) {
    constexpr int kSizes[] = {MJUMPAGESIZE, MJUM9BYTES, MJUM16BYTES};
    m_cljget(m, M_WAIT, kSizes[kind - 12]);
  } else if (kind >= 8) {
    m_clget(m, M_WAIT);
  }
}

mbuf* MakeOne(ByteSource* source, bool packet, Flat* flat) {
  int type = source->OneIn(16) ? MT_CONTROL : MT_DATA;
  mbuf* m = packet ? m_gethdr(M_WAIT, type) : m_get(M_WAIT, type);
  AddBuffer(source, m);
  int len = source->OneIn(6) ? 0 : source->Length(M_SIZE(m));
  m->m_data += source->Length(M_SIZE(m) - len);
  m->m_len = len;
  if (!(m->m_flags & M_RDONLY)) {
    memcpy(m->m_data, RandomBytes(source, len), static_cast<size_t>(len));
  }
  flat->bytes.insert(flat->bytes.end(), m->m_data, m->m_data + len);
  if (source->OneIn(40)) m->m_flags |= M_RDONLY;
  if (source->OneIn(12)) {
    m->m_flags |= M_EOR;
    flat->AddMark(flat->Size());
  }
  return m;
}

}  // namespace

const char* RandomBytes(ByteSource* source, int /*len*/) {
  return Pages() + source->Below(kMaxRandom);
}

mbuf* MakeChain(ByteSource* source, Flat* flat) {
  flat->packet = source->Below(3) != 0;
  mbuf* top = MakeOne(source, flat->packet, flat);
  mbuf* last = top;
  for (uint32_t n = source->OneIn(8) ? source->Below(12) : source->Below(4); n > 0; --n) {
    last->m_next = MakeOne(source, false, flat);
    last = last->m_next;
  }
  if (!flat->packet) return top;
  flat->header = source->Below(1 << 24);
  FillHeader(top, flat->header);
  for (uint32_t flag : kFlags) {
    if (source->OneIn(4)) flat->flags |= flag;
  }
  top->m_flags |= flat->flags;
  top->m_pkthdr.len = flat->Size();
  return top;
}

long CallersBuffers() { return callers_buffers; }

}  // namespace weir
