// A deterministic scheduler: runs a small program of two or three threads in every order that
// matters, or in many random ones, and checks each.
//
// The code under test is compiled against tests/model/atomic.h, where each atomic operation is a
// step: the thread announces it, and the scheduler chooses whose step is next. Memory is that of
// x86: a store that is not seq_cst goes into the thread's store buffer and becomes visible in a
// step of its own, any time later, in order; read-modify-writes, seq_cst stores and system calls
// wait for the buffer; HeavyFence() empties all buffers. What weaker machines may do besides shows
// as a data race on model::Plain variables, by vector clocks.
//
// Orders that differ only in steps that do not touch the same memory are one order: sleep sets
// (Godefroid) leave out the others. With Options::delays the search is bounded instead: at most so
// many times does a thread not run on, or a store not become visible, as soon as it could.
//
// WEIR_MODEL_DELAYS=<n> allows n more than a test says.
//
// A failure names its schedule; WEIR_MODEL_SCHEDULE=<it> runs that one alone, step by step.
#ifndef WEIR_TESTS_MODEL_SCHEDULER_H_
#define WEIR_TESTS_MODEL_SCHEDULER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tests/model/clock.h"

namespace weir::model {

struct Program {
  std::function<void()> setup = [] {};         // before each run
  std::vector<std::function<void()>> threads;  // must not own memory: a run may be cut short
  std::function<void()> check = [] {};         // after each complete run
};

struct Options {
  int delays = -1;       // -1: all orders
  long random_runs = 0;  // instead: so many random orders
  long max_runs = 20000000;
  long max_steps = 2000;  // of one run; more is a livelock
  int spurious = 0;       // compare_exchange_weak fails for no reason at most so often in a run
  bool store_buffers = true;
  bool membarrier = true;  // what AsymmetricFence() says
};

struct Result {
  long runs = 0;
  long cut = 0;           // runs given up because others cover them
  bool complete = false;  // all orders (within `delays`) were run
  std::string failure;    // of the first run that failed, with its schedule; else empty
};

// Runs the program until an order fails or all have been run, and prints how many there were.
Result Explore(const char* name, const Program& program, const Options& options = {});

// Ends the run as failed: from a thread, or from check.
void Fail(const std::string& why);
// Ends the run here as complete, the other threads where they are: they are not there in a child.
void Stop();
#define MODEL_CHECK(condition)                                                         \
  do {                                                                                 \
    if (!(condition)) ::weir::model::Fail(std::string("check failed: ") + #condition); \
  } while (0)

// The calling thread, or kMain.
int Self();
// Another thread makes a step first, if any can.
void Yield();
// As futex(2).
void Wait(const void* word, const std::function<bool()>& same);
void Wake(const void* word, int n);
// Whether a compare-and-swap that could succeed fails all the same, here and now.
bool FailsForNoReason();
// Empties all store buffers.
void FlushAll();
bool Membarrier();

// ---- For atomics ----

enum class Kind : uint8_t {
  kResume,  // nothing that others can see
  kLoad,
  kBuffer,  // a store, into the own buffer
  kFlush,   // the oldest store of a buffer becomes visible
  kWrite,   // a read-modify-write, a seq_cst store
  kAll      // conflicts with every step
};
struct Step {
  Kind kind;
  const void* where;
};
struct Store {
  void* value;
  Clock* sync;  // of the atomic
  Clock clock;  // what it publishes
  uint64_t bits;
  uint32_t bytes;
};

// Whether threads are running: outside, operations are plain.
bool Running();
bool Buffers();
// Returns when the calling thread is to make this step.
void Reach(Step step);
// The newest store of the calling thread to this address that is not visible yet, or nullptr.
const Store* Buffered(const void* value);
void Buffer(const Store& store);
// The calling thread's clock; Tick after each step.
Clock& Now();
void Tick();
// Of memory that has no clock of its own, as behind an atomic_ref.
Clock& SyncOf(const void* where);
void Trace(const char* what, const void* where, uint64_t value);

}  // namespace weir::model

#endif  // WEIR_TESTS_MODEL_SCHEDULER_H_
