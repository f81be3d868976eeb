// The functions that are being called, for reports. Nothing is allocated, from weir or elsewhere,
// and no lock is taken where the C library finds unwind tables without one (glibc 2.35 and later).
#ifndef WEIR_ALLOC_STACK_H_
#define WEIR_ALLOC_STACK_H_

#include <cstddef>
#include <cstdint>

namespace weir {

// The text of one call, as Stack::Print has it, of at most size - 1 bytes. False: none.
using NameCall = bool (*)(const void* call, char* text, size_t size);
bool DescribeCall(const void* call, char* text, size_t size);
// Another function for the same; nullptr: that one again. For reports that are not made in signal
// handlers.
void SetNameCall(NameCall name);
NameCall CurrentNameCall();

class Stack {
 public:
  static constexpr int kMost = 24;

  // Of the caller's caller, and those that called it. `slots`: where each return address lies on
  // the stack, kMost of them, for alloc/stack_memo.h; nullptr where it does not.
  void Take(void* const** slots = nullptr);

  // The same for the same calls in this process.
  uint64_t Hash() const;
  // Whether the text of one of the functions, as Print has it, contains this.
  bool Has(const char* part) const;
  // One line on stderr for each: "  program+0x1a2b name". The name is there if dlsym could find it.
  void Print() const;
  void Print(NameCall name) const;

  int size() const { return size_; }
  void* const* calls() const { return calls_; }
  bool operator==(const Stack& other) const;

 private:
  int size_ = 0;
  void* calls_[kMost];
};

}  // namespace weir

#endif  // WEIR_ALLOC_STACK_H_
