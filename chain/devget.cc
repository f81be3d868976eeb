// Packets out of device memory, which only `copy` may know how to read.
#include <algorithm>
#include <cstring>

#include "weir/chain/walk.h"

namespace weir {
namespace {

using Copy = void (*)(const void* from, void* to, size_t len);

// The bytes of a packet in device memory: one piece, then another that may be empty.
class Source {
 public:
  Source(const char* a, int a_len, const char* b, int b_len, Copy copy)
      : at_(a), left_(a_len), next_(b), next_len_(b_len), copy_(copy) {}

  int Left() const { return left_ + next_len_; }

  void Read(char* to, int len) {
    while (len > 0) {
      if (left_ == 0) {
        at_ = next_;
        left_ = next_len_;
        next_len_ = 0;
      }
      int count = std::min(len, left_);
      if (copy_ != nullptr) {
        copy_(at_, to, static_cast<size_t>(count));
      } else {
        memcpy(to, at_, static_cast<size_t>(count));
      }
      at_ += count;
      left_ -= count;
      to += count;
      len -= count;
    }
  }

 private:
  const char* at_;
  int left_;
  const char* next_;
  int next_len_;
  Copy copy_;
};

// The next mbuf of the packet, with `lead` bytes of room in front, filled.
mbuf* ReadOne(Source* source, int lead, uint32_t flags) {
  int own = (flags & M_PKTHDR) ? MHLEN : MLEN;
  int need = static_cast<int>(std::min<int64_t>(int64_t{source->Left()} + lead, MCLBYTES));
  mbuf* m = m_get2(need <= own ? need : MCLBYTES, M_DONTWAIT, MT_DATA, static_cast<int>(flags));
  if (m == nullptr) return nullptr;
  m->m_data += lead;
  m->m_len = need - lead;
  source->Read(m->m_data, m->m_len);
  return m;
}

mbuf* ReadPacket(Source source, int lead, ifnet* ifp) {
  int len = source.Left();
  mbuf* top = ReadOne(&source, lead, M_PKTHDR);
  if (top == nullptr) return nullptr;
  top->m_pkthdr.rcvif = ifp;
  top->m_pkthdr.len = len;
  for (mbuf* m = top; source.Left() > 0; m = m->m_next) {
    m->m_next = ReadOne(&source, 0, 0);
    if (m->m_next == nullptr) return FailAndFree(top, errno);
  }
  return top;
}

}  // namespace
}  // namespace weir

extern "C" {

struct mbuf* m_devget(char* buf, int totlen, int off, struct ifnet* ifp,
                      void (*copy)(const void* from, void* to, size_t len)) {
  if (buf == nullptr || totlen <= 0 || off < 0 || off > MHLEN) return weir::Fail(EINVAL);
  return weir::ReadPacket(weir::Source(buf, totlen, nullptr, 0, copy), off, ifp);
}

struct mbuf* m_devget_trailer(char* buf, int totlen, int off, struct ifnet* ifp,
                              void (*copy)(const void* from, void* to, size_t len)) {
  constexpr int kTypeAndLength = 4;  // in front of the trailing header, not part of the packet
  int skip = off == 0 ? 0 : kTypeAndLength;
  if (buf == nullptr || off < 0 || totlen <= skip || off > totlen - skip) {
    return weir::Fail(EINVAL);
  }
  int len = totlen - skip;
  int lead = std::max(max_linkhdr, 0);
  if (lead > MHLEN - std::min(len, MHLEN)) lead = 0;  // only a small packet is shifted, as in 1999
  weir::Source source(buf + off + skip, len - off, buf, off, copy);
  return weir::ReadPacket(source, lead, ifp);
}

}  // extern "C"
