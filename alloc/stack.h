// The functions that are being called, for reports. Not in signal handlers: the unwinder may take
// locks. Nothing is allocated from weir.
#ifndef WEIR_ALLOC_STACK_H_
#define WEIR_ALLOC_STACK_H_

#include <cstdint>

namespace weir {

class Stack {
 public:
  // Of the caller's caller, and those that called it.
  void Take();

  // The same for the same calls in this process.
  uint64_t Hash() const;
  // Whether the text of one of the functions, as Print has it, contains this.
  bool Has(const char* part) const;
  // One line on stderr for each: "  program+0x1a2b name". The name is there if dlsym could find it.
  void Print() const;

 private:
  static constexpr int kMost = 24;

  int size_ = 0;
  void* calls_[kMost];
};

}  // namespace weir

#endif  // WEIR_ALLOC_STACK_H_
