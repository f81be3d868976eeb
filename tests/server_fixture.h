// A server in this process, for tests, and what weir says is in use.
#ifndef WEIR_TESTS_SERVER_FIXTURE_H_
#define WEIR_TESTS_SERVER_FIXTURE_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "gtest/gtest.h"
#include "tests/in_use.h"
#include "tests/server_client.h"
#include "weir/server/options.h"
#include "weir/server/server.h"

namespace weir::server {

inline Options TestOptions(int64_t max_memory) {
  Options options;
  options.port = 0;
  options.metrics_port = -1;
  options.threads = 2;
  options.max_memory = max_memory;
  options.max_bulk = max_memory / 4;
  options.output_limit = max_memory / 4;
  return options;
}

inline std::unique_ptr<Server> StartServer(const Options& options) {
  auto server = std::make_unique<Server>(options);
  std::string error;
  EXPECT_TRUE(server->Start(&error)) << error;
  return server;
}

// Waits until it holds; false if that takes too long.
inline bool Eventually(const std::function<bool()>& holds) {
  for (int i = 0; i < 3000; ++i) {
    if (holds()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

inline bool NothingInUse() {
  for (int zone = 0; zone < WEIR_NZONES; ++zone) {
    if (InUse(zone) != 0) return false;
  }
  return true;
}

}  // namespace weir::server

#endif  // WEIR_TESTS_SERVER_FIXTURE_H_
