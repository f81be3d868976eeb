#include "weir/alloc/stack.h"

#include <dlfcn.h>
#include <unistd.h>
#include <unwind.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "weir/alloc/sanitize.h"
#include "weir/stats/atomic.h"

namespace weir {
namespace {

constinit Atomic<NameCall> name_call{DescribeCall};

struct Unwinding {
  void** calls;
  void* const** slots;  // or nullptr
  int n;
};

WEIR_UNWATCHED _Unwind_Reason_Code OnFrame(_Unwind_Context* frame, void* arg) {
  auto& u = *static_cast<Unwinding*>(arg);
  void* const call = reinterpret_cast<void*>(_Unwind_GetIP(frame));
  if (call == nullptr) return _URC_END_OF_STACK;
  if (u.n >= 0) {  // -1: Take itself
    u.calls[u.n] = call;
    if (u.slots != nullptr) {
      // On x86-64 a return address is the word below the frame of who called. Not so for a frame
      // that a signal interrupted.
      void* const* slot = reinterpret_cast<void* const*>(_Unwind_GetCFA(frame)) - 1;
#ifdef __x86_64__
      u.slots[u.n] = u.n == 0 || *slot == call ? slot : nullptr;
#else
      u.slots[u.n] = (static_cast<void>(slot), nullptr);
#endif
    }
  }
  return ++u.n == Stack::kMost ? _URC_END_OF_STACK : _URC_NO_REASON;
}

}  // namespace

bool DescribeCall(const void* call, char* text, size_t size) {
  // What is on the stack is where the call returns to, which can be the next function.
  const uintptr_t at = reinterpret_cast<uintptr_t>(call) - 1;
  Dl_info info = {};
  if (dladdr(reinterpret_cast<void*>(at), &info) == 0 || info.dli_fname == nullptr) {
    snprintf(text, size, "%#lx", at);
    return true;
  }
  const char* slash = strrchr(info.dli_fname, '/');
  snprintf(text, size, "%s+%#lx %s", slash == nullptr ? info.dli_fname : slash + 1,
           at - reinterpret_cast<uintptr_t>(info.dli_fbase),
           info.dli_sname == nullptr ? "" : info.dli_sname);
  return true;
}

// [H13] release: pairs with [H14].
void SetNameCall(NameCall name) {
  name_call.store(name == nullptr ? DescribeCall : name, std::memory_order_release);
}
// [H14] acquire: pairs with [H13]; what the function needs is there.
NameCall CurrentNameCall() { return name_call.load(std::memory_order_acquire); }

// Not backtrace(), which loads a library when it is first called.
void Stack::Take(void* const** slots) {
  Unwinding u = {calls_, slots, -1};
  _Unwind_Backtrace(OnFrame, &u);
  size_ = std::max(0, u.n);
}

bool Stack::operator==(const Stack& other) const {
  return size_ == other.size_ && std::equal(calls_, calls_ + size_, other.calls_);
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
    DescribeCall(calls_[i], text, sizeof text);
    if (strstr(text, part) != nullptr) return true;
  }
  return false;
}

void Stack::Print() const { Print(DescribeCall); }

void Stack::Print(NameCall name) const {
  char line[320] = "  ";
  for (int i = 0; i < size_; ++i) {
    if (!name(calls_[i], line + 2, sizeof line - 3)) continue;
    const size_t n = strlen(line);
    line[n] = '\n';
    if (write(STDERR_FILENO, line, n + 1) < 0) return;
  }
}

}  // namespace weir
