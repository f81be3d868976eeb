// Histories of operations on a stack that several threads share, and whether one is linearizable:
// whether each operation can be said to have happened at one instant between its begin and its
// end, so that the order of those instants is a run of an ordinary stack. Wing and Gong's search,
// with the states that led nowhere remembered (Lowe).
#ifndef WEIR_TESTS_HISTORY_H_
#define WEIR_TESTS_HISTORY_H_

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace weir {

struct Operation {
  enum Kind { kPush, kPop } kind;
  int element;     // kNothing: a pop that found nothing
  uint64_t begin;  // of one clock for all threads
  uint64_t end;    // above begin
  int thread = 0;

  static constexpr int kNothing = -1;
};

class History {
 public:
  // What happened, in any order, to a stack that had `initial` on it, the top last.
  History(std::vector<int> initial, std::vector<Operation> operations)
      : initial_(std::move(initial)), operations_(std::move(operations)) {}

  bool Linearizable() {
    if (operations_.size() > 32) return false;  // not what it is for
    seen_.clear();
    std::vector<int> stack = initial_;
    return Search(0, stack);
  }

  std::string ToString() const {
    std::string text = "on the stack:";
    for (int e : initial_) text += " " + std::to_string(e);
    std::vector<Operation> sorted = operations_;
    std::sort(sorted.begin(), sorted.end(),
              [](const Operation& a, const Operation& b) { return a.begin < b.begin; });
    for (const Operation& o : sorted) {
      char line[96];
      snprintf(line, sizeof line, "\n  %4lu - %4lu thread %d %s %d", o.begin, o.end, o.thread,
               o.kind == Operation::kPush ? "push" : "pop ", o.element);
      text += line;
    }
    return text;
  }

 private:
  // Whether those that are not in the set `done` can follow, from this state of the stack.
  bool Search(uint32_t done, std::vector<int>& stack) {
    if (done == (uint64_t{1} << operations_.size()) - 1) return true;
    if (!seen_.insert({done, stack}).second) return false;
    // The next one began before any other that is left ended.
    uint64_t first_end = UINT64_MAX;
    for (size_t i = 0; i < operations_.size(); ++i) {
      if ((done >> i & 1) == 0) first_end = std::min(first_end, operations_[i].end);
    }
    for (size_t i = 0; i < operations_.size(); ++i) {
      const Operation& o = operations_[i];
      if ((done >> i & 1) != 0 || o.begin > first_end) continue;
      std::vector<int> after = stack;
      if (Apply(o, after) && Search(done | 1u << i, after)) return true;
    }
    return false;
  }

  // The stack's specification: false if the operation cannot happen in this state.
  static bool Apply(const Operation& o, std::vector<int>& stack) {
    if (o.kind == Operation::kPush) {
      if (std::find(stack.begin(), stack.end(), o.element) != stack.end()) return false;
      stack.push_back(o.element);
      return true;
    }
    if (stack.empty()) return o.element == Operation::kNothing;
    if (stack.back() != o.element) return false;
    stack.pop_back();
    return true;
  }

  std::vector<int> initial_;
  std::vector<Operation> operations_;
  std::set<std::pair<uint32_t, std::vector<int>>> seen_;
};

}  // namespace weir

#endif  // WEIR_TESTS_HISTORY_H_
