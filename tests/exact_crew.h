// Eight threads that do operations until so many are done, and then stand still, alive. Until then
// they end and are replaced, each by one that goes on with the same worker.
#ifndef WEIR_TESTS_EXACT_CREW_H_
#define WEIR_TESTS_EXACT_CREW_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <latch>
#include <mutex>
#include <random>
#include <thread>
#include <utility>
#include <vector>

namespace weir {

class Crew {
 public:
  static constexpr int kWorkers = 8;

  // step(i) is one operation of worker i.
  Crew(int64_t operations, uint64_t seed, std::function<void(int)> step)
      : step_(std::move(step)), most_(operations / 16), random_(seed) {
    ended_.reserve(kWorkers);
    for (int i = 0; i < kWorkers; ++i) left_[i] = operations / kWorkers;
    for (int i = 0; i < kWorkers; ++i) Start(i);
  }
  ~Crew() { End(); }

  // Replaces those that ended; what is to go on besides is done by `disturb`.
  template <typename Disturb>
  void WorkUntilQuiet(Disturb disturb) {
    for (int quiet = 0; quiet < kWorkers; disturb(random_())) {
      std::vector<int> ended;
      {
        std::unique_lock<std::mutex> lock(mutex_);
        changed_.wait_for(lock, std::chrono::milliseconds(1), [&] { return !ended_.empty(); });
        ended.swap(ended_);
        ended_.reserve(kWorkers);  // no malloc later: a fork's child may not wait for it
        quiet = quiet_;
      }
      for (int i : ended) {
        threads_[i].join();
        Start(i);
        ++lives_;
      }
    }
  }
  // All threads end.
  void End() {
    go_.count_down(go_.try_wait() ? 0 : 1);
    for (std::thread& t : threads_) {
      if (t.joinable()) t.join();
    }
  }
  int64_t lives() const { return lives_; }

 private:
  void Start(int i) {
    const int64_t some = 1 + static_cast<int64_t>(random_() % static_cast<uint64_t>(most_ + 1));
    const int64_t operations = left_[i] - some < most_ / 4 ? left_[i] : some;
    left_[i] -= operations;
    threads_[i] = std::thread([this, i, operations, last = left_[i] == 0] {
      for (int64_t n = 0; n < operations; ++n) step_(i);
      {
        const std::lock_guard<std::mutex> lock(mutex_);
        last ? void(++quiet_) : ended_.push_back(i);
        changed_.notify_one();
      }
      if (last) go_.wait();
    });
  }

  const std::function<void(int)> step_;
  const int64_t most_;  // operations of a thread
  std::mt19937_64 random_;
  std::thread threads_[kWorkers];
  int64_t left_[kWorkers];
  int64_t lives_ = kWorkers;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<int> ended_;
  int quiet_ = 0;
  std::latch go_{1};
};

}  // namespace weir

#endif  // WEIR_TESTS_EXACT_CREW_H_
