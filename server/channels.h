// Who listens where: for each channel and pattern, how many subscribers each thread has. A
// publisher learns from it how many will receive a message, and which threads to hand it to;
// those know their own subscribers (Subscriptions).
//
// Thread rule: any thread.
#ifndef WEIR_SERVER_CHANNELS_H_
#define WEIR_SERVER_CHANNELS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace weir::server {

enum SubscriptionKind { kChannel, kPattern, kSubscriptionKinds };

// At most so many threads, so that a set of them fits a word.
inline constexpr size_t kMaxThreads = 64;

class Channels {
 public:
  explicit Channels(size_t threads) : threads_(threads) {}

  void Add(SubscriptionKind kind, std::string_view name, size_t thread);
  void Remove(SubscriptionKind kind, std::string_view name, size_t thread);

  struct Audience {
    size_t receivers = 0;   // one that fits by several patterns counts once for each
    uint64_t threads = 0;  // bit i: thread i has some of them
  };
  Audience Of(std::string_view channel) const;

  // How many subscribers of the channel itself.
  size_t Subscribers(std::string_view channel) const;
  std::vector<std::string> Matching(std::string_view pattern) const;
  size_t count(SubscriptionKind kind) const;

 private:
  struct Counts {
    size_t total = 0;
    std::vector<uint32_t> by_thread;
    void AddTo(Audience& audience) const;
  };
  using Map = absl::flat_hash_map<std::string, Counts>;

  const size_t threads_;
  // relaxed (hint): lets a publisher without any audience pass by without the lock.
  std::atomic<size_t> entries_{0};
  mutable std::shared_mutex mutex_;
  std::array<Map, kSubscriptionKinds> maps_;
};

}  // namespace weir::server

#endif  // WEIR_SERVER_CHANNELS_H_
