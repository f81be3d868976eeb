// Takes requests off the front of a ByteQueue: RESP2 arrays of bulk strings, and inline commands.
//
// It may stop at any byte and go on when more have arrived, and looks at no byte twice: words are
// moved out as they are complete, and how much of an unfinished line is known to hold no end is
// remembered.
//
// Counts and lengths from the wire are bounded and nothing is allocated on their word alone: a
// request takes what has arrived of it, at most Limits::request.
//
// Thread rule: one thread.
#ifndef WEIR_SERVER_RESP_PARSER_H_
#define WEIR_SERVER_RESP_PARSER_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "weir/server/args.h"
#include "weir/server/byte_queue.h"

namespace weir::server {

class RespParser {
 public:
  struct Limits {
    size_t bulk = 512 * 1024 * 1024;     // bytes of one word
    size_t request = 1024 * 1024 * 1024;  // of one request
    size_t line = 64 * 1024;              // of a line
  };
  enum class Result {
    kRequest,   // args hold one; the caller clears them before the next call
    kMore,      // more bytes are needed
    kNoMemory,  // try again later; nothing is lost
    kError,     // error() says what is wrong; the connection cannot go on
    kTooLarge,  // the request is beyond Limits::request; likewise
  };

  explicit RespParser(const Limits& limits) : limits_(limits) {}

  Result Next(ByteQueue& in, Args& args);

  // What is wrong, as the client is told.
  const std::string& error() const { return error_; }
  // How many bytes at least must arrive before the next word is complete; 0 if that is not known.
  size_t awaited(const ByteQueue& in) const {
    size_t needed = bulk_length_ + kLineEnd;
    return state_ == State::kBulk && needed > in.size() ? needed - in.size() : 0;
  }
  // Inside a request.
  bool in_request() const { return state_ != State::kStart; }

 private:
  enum class State { kStart, kBulkLength, kBulk };
  static constexpr size_t kLineEnd = 2;  // \r\n
  static constexpr size_t kAnyNumber = 32;

  Result Start(ByteQueue& in, Args& args);
  Result Inline(ByteQueue& in, Args& args);
  Result ArrayLength(ByteQueue& in);
  Result BulkLength(ByteQueue& in);
  Result Bulk(ByteQueue& in, Args& args);
  Result NumberLine(ByteQueue& in, const char* too_big, char* first, std::string* number);
  Result Wrong(std::string_view what);

  const Limits limits_;
  State state_ = State::kStart;
  int64_t words_left_ = 0;
  size_t bulk_length_ = 0;
  size_t scanned_ = 0;  // bytes at the front of the queue that hold no line end
  std::string error_;
};

}  // namespace weir::server

#endif  // WEIR_SERVER_RESP_PARSER_H_
