#include "tests/model/scheduler.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>

#include "tests/model/fiber.h"
#include "tests/model/search.h"

namespace weir::model {
namespace {

struct Thread {
  Step next{Kind::kResume, nullptr};
  bool done = false;
  bool yielded = false;            // until another thread has made a step
  const void* sleeping = nullptr;  // on this word
  long slept = 0;                  // since this step
  bool late = false;               // runs on with stores in its buffer
  std::vector<Store> buffer;       // oldest first
  Clock clock;
};

enum class Outcome { kComplete, kCut, kFailed };

// One run of the program.
struct Run {
  const Program* program = nullptr;
  Options options;
  Search* search = nullptr;
  Thread threads[kMaxThreads];
  int count = 0;
  int self = kMain;
  long steps = 0;
  int spurious = 0;  // failures for no reason that are left
  Outcome outcome = Outcome::kComplete;
  std::string failure;
  std::map<const void*, Clock> syncs;
  bool trace = false;
  std::map<const void*, int> names;  // of addresses, in a trace
  Clock main;
};
Run run;

int NameOf(const void* where) {
  return run.names.emplace(where, static_cast<int>(run.names.size())).first->second;
}

// Transition t < kMaxThreads is the next step of a thread, t + kMaxThreads a flush of its buffer.
Step StepOf(int t) {
  if (t < kMaxThreads) return run.threads[t].next;
  return {Kind::kFlush, run.threads[t - kMaxThreads].buffer.front().value};
}

bool Dependent(const Step& a, const Step& b) {
  if (a.kind == Kind::kAll || b.kind == Kind::kAll) return true;
  if (a.kind == Kind::kResume || b.kind == Kind::kResume) return false;
  if (a.kind == Kind::kBuffer || b.kind == Kind::kBuffer) return false;
  return a.where == b.where && (a.kind != Kind::kLoad || b.kind != Kind::kLoad);
}

uint32_t Enabled() {
  uint32_t enabled = 0;
  for (int i = 0; i < run.count; ++i) {
    Thread& t = run.threads[i];
    if (!t.buffer.empty()) enabled |= 1u << (i + kMaxThreads);
    if (t.done || t.yielded || t.sleeping != nullptr) continue;
    bool drains = t.next.kind == Kind::kWrite || t.next.kind == Kind::kAll;
    if (t.buffer.empty() || !drains) enabled |= 1u << i;
  }
  return enabled;
}

// What happens if nothing is decided: stores become visible at once, the thread runs on.
int Default(uint32_t enabled) {
  const int c = run.self == kMain ? 0 : run.self;
  auto on = [enabled](int t) { return (enabled >> t & 1) != 0; };
  for (int k = 0; k < run.count; ++k) {
    const int i = (c + k) % run.count, flush = i + kMaxThreads;
    if (on(flush) && !(run.threads[i].late && on(i))) return flush;
    if (on(i)) return i;
  }
  return -1;
}

void Flush(Thread& t) {
  const Store s = t.buffer.front();
  t.buffer.erase(t.buffer.begin());
  memcpy(s.value, &s.bits, s.bytes);
  *s.sync = s.clock;
  if (t.buffer.empty()) t.late = false;
  Trace("  (visible)", s.value, s.bits);
}

void Deadlock() {
  run.outcome = Outcome::kFailed;
  run.failure = "deadlock: asleep:";
  for (int i = 0; i < run.count; ++i) {
    if (run.threads[i].sleeping != nullptr) run.failure += " thread " + std::to_string(i);
  }
}

// The thread whose step is next, after the flushes that come before it; kMain if the run is over.
int Next() {
  for (;;) {
    uint32_t enabled = Enabled();
    if (enabled == 0) {  // time goes by
      for (Thread& t : run.threads) t.yielded = false;
      enabled = Enabled();
    }
    if (enabled == 0) {
      bool all = true;
      for (int i = 0; i < run.count; ++i) all = all && run.threads[i].done;
      if (!all) Deadlock();
      return kMain;
    }
    if (++run.steps > run.options.max_steps) {
      run.outcome = Outcome::kFailed;
      run.failure = "livelock: " + std::to_string(run.steps) + " steps";
      return kMain;
    }
    const int chosen = run.search->Choose(enabled, Default(enabled));
    if (chosen < 0) {
      run.outcome = Outcome::kCut;
      return kMain;
    }
    const Step step = StepOf(chosen);
    run.search->Sleep([&](int t) { return Dependent(StepOf(t), step); });
    const int i = chosen % kMaxThreads;
    for (int k = 0; k < run.count; ++k) {
      if (k != i) run.threads[k].yielded = false;
    }
    if (chosen < kMaxThreads) {
      run.threads[i].late = !run.threads[i].buffer.empty();
      return i;
    }
    Flush(run.threads[i]);
  }
}

void Switch(int to) {
  if (to == run.self) return;
  const int from = run.self;
  run.self = to;
  SwitchFiber(from, to);
}

void ThreadMain(int i) {
  run.program->threads[i]();
  run.threads[i].done = true;
  Switch(Next());
  abort();
}

void RunOnce() {
  run.outcome = Outcome::kComplete;
  run.failure.clear();
  run.steps = 0;
  run.spurious = run.options.spurious;
  run.self = kMain;
  run.syncs.clear();
  run.names.clear();
  run.main = {};
  run.program->setup();
  for (int i = 0; i < run.count; ++i) {
    run.threads[i] = Thread();
    run.threads[i].clock = {};
    run.threads[i].clock.at[i] = 1;
    StartFiber(i, ThreadMain);
  }
  Switch(Next());
  run.self = kMain;
  if (run.outcome == Outcome::kComplete) run.program->check();
}

}  // namespace

bool Running() { return run.self != kMain; }
bool Buffers() { return run.options.store_buffers; }
bool Membarrier() { return run.options.membarrier; }
int Self() { return run.self; }
Clock& Now() { return Running() ? run.threads[run.self].clock : run.main; }
void Tick() { ++Now().at[run.self]; }
Clock& SyncOf(const void* where) { return run.syncs[where]; }

void Reach(Step step) {
  run.threads[run.self].next = step;
  Switch(Next());
}

const Store* Buffered(const void* value) {
  const std::vector<Store>& buffer = run.threads[run.self].buffer;
  auto it = std::find_if(buffer.rbegin(), buffer.rend(),
                         [value](const Store& s) { return s.value == value; });
  return it == buffer.rend() ? nullptr : &*it;
}

void Buffer(const Store& store) { run.threads[run.self].buffer.push_back(store); }

void FlushAll() {
  if (!Running()) return;
  Reach({Kind::kAll, nullptr});
  Trace("heavy fence", nullptr, 0);
  for (Thread& t : run.threads) {
    while (!t.buffer.empty()) Flush(t);
  }
}

bool FailsForNoReason() {
  if (!Running() || run.spurious == 0 || !run.search->Decide()) return false;
  --run.spurious;
  return true;
}

void Yield() {
  if (!Running()) return;
  Reach({Kind::kAll, nullptr});
  Trace("yield", nullptr, 0);
  run.threads[run.self].yielded = true;
  Reach({Kind::kResume, nullptr});
}

void Wait(const void* word, const std::function<bool()>& same) {
  if (!Running()) abort();  // nobody would wake us
  Reach({Kind::kWrite, word});
  if (!same()) return;
  Trace("sleep", word, 0);
  Thread& t = run.threads[run.self];
  t.sleeping = word;
  t.slept = run.steps;
  Reach({Kind::kResume, nullptr});
}

void Wake(const void* word, int n) {
  if (!Running()) return;
  Reach({Kind::kWrite, word});
  Trace("wake", word, static_cast<uint64_t>(n));
  while (n-- > 0) {
    Thread* first = nullptr;
    for (Thread& t : run.threads) {
      if (t.sleeping == word && (first == nullptr || t.slept < first->slept)) first = &t;
    }
    if (first == nullptr) return;
    first->sleeping = nullptr;
  }
}

void Fail(const std::string& why) {
  if (run.failure.empty()) run.failure = why;
  run.outcome = Outcome::kFailed;
  if (Running()) {
    Switch(kMain);
    abort();
  }
}

void Stop() {
  Switch(kMain);
  abort();
}

void Trace(const char* what, const void* where, uint64_t value) {
  if (!run.trace) return;
  printf("%*s%d %s", run.self * 30, "", run.self, what);
  if (where != nullptr) printf(" @%d %lx", NameOf(where), value);
  printf("\n");
}

Result Explore(const char* name, const Program& program, const Options& given) {
  Options options = given;
  const char* more = getenv("WEIR_MODEL_DELAYS");
  if (options.delays >= 0 && more != nullptr) options.delays += atoi(more);
  Result result;
  Search search(options);
  run.program = &program;
  run.options = options;
  run.search = &search;
  run.count = static_cast<int>(program.threads.size());
  run.trace = search.replaying();
  do {
    RunOnce();
    ++(run.outcome == Outcome::kCut ? result.cut : result.runs);
    if (run.outcome == Outcome::kFailed) {
      result.failure = run.failure + "\n  WEIR_MODEL_SCHEDULE=" + search.Schedule();
      break;
    }
    if (result.runs + result.cut >= options.max_runs) break;
  } while (search.Another());
  result.complete = search.exhausted();
  printf(
      "%s: %ld orders (%ld cut short)%s%s\n", name, result.runs, result.cut,
      options.random_runs > 0 ? ", random"
      : result.complete       ? ", all"
                              : ", not all",
      options.delays >= 0 ? (" with " + std::to_string(options.delays) + " delays").c_str() : "");
  fflush(stdout);
  return result;
}

}  // namespace weir::model
