// Points in time as commands give them: EX PX EXAT PXAT, EXPIRE and its kin.
#ifndef WEIR_SERVER_EXPIRY_H_
#define WEIR_SERVER_EXPIRY_H_

#include <cstdint>
#include <optional>

namespace weir::server {

struct TimeUnit {
  bool seconds = false;   // else milliseconds
  bool absolute = false;  // since 1970, else from now on
};

// The time in milliseconds since 1970, unless it is out of range.
std::optional<int64_t> PointInTime(int64_t amount, TimeUnit unit, int64_t now_ms);

}  // namespace weir::server

#endif  // WEIR_SERVER_EXPIRY_H_
