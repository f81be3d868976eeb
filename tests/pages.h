// What the kernel says of memory.
#ifndef WEIR_TESTS_PAGES_H_
#define WEIR_TESTS_PAGES_H_

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace weir {

// How many 4 KiB pages of [p, p + bytes) are there.
inline size_t Resident(const void* p, size_t bytes) {
  std::vector<unsigned char> there(bytes / 4096);
  mincore(const_cast<void*>(p), bytes, there.data());
  return static_cast<size_t>(
      std::count_if(there.begin(), there.end(), [](unsigned char c) { return c & 1; }));
}

// Whether the mapping of p has a flag of proc(5)'s VmFlags: "hg" asks for huge pages, "ht" has
// reserved ones.
inline bool HasFlag(const void* p, const std::string& flag) {
  std::ifstream smaps("/proc/self/smaps");
  bool here = false;
  for (std::string line; std::getline(smaps, line);) {
    unsigned long from, to;
    if (sscanf(line.c_str(), "%lx-%lx ", &from, &to) == 2) {
      uintptr_t at = reinterpret_cast<uintptr_t>(p);
      here = at >= from && at < to;
    } else if (here && line.starts_with("VmFlags:")) {
      std::istringstream flags(line);
      for (std::string word; flags >> word;) {
        if (word == flag) return true;
      }
    }
  }
  return false;
}

}  // namespace weir

#endif  // WEIR_TESTS_PAGES_H_
