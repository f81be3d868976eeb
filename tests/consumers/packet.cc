// packet.c in C++, where allocating and freeing is inline.
#include <weir/chain/chain.h>
#include <weir/chain/cursor.h>
#include <weir/chain/drain_handler.h>
#include <weir/chain/pools.h>
#include <weir/chain/weir.h>
#include <weir/stats/version.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string_view>

namespace {

int wrong = 0;

void Check(bool right, const char* what) {
  if (right) return;
  std::fprintf(stderr, "wrong: %s\n", what);
  ++wrong;
}

void UsePacket() {
  mbuf* m = m_getcl(M_DONTWAIT, MT_DATA, M_PKTHDR);
  Check(m != nullptr && m_append(m, 16, "0123456789abcdef") == 1, "a packet of 16 bytes");
  weir::Chain head = weir::Chain::adopt(m);
  auto room = head.prepend(14);
  Check(room.size() == 14 && head.size() == 30, "14 bytes more in front");
  std::fill(room.begin(), room.end(), std::byte{'-'});
  weir::Chain tail = head.split_at(20);
  Check(head.to_string() == "--------------012345", "the head");
  Check(tail.to_string() == "6789abcdef", "the tail");
  Check(weir::Cursor(tail).find('a') == 4, "a cursor");
  Check(mbstat.m_mtypes[MT_DATA] >= 2, "mbufs in use");
}

}  // namespace

int main() {
  UsePacket();
  struct weir_snapshot figures;
  weir_snapshot(&figures);
  const weir_zone_snapshot& mbufs = figures.zones[WEIR_ZONE_MBUF];
  std::printf("weir %s: %lld mbufs in use, %llu allocated\n", figures.version,
              static_cast<long long>(mbufs.in_use), static_cast<unsigned long long>(mbufs.allocs));
  Check(std::strcmp(figures.version, WEIR_VERSION) == 0, "the version of the library");
  Check(mbufs.allocs >= 2, "the count of allocations");
  Check(mbufs.in_use == 0, "everything is back");
  if (wrong == 0) std::puts("right");
  return wrong != 0;
}
