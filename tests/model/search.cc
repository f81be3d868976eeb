#include "tests/model/search.h"

#include <cstdio>
#include <cstdlib>

namespace weir::model {

Search::Search(const Options& options)
    : sleeps_(options.delays < 0 && options.random_runs == 0),
      delays_(options.delays),
      random_left_(options.random_runs) {
  if (random_left_ > 0) {
    const char* seed = getenv("WEIR_SEED");
    uint64_t value = seed != nullptr ? strtoull(seed, nullptr, 10) : std::random_device{}();
    random_.seed(value);
    printf("WEIR_SEED=%lu\n", value);
  }
  // As Schedule() writes it: a digit for each choice.
  if (const char* schedule = getenv("WEIR_MODEL_SCHEDULE")) {
    for (const char* p = schedule; *p != '\0'; ++p) given_.push_back(static_cast<int8_t>(*p - '0'));
  }
}

// What may still be chosen at n.
uint32_t Search::Open(const Node& n) {
  uint32_t open = n.enabled & ~n.asleep & ~n.done;
  return n.delays == 0 ? open & 1u << n.first : open;
}

int Search::Pick(const Node& n, uint32_t open) {
  if ((open >> n.first & 1) != 0) return n.first;
  return open == 0 ? -1 : __builtin_ctz(open);
}

int Search::Choose(uint32_t enabled, int first) {
  if (depth_ < nodes_.size()) return nodes_[depth_++].chosen;  // as in the run before
  Node n{static_cast<uint8_t>(enabled), static_cast<uint8_t>(asleep_), 0, 0,
         static_cast<int8_t>(first),    static_cast<int16_t>(delays_)};
  if (!nodes_.empty()) {
    const Node& up = nodes_.back();
    n.delays = static_cast<int16_t>(up.delays - (up.delays > 0 && up.chosen != up.first));
  }
  int chosen = Pick(n, Open(n));
  if (replaying()) {
    chosen = depth_ < given_.size() ? given_[depth_] : first;
    if ((enabled >> chosen & 1) == 0) chosen = first;
  } else if (random_left_ > 0 &&
             random_() % 8 == 0) {  // long stretches: most faults need few switches
    do chosen = static_cast<int>(random_() % (2 * kMaxThreads));
    while ((enabled >> chosen & 1) == 0);
  }
  if (chosen < 0) return -1;
  n.chosen = static_cast<int8_t>(chosen);
  nodes_.push_back(n);
  ++depth_;
  return chosen;
}

// A choice like the others, of 0 or 1; it costs a delay, and no step is asleep for it.
bool Search::Decide() {
  const uint32_t asleep = asleep_;
  asleep_ = 0;
  const int chosen = Choose(3, 0);
  asleep_ = asleep;
  return chosen == 1;
}

bool Search::Another() {
  depth_ = 0;
  asleep_ = 0;
  if (replaying()) return false;
  if (random_left_ > 0) {
    nodes_.clear();
    return --random_left_ > 0;
  }
  while (!nodes_.empty()) {
    Node& n = nodes_.back();
    n.done = static_cast<uint8_t>(n.done | 1u << n.chosen);
    const int chosen = Pick(n, Open(n));
    if (chosen >= 0) {
      n.chosen = static_cast<int8_t>(chosen);
      return true;
    }
    nodes_.pop_back();
  }
  exhausted_ = true;
  return false;
}

std::string Search::Schedule() const {
  std::string digits;
  for (size_t i = 0; i < depth_; ++i) digits += static_cast<char>('0' + nodes_[i].chosen);
  return digits;
}

}  // namespace weir::model
