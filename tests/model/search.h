// Which choice comes next at each point of a run, so that over all runs each order comes once.
#ifndef WEIR_TESTS_MODEL_SEARCH_H_
#define WEIR_TESTS_MODEL_SEARCH_H_

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "tests/model/scheduler.h"

namespace weir::model {

class Search {
 public:
  explicit Search(const Options& options);

  // One of the transitions in the set `enabled`, or -1: what follows is covered by other runs.
  int Choose(uint32_t enabled, int first);
  // Between Choose and the next: whether what is chosen fails, where it may or may not.
  bool Decide();
  // After Choose: those explored here before stay asleep until a step that they depend on.
  template <typename DependsOn>
  void Sleep(DependsOn depends_on) {
    if (!sleeps_) return;
    const Node& n = nodes_[depth_ - 1];
    asleep_ = 0;
    for (int t = 0; t < 2 * kMaxThreads; ++t) {
      const bool explored = ((n.asleep | n.done) & n.enabled) >> t & 1;
      if (explored && t != n.chosen && !depends_on(t)) asleep_ |= 1u << t;
    }
  }

  // Goes to the next run. False if there is none.
  bool Another();
  bool exhausted() const { return exhausted_; }
  bool replaying() const { return !given_.empty(); }
  std::string Schedule() const;  // of the run so far

 private:
  struct Node {
    uint8_t enabled;
    uint8_t asleep;  // explored further up, and nothing since that depends on it
    uint8_t done;    // explored here
    int8_t chosen;
    int8_t first;    // what costs nothing
    int16_t delays;  // left here; < 0: any number
  };
  static_assert(2 * kMaxThreads <= 8);

  static uint32_t Open(const Node& n);
  static int Pick(const Node& n, uint32_t open);

  const bool sleeps_;
  const int delays_;
  long random_left_;
  std::mt19937_64 random_;
  std::string seed_;
  std::vector<int8_t> given_;  // a schedule to replay
  std::vector<Node> nodes_;
  size_t depth_ = 0;
  uint32_t asleep_ = 0;
  bool exhausted_ = false;
};

}  // namespace weir::model

#endif  // WEIR_TESTS_MODEL_SEARCH_H_
