// From exec to the first packet allocated and freed, and gone: this program again, told to do that.
#ifndef WEIR_BENCH_START_UP_H_
#define WEIR_BENCH_START_UP_H_

#include <benchmark/benchmark.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "bench/work.h"

namespace weir_bench {

inline constexpr char kFirstPacket[] = "--first-packet";

template <typename Peer>
[[noreturn]] void FirstPacket() {
  Peer::Start(1024);
  [[maybe_unused]] typename Peer::Thread thread;
  typename Peer::Buf* b = Peer::AllocPacket();
  Use(b);
  Peer::FreePacket(b);
  _exit(0);
}

inline void StartUp(benchmark::State& state) {
  char program[] = "/proc/self/exe", argument[sizeof kFirstPacket];
  __builtin_memcpy(argument, kFirstPacket, sizeof kFirstPacket);
  char* argv[] = {program, argument, nullptr};
  for (auto _ : state) {
    pid_t child;
    int status;
    if (posix_spawn(&child, program, nullptr, nullptr, argv, environ) != 0 ||
        waitpid(child, &status, 0) != child || status != 0) {
      abort();
    }
  }
  Units(state, 1);
  ByTheClock(state);
}

template <typename Peer>
void RegisterStartUp() {
  Add<Peer>("start-up", StartUp);
}

}  // namespace weir_bench

#endif  // WEIR_BENCH_START_UP_H_
