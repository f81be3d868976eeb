// The threads of a model: fibers of one real thread, so that a switch costs no system call to
// wake anybody and a schedule repeats exactly. Each has its own copy of the program's
// thread-local variables.
#ifndef WEIR_TESTS_MODEL_FIBER_H_
#define WEIR_TESTS_MODEL_FIBER_H_

namespace weir::model {

// Fibers 0 .. kMaxThreads-1, and kMain, which is the caller itself.
// Makes fiber i start in entry(i) when it is next switched to, with fresh thread-local variables;
// whatever it did before is forgotten, its stack not unwound. entry must not return.
void StartFiber(int i, void (*entry)(int));
// From fiber `from`, which is running, to fiber `to`.
void SwitchFiber(int from, int to);

}  // namespace weir::model

#endif  // WEIR_TESTS_MODEL_FIBER_H_
