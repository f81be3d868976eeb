// A plugin: a shared object that has weir in it, for life_dlopen_test.cc, which has not.
#include <cstring>

#include "weir/chain/mbuf.h"
#include "weir/chain/weir.h"

// 0 if n packets could be had, written and given back.
extern "C" __attribute__((visibility("default"))) int PluginUse(int n) {
  mbuf* all = nullptr;
  int wrong = 0;
  for (int i = 0; i < n; ++i) {
    mbuf* m = i % 2 == 0 ? m_getcl(M_DONTWAIT, MT_DATA, M_PKTHDR) : m_get(M_DONTWAIT, MT_DATA);
    if (m == nullptr) {
      ++wrong;
      break;
    }
    m->m_len = 100;
    memset(m->m_data, i, 100);
    m->m_next = all;
    all = m;
  }
  for (mbuf* m = all; m != nullptr; m = m->m_next) wrong += m->m_data[0] != m->m_data[99];
  m_freem(all);
  return wrong;
}

// Mbufs and clusters that somebody holds.
extern "C" __attribute__((visibility("default"))) long PluginInUse() {
  struct weir_snapshot s;
  weir_snapshot(&s);
  return static_cast<long>(s.zones[WEIR_ZONE_MBUF].in_use + s.zones[WEIR_ZONE_CLUSTER].in_use);
}
