#include "weir/alloc/hooks.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace weir {

namespace {
constexpr unsigned char kFill = 0xdb;
}  // namespace

void FillFree(void* object, size_t from, size_t to) {
  memset(static_cast<char*>(object) + from, kFill, to - from);
}

void VerifyFree(int zone, const void* object, size_t from, size_t to) {
  const auto* p = static_cast<const unsigned char*>(object);
  for (size_t i = from; i < to; ++i) {
    if (p[i] == kFill) continue;
    fprintf(stderr, "weir: zone %s: %p was written to while it was free: byte %zu is 0x%02x\n",
            weir_zone_name(zone), object, i, p[i]);
    abort();
  }
}

}  // namespace weir
