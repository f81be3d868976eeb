#include "weir/stats/symbols.h"

#include <dlfcn.h>

#include <cstdint>
#include <cstdio>
#include <cstring>

#include "absl/debugging/symbolize.h"

namespace weir {

bool SymbolizeCall(const void* call, char* name, size_t size) {
  // What is on the stack is where the call returns to, which can be the next function.
  const char* at = static_cast<const char*>(call) - 1;
  static const bool ready = (absl::InitializeSymbolizer(nullptr), true);
  if (ready && absl::Symbolize(at, name, static_cast<int>(size))) return true;
  Dl_info info = {};
  if (dladdr(at, &info) == 0 || info.dli_fname == nullptr) return false;
  const char* slash = strrchr(info.dli_fname, '/');
  snprintf(name, size, "%s+%#lx", slash == nullptr ? info.dli_fname : slash + 1,
           reinterpret_cast<uintptr_t>(at) - reinterpret_cast<uintptr_t>(info.dli_fbase));
  return true;
}

}  // namespace weir
