// A plain variable of a model test, which fails the run when two threads touch it without one
// happening before the other: what ThreadSanitizer would find, in every order.
#ifndef WEIR_TESTS_MODEL_PLAIN_H_
#define WEIR_TESTS_MODEL_PLAIN_H_

#include "tests/model/scheduler.h"

namespace weir::model {

template <typename T>
class Plain {
 public:
  Plain() = default;
  explicit Plain(T v) : value_(v) {}

  T Read() {
    if (Running()) {
      CheckAfterWrite();
      read_.at[Self()] = Now().at[Self()];
    }
    return value_;
  }
  void Write(T v) {
    if (Running()) {
      CheckAfterWrite();
      for (int i = 0; i <= kMaxThreads; ++i) {
        if (i != Self() && read_.at[i] > Now().at[i]) Fail("data race: a write and a read before");
      }
      writer_ = Self();
      written_ = Now().at[writer_];
    }
    value_ = v;
  }

 private:
  void CheckAfterWrite() {
    if (writer_ != Self() && written_ > Now().at[writer_]) Fail("data race: with a write before");
  }

  T value_ = T();
  int writer_ = kMain;
  uint16_t written_ = 0;
  Clock read_ = {};
};

}  // namespace weir::model

#endif  // WEIR_TESTS_MODEL_PLAIN_H_
