// How much memory packets take: resident bytes, from /proc/self/statm.
#ifndef WEIR_BENCH_RESIDENT_H_
#define WEIR_BENCH_RESIDENT_H_

#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <cstring>
#include <vector>

#include "bench/buffer.h"

namespace weir_bench {

inline double ResidentBytes() {
  long pages = 0;
  if (FILE* f = fopen("/proc/self/statm", "r")) {
    if (fscanf(f, "%*d %ld", &pages) != 1) pages = 0;
    fclose(f);
  }
  return static_cast<double>(pages) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

// Prints one JSON object: "live", bytes for each of 200,000 packets in use with their data written;
// and in MiB what is resident beyond what was before the peer was started: "freed", when all are
// freed, and "trimmed", when what is free was given back too, if there is a way to say so (null).
// "trimmed_again": what the same adds to that the second time.
template <typename Peer>
int MeasureResident() {
  constexpr size_t kPackets = 200000;
  std::vector<typename Peer::Buf*> live(kPackets);
  for (auto*& b : live) b = reinterpret_cast<typename Peer::Buf*>(1);  // its pages are there
  double before = ResidentBytes(), full = 0, freed = 0, trimmed[2] = {};
  Peer::Start(kPackets + 4096);
  [[maybe_unused]] typename Peer::Thread thread;
  for (double& after : trimmed) {
    for (auto*& b : live) {
      b = Peer::AllocPacket();
      Peer::Fill(b);
      memset(Peer::Data(b), 1, kDataBytes);
    }
    if (&after == trimmed) full = ResidentBytes() - before;
    for (auto* b : live) Peer::FreePacket(b);
    if (&after == trimmed) freed = ResidentBytes() - before;
    if constexpr (requires { Peer::Trim(); }) Peer::Trim();
    after = ResidentBytes() - before;
    before += after;
  }
  constexpr double kMiB = 1 << 20;
  printf("{\"live\": %.0f, \"freed\": %.2f, ", full / kPackets, freed / kMiB);
  if constexpr (requires { Peer::Trim(); }) {
    printf("\"trimmed\": %.2f, \"trimmed_again\": %.2f}\n", trimmed[0] / kMiB, trimmed[1] / kMiB);
  } else {
    printf("\"trimmed\": null, \"trimmed_again\": null}\n");
  }
  return 0;
}

}  // namespace weir_bench

#endif  // WEIR_BENCH_RESIDENT_H_
