// What goes on in the background of a program: every millisecond, a thread takes back what all
// threads cache, gives empty slabs to the operating system, and reads the counters.
#ifndef WEIR_BENCH_DISTURBER_H_
#define WEIR_BENCH_DISTURBER_H_

#include <atomic>
#include <chrono>
#include <thread>

#include "bench/work.h"
#include "bench/works.h"

namespace weir_bench {

template <typename Peer>
class Disturber {
 public:
  Disturber() : thread_([this] { Run(); }) {}
  ~Disturber() {
    stop_.store(true, std::memory_order_relaxed);
    thread_.join();
  }

 private:
  void Run() {
    [[maybe_unused]] typename Peer::Thread thread;
    while (!stop_.load(std::memory_order_relaxed)) {
      Peer::Disturb();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  std::atomic<bool> stop_{false};
  std::thread thread_;
};

template <typename Peer, void (*kRun)(benchmark::State&)>
void Disturbed(benchmark::State& state) {
  Disturber<Peer> disturber;
  kRun(state);
}

template <typename Peer>
void RegisterDisturbed() {
  if constexpr (requires { Peer::Disturb(); }) {
    Add<Peer>("W1-disturbed", Disturbed<Peer, Works<Peer>::SmallPair>);
    Add<Peer>("W1b-disturbed", Disturbed<Peer, Works<Peer>::SmallBurst>);
    Add<Peer>("W2-disturbed", Disturbed<Peer, Works<Peer>::PacketPair>);
    Add<Peer>("W2b-disturbed", Disturbed<Peer, Works<Peer>::template PacketBurst<kBurst>>);
    Add<Peer>("W3-disturbed", Disturbed<Peer, Works<Peer>::CloneAndFree>);
    Add<Peer>("W4-disturbed", Disturbed<Peer, Works<Peer>::HandOver>);
  }
}

}  // namespace weir_bench

#endif  // WEIR_BENCH_DISTURBER_H_
