// Validating a chain, and printing it.
#include "weir/chain/verify.h"

#include <algorithm>
#include <cctype>
#include <cstdio>

#include "weir/chain/ext.h"
#include "weir/chain/inline.h"
#include "weir/chain/record.h"

namespace weir {
namespace {

const char* ExtFault(const mbuf* m) {
  const m_ext& ext = m->m_ext;
  if (ext.ext_buf == nullptr) return "M_EXT without a buffer";
  if (ext.ext_size > INT32_MAX) return "ext_size out of range";
  if (ext.ext_type <= EXT_GUARDED) {
    const int zone = ZoneOfSize(static_cast<int>(ext.ext_size));
    if (zone < 0 || m_extzone(m) != zone) {
      return "ext_size is not the size of this type of cluster";
    }
  } else if (ext.ext_type < EXT_NET_DRV || ext.ext_type > EXT_EXTREF) {
    return "unknown ext_type";
  }
  if (ext.ext_cnt != nullptr && m_extrefcnt(m) == 0) return "the buffer has no reference left";
  return nullptr;
}

const char* MbufFault(const mbuf* m) {
  if (m->m_state == MbufState(m, kMbufFree)) return "mbuf is free";
  if (!Live(m, m->m_pool)) return "not an mbuf, or overwritten";
  if (m->m_type < 0 || m->m_type >= MT_NTYPES) return "m_type out of range";
  if (m->m_flags & M_EXT) {
    if (const char* fault = ExtFault(m)) return fault;
    if (IsPacket(m) && (m->m_ext.ext_cnt != nullptr || m->m_ext.ext_type != EXT_PACKET ||
                        ExtRecorded(m))) {
      return "the buffer is not the mbuf's own";
    }
  }
  // As numbers: pointers into different objects may not be compared.
  uintptr_t start = reinterpret_cast<uintptr_t>(M_START(m));
  uintptr_t data = reinterpret_cast<uintptr_t>(m->m_data);
  int64_t size = M_SIZE(m);
  if (m->m_len < 0) return "m_len is negative";
  if (data < start || data - start > static_cast<uintptr_t>(size)) return "m_data outside buffer";
  if (static_cast<int64_t>(data - start) + m->m_len > size) return "data runs past the buffer";
  return nullptr;
}

const char* HeaderFault(const mbuf* m, int64_t total) {
  if (!(m->m_flags & M_PKTHDR)) return nullptr;
  return m->m_pkthdr.len == total ? nullptr : "m_pkthdr.len is not the sum of m_len";
}

const char* LinkFault(const mbuf* m) {
  if (m->m_flags & M_PKTHDR) return "M_PKTHDR behind the first mbuf";
  if (m->m_nextpkt != nullptr) return "m_nextpkt behind the first mbuf";
  return nullptr;
}

struct Name {
  uint32_t flag;
  const char* name;
};
constexpr Name kNames[] = {
    {M_EXT, "ext"},     {M_PKTHDR, "pkthdr"}, {M_EOR, "eor"},      {M_RDONLY, "rdonly"},
    {M_BCAST, "bcast"}, {M_MCAST, "mcast"},   {M_VLANTAG, "vlan"}, {M_TSTMP, "tstmp"},
    {M_LINK0, "link0"}, {M_LINK1, "link1"},   {M_LINK2, "link2"},
};

void PrintMbuf(const mbuf* m) {
  fprintf(stderr, "mbuf %p: type %d, len %d, data at %td of %d", static_cast<const void*>(m),
          m->m_type, m->m_len, m->m_data - M_START(m), M_SIZE(m));
  for (const Name& n : kNames) {
    if (m->m_flags & n.flag) fprintf(stderr, " %s", n.name);
  }
  if (m->m_flags & M_PROTOFLAGS) fprintf(stderr, " proto %#x", m->m_flags & M_PROTOFLAGS);
  if (m->m_flags & M_EXT) {
    fprintf(stderr, ", ext type %u, refs %u", m->m_ext.ext_type, m_extrefcnt(m));
  }
  if (m->m_flags & M_PKTHDR) fprintf(stderr, ", packet len %d", m->m_pkthdr.len);
  fputc('\n', stderr);
}

void PrintData(const char* data, int len) {
  constexpr int kRow = 16;
  for (int at = 0; at < len; at += kRow) {
    int n = std::min(kRow, len - at);
    fprintf(stderr, "  %04x ", static_cast<unsigned>(at));
    for (int i = 0; i < kRow; ++i) {
      if (i < n) {
        fprintf(stderr, " %02x", static_cast<unsigned char>(data[at + i]));
      } else {
        fputs("   ", stderr);
      }
    }
    fputs("  ", stderr);
    for (int i = 0; i < n; ++i) {
      unsigned char c = static_cast<unsigned char>(data[at + i]);
      fputc(isprint(c) ? c : '.', stderr);
    }
    fputc('\n', stderr);
  }
}

}  // namespace

const char* FindFault(const mbuf* m) {
  if (m == nullptr) return "no chain";
  const mbuf* first = m;
  const mbuf* slow = m;  // half as fast: meets m if the chain is a loop
  int64_t total = 0;
  for (bool odd = false; m != nullptr; odd = !odd) {
    if (const char* fault = MbufFault(m)) return fault;
    if (m != first) {
      if (const char* fault = LinkFault(m)) return fault;
    }
    total += m->m_len;
    m = m->m_next;
    if (odd) slow = slow->m_next;
    if (m == slow) return "the chain is a loop";
  }
  return HeaderFault(first, total);
}

}  // namespace weir

extern "C" {

int m_sanity(struct mbuf* m, int /*sanitize*/) { return weir::FindFault(m) == nullptr; }

void m_print(const struct mbuf* m, int maxlen) {
  if (m == nullptr) fputs("no mbuf\n", stderr);
  int64_t left = maxlen < 0 ? INT64_MAX : maxlen;
  for (; m != nullptr; m = m->m_next) {
    const char* fault = weir::MbufFault(m);
    if (fault != nullptr) {
      fprintf(stderr, "mbuf %p: %s\n", static_cast<const void*>(m), fault);
      return;  // its links mean nothing
    }
    weir::PrintMbuf(m);
    int count = static_cast<int>(std::min<int64_t>(left, m->m_len));
    weir::PrintData(m->m_data, count);
    left -= count;
  }
}

}  // extern "C"
