// Threads that sleep in a system call until there is work.
#ifndef WEIR_BENCH_SLEEPERS_H_
#define WEIR_BENCH_SLEEPERS_H_

#include <error.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <thread>
#include <vector>

namespace weir_bench {

// Threads that do `work` when they are told to, and sleep in read(2) in between.
template <typename Work>
class Sleepers {
 public:
  Sleepers(int n, Work work) : work_(work) {
    for (int i = 0; i < n; ++i) {
      const int fd = eventfd(0, EFD_CLOEXEC);
      if (fd < 0) error(1, errno, "eventfd");
      fds_.push_back(fd);
      threads_.emplace_back([this, fd] {
        uint64_t word;
        while (read(fd, &word, sizeof word) == sizeof word && word == kGo) {
          work_();
          done_.fetch_add(1);
          done_.notify_one();
        }
      });
    }
  }
  ~Sleepers() {
    for (int fd : fds_) Write(fd, kStop);
    for (std::thread& t : threads_) t.join();
    for (int fd : fds_) close(fd);
  }
  // Wakes each once, and returns when all sleep again or are about to.
  void Run() {
    const int want = done_.load() + static_cast<int>(threads_.size());
    for (int fd : fds_) Write(fd, kGo);
    for (int now; (now = done_.load()) < want;) done_.wait(now);
  }

 private:
  static constexpr uint64_t kGo = 1, kStop = 2;
  static void Write(int fd, uint64_t word) {
    if (write(fd, &word, sizeof word) != sizeof word) abort();
  }

  Work work_;
  std::vector<int> fds_;
  std::atomic<int> done_{0};
  std::vector<std::thread> threads_;
};

}  // namespace weir_bench

#endif  // WEIR_BENCH_SLEEPERS_H_
