#include "weir/alloc/stack.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace weir {
namespace {

// Take itself.
constexpr int kSkipped = 1;

// The text of one call; the length written.
int Describe(const void* call, char* text, size_t size) {
  // What is on the stack is where the call returns to, which can be the next function.
  const uintptr_t at = reinterpret_cast<uintptr_t>(call) - 1;
  Dl_info info = {};
  if (dladdr(reinterpret_cast<void*>(at), &info) == 0 || info.dli_fname == nullptr) {
    return snprintf(text, size, "%#lx", at);
  }
  const char* slash = strrchr(info.dli_fname, '/');
  return snprintf(text, size, "%s+%#lx %s", slash == nullptr ? info.dli_fname : slash + 1,
                  at - reinterpret_cast<uintptr_t>(info.dli_fbase),
                  info.dli_sname == nullptr ? "" : info.dli_sname);
}

}  // namespace

void Stack::Take() {
  void* all[kMost + kSkipped];
  const int n = backtrace(all, kMost + kSkipped);
  size_ = std::max(0, n - kSkipped);
  std::copy_n(all + kSkipped, size_, calls_);
}

uint64_t Stack::Hash() const {
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a, over whole addresses
  for (int i = 0; i < size_; ++i) {
    hash = (hash ^ reinterpret_cast<uintptr_t>(calls_[i])) * 0x100000001b3;
  }
  return hash | 1;  // never 0
}

bool Stack::Has(const char* part) const {
  char text[320];
  for (int i = 0; i < size_; ++i) {
    Describe(calls_[i], text, sizeof text);
    if (strstr(text, part) != nullptr) return true;
  }
  return false;
}

void Stack::Print() const {
  char line[320] = "  ";
  for (int i = 0; i < size_; ++i) {
    const int room = static_cast<int>(sizeof line) - 3;
    int n = 2 + std::min(Describe(calls_[i], line + 2, static_cast<size_t>(room)), room - 1);
    line[n++] = '\n';
    if (write(STDERR_FILENO, line, static_cast<size_t>(n)) < 0) return;
  }
}

}  // namespace weir
