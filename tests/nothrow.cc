#include "tests/nothrow.h"

#include <cstddef>
#include <new>

namespace weir {
namespace {

thread_local long fail_nth = -1;

bool FailsNow() { return fail_nth >= 0 && fail_nth-- == 0; }

}  // namespace

void FailNothrow(long nth) { fail_nth = nth; }

}  // namespace weir

// The linker's --wrap sends calls of both nothrow operators here (see BUILD.bazel). Definitions of
// the operators themselves would clash with those of clang's sanitizers.
extern "C" {

void* __real__ZnwmRKSt9nothrow_t(std::size_t size, const std::nothrow_t& tag) noexcept;
void* __real__ZnwmSt11align_val_tRKSt9nothrow_t(std::size_t size, std::align_val_t align,
                                                const std::nothrow_t& tag) noexcept;

void* __wrap__ZnwmRKSt9nothrow_t(std::size_t size, const std::nothrow_t& tag) noexcept {
  return weir::FailsNow() ? nullptr : __real__ZnwmRKSt9nothrow_t(size, tag);
}

void* __wrap__ZnwmSt11align_val_tRKSt9nothrow_t(std::size_t size, std::align_val_t align,
                                                const std::nothrow_t& tag) noexcept {
  return weir::FailsNow() ? nullptr : __real__ZnwmSt11align_val_tRKSt9nothrow_t(size, align, tag);
}

}  // extern "C"
