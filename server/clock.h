// The time of day.
#ifndef WEIR_SERVER_CLOCK_H_
#define WEIR_SERVER_CLOCK_H_

#include <chrono>
#include <cstdint>

namespace weir::server {

// Milliseconds since 1970.
inline int64_t NowMs() {
  auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

}  // namespace weir::server

#endif  // WEIR_SERVER_CLOCK_H_
