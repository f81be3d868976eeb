#include "weir/server/expiry.h"

#include <limits>

namespace weir::server {

std::optional<int64_t> PointInTime(int64_t amount, TimeUnit unit, int64_t now_ms) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  if (unit.seconds) {
    if (amount > kMax / 1000 || amount < kMin / 1000) return std::nullopt;
    amount *= 1000;
  }
  if (unit.absolute) return amount;
  if (amount > kMax - now_ms) return std::nullopt;
  return amount + now_ms;
}

}  // namespace weir::server
