// What the differential tests of both faces run: random operations, and the fuzzer's corpus again.
//
// WEIR_OPS says how many (200,000), WEIR_SEED where to begin (a random place, which is printed).
#ifndef WEIR_TESTS_CHAIN_MODEL_ROUNDS_H_
#define WEIR_TESTS_CHAIN_MODEL_ROUNDS_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "tests/byte_source.h"

namespace weir {

// Each round begins with nothing and has a seed of its own, so that a failure is short to repeat.
inline constexpr uint64_t kRound = 10000;
inline constexpr uint64_t kReport = 1000000;

inline uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* value = getenv(name);
  return value == nullptr ? otherwise : strtoull(value, nullptr, 10);
}

// run(source, count, name) runs up to `count` operations; `name` says how to run them again.
template <typename Run>
void RunRandomOperations(Run run) {
  uint64_t count = FromEnvironment("WEIR_OPS", 200000);
  uint64_t seed = FromEnvironment("WEIR_SEED", std::random_device()());
  printf("WEIR_SEED=%" PRIu64 " WEIR_OPS=%" PRIu64 "\n", seed, count);
  auto start = std::chrono::steady_clock::now();
  for (uint64_t done = 0; done < count; ++seed) {
    uint64_t round = std::min(kRound, count - done);
    ByteSource source(seed);
    run(&source, round, "WEIR_OPS=10000 WEIR_SEED=" + std::to_string(seed));
    done += round;
    if (done % kReport != 0) continue;
    std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    printf("%" PRIu64 " operations, %.0f a second\n", done,
           static_cast<double>(done) / seconds.count());
    fflush(stdout);
  }
}

template <typename Run>
void RunCorpus(const char* directory, Run run) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    std::ifstream in(entry.path(), std::ios::binary);
    std::vector<char> bytes{std::istreambuf_iterator<char>(in), {}};
    ByteSource source(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
    run(&source, UINT64_MAX, entry.path().string());
    ++files;
  }
  EXPECT_GT(files, 0);
}

}  // namespace weir

#endif  // WEIR_TESTS_CHAIN_MODEL_ROUNDS_H_
