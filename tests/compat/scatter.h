// The same bytes as a chain of random shape, for tests of sources that must not care.
#ifndef WEIR_TESTS_COMPAT_SCATTER_H_
#define WEIR_TESTS_COMPAT_SCATTER_H_

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>

#include "tests/byte_source.h"
#include "weir/chain/mbuf.h"

namespace weir {

// WEIR_SEED from the environment, or a random one; printed.
inline ByteSource Seeded() {
  const char* value = getenv("WEIR_SEED");
  uint64_t seed = value == nullptr ? std::random_device()() : strtoull(value, nullptr, 10);
  printf("WEIR_SEED=%llu\n", static_cast<unsigned long long>(seed));
  return ByteSource(seed);
}

inline std::string RandomString(ByteSource* source, size_t len) {
  std::string s(len, 0);
  for (char& c : s) c = static_cast<char>(source->Byte());
  return s;
}

// A packet that holds `bytes`, in mbufs with and without clusters, of odd lengths, some empty, at
// any address; but the first mbuf's data is aligned to `align` bytes. With one chance in four all
// of its clusters are shared with *other, which the caller must free too.
inline mbuf* Scatter(ByteSource* source, const std::string& bytes, mbuf** other, int align = 1) {
  mbuf* top = nullptr;
  mbuf** link = &top;
  size_t done = 0;
  do {
    mbuf* m = top == nullptr ? m_gethdr(M_WAIT, MT_DATA) : m_get(M_WAIT, MT_DATA);
    if (source->OneIn(3)) m_clget(m, M_WAIT);
    int lead = source->Length(M_SIZE(m) - 1);
    if (top == nullptr) lead -= lead % align;
    m->m_data += lead;
    size_t room = static_cast<size_t>(source->Length(M_SIZE(m) - lead));
    size_t len = std::min(bytes.size() - done, room);
    memcpy(m->m_data, bytes.data() + done, len);
    m->m_len = static_cast<int>(len);
    done += len;
    *link = m;
    link = &m->m_next;
  } while (done < bytes.size());
  top->m_pkthdr.len = static_cast<int>(bytes.size());
  *other = source->OneIn(4) ? m_copypacket(top, M_WAIT) : nullptr;
  return top;
}

}  // namespace weir

#endif  // WEIR_TESTS_COMPAT_SCATTER_H_
