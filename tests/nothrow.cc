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

void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return weir::FailsNow() ? nullptr : ::operator new(size);
}

void* operator new(std::size_t size, std::align_val_t align, const std::nothrow_t&) noexcept {
  return weir::FailsNow() ? nullptr : ::operator new(size, align);
}
