// The two system calls that move data: readv() from a socket into clusters, sendmsg() from chains
// to it. Nothing is copied in between.
#ifndef WEIR_SERVER_SOCKET_IO_H_
#define WEIR_SERVER_SOCKET_IO_H_

#include <cstddef>

#include "weir/server/byte_queue.h"
#include "weir/server/spares.h"

namespace weir::server {

// At most so many buffers in one call.
inline constexpr size_t kMaxBuffers = 64;

enum class IoResult {
  kDone,      // all that was asked for
  kPartly,    // less: the socket has no more now, or takes no more
  kNoMemory,  // nothing read, as there was no room to read into
  kClosed,    // the other side closed, or an error
};

struct IoOutcome {
  IoResult result;
  size_t bytes;
};

// Reads up to about `want` bytes, at most kMaxBuffers clusters, behind what is in the queue. With
// `exact`, not one byte more than that: what follows then begins in a cluster of its own.
// Room that was not needed stays in `spares`, and of these `keep` are not used at all.
struct ReadWish {
  size_t want;
  bool exact;
  int keep;
};
IoOutcome ReadSome(int fd, ByteQueue& queue, Spares& spares, const ReadWish& wish);

// Sends from the front of the queue until it is empty or the socket takes no more.
IoOutcome SendAll(int fd, ByteQueue& queue);

}  // namespace weir::server

#endif  // WEIR_SERVER_SOCKET_IO_H_
