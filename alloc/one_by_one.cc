#include "weir/alloc/one_by_one.h"

#include <valgrind/memcheck.h>

#include <cstddef>
#include <cstdlib>

#include "weir/alloc/layout.h"
#include "weir/alloc/sanitize.h"
#include "weir/alloc/slab.h"

namespace weir {
namespace {

constexpr size_t kLine = sizeof(CountLine);
// AddressSanitizer tells eight bytes apart from the next eight.
constexpr size_t kCountBytes = 8;

void* LineOf(void* cluster) { return static_cast<char*>(cluster) - kLine; }

}  // namespace

void* MakeOneObject(int zone) {
  const size_t bytes = kObjectBytes[zone];
  if (zone == WEIR_ZONE_MBUF) return aligned_alloc(bytes, bytes);
  char* line = static_cast<char*>(aligned_alloc(kLine, kLine + bytes));
  if (line == nullptr) return nullptr;
  Poison(line + kCountBytes, kLine - kCountBytes);
  (void)VALGRIND_MAKE_MEM_NOACCESS(line + kCountBytes, kLine - kCountBytes);
  return line + kLine;
}

void DropOneObject(int zone, void* object) {
  free(zone == WEIR_ZONE_MBUF ? object : LineOf(object));
}

uint32_t* OneObjectCount(void* cluster) { return static_cast<uint32_t*>(LineOf(cluster)); }

bool UnderMemcheck() {
  // Only Memcheck knows the request; else, and without Valgrind, the answer is 0.
  char byte = 0;
  return static_cast<int>(VALGRIND_MAKE_MEM_DEFINED(&byte, 1)) != 0;
}

}  // namespace weir
