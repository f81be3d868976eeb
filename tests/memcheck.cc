// What tests/memcheck_test.sh runs under Valgrind's Memcheck: one fault, or none.
#include <cstdio>
#include <cstring>
#include <thread>

#include "weir/chain/mbuf.h"
#include "weir/chain/weir.h"

namespace {

// Everything in order: chains, shared clusters, another thread.
void Clean() {
  mbuf* m = m_getcl(M_WAIT, MT_DATA, M_PKTHDR);
  memset(m->m_data, 7, 1500);
  m->m_len = m->m_pkthdr.len = 1500;
  mbuf* copy = m_copypacket(m, M_WAIT);
  mbuf* tail = m_split(copy, 700, M_WAIT);
  m = m_pullup(m, 1500);
  m = m_prependlen(m, 14, M_WAIT);
  memset(m->m_data, 1, 14);
  std::thread([tail] { m_freem(tail); }).join();
  m_freem(copy);
  m_freem(m);
}

void Overrun() {
  mbuf* m = m_getcl(M_WAIT, MT_DATA, 0);
  m->m_data[MCLBYTES] = 1;
  m_freem(m);
}

void Underrun() {
  mbuf* m = m_getcl(M_WAIT, MT_DATA, 0);
  m->m_data[-1] = 1;
  m_freem(m);
}

void UseAfterFree() {
  mbuf* m = m_get(M_WAIT, MT_DATA);
  char* data = m->m_dat;
  m_free(m);
  data[0] = 1;
}

void Leak() { m_getjcl(M_WAIT, MT_DATA, M_PKTHDR, MJUM9BYTES); }

void Uninitialised() {
  mbuf* m = m_getcl(M_WAIT, MT_DATA, 0);
  if (m->m_data[3] == 1) putchar('x');
  m_freem(m);
}

constexpr struct {
  const char* name;
  void (*run)();
} kWorks[] = {
    {"clean", Clean},
    {"overrun", Overrun},
    {"underrun", Underrun},
    {"use-after-free", UseAfterFree},
    {"leak", Leak},
    {"uninitialised", Uninitialised},
};

}  // namespace

int main(int argc, char** argv) {
  for (const auto& work : kWorks) {
    if (argc == 2 && strcmp(argv[1], work.name) == 0) {
      work.run();
      return 0;
    }
  }
  return 2;
}
