// Writes RESP2 replies to the end of a ByteQueue.
//
// Without memory it goes on as if nothing were, and failed() says so: the command is then undone
// (TakeBack of the queue) and tried again later.
//
// Thread rule: one thread.
#ifndef WEIR_SERVER_REPLY_H_
#define WEIR_SERVER_REPLY_H_

#include <cstdint>
#include <string_view>

#include "weir/chain/chain.h"
#include "weir/server/byte_queue.h"
#include "weir/server/entry.h"

namespace weir::server {

class Reply {
 public:
  explicit Reply(ByteQueue& out) : out_(out) {}

  void Ok() { Raw("+OK\r\n"); }
  void Status(std::string_view text);
  // "ERR syntax error": code and text; line ends in it become spaces.
  void Error(std::string_view text);
  void Integer(int64_t n);
  void Bulk(std::string_view bytes);
  void Bulk(Chain chain, size_t size);
  // The entry's value: copied if small, else shared. Null for no entry.
  void Value(Entry* entry);
  void Null() { Raw("$-1\r\n"); }
  void Array(size_t elements) { Header('*', static_cast<int64_t>(elements)); }
  void Raw(std::string_view bytes) { failed_ |= !out_.Append(bytes); }

  bool failed() const { return failed_; }
  void Fail() { failed_ = true; }
  ByteQueue& out() { return out_; }

 private:
  void Header(char type, int64_t n);

  ByteQueue& out_;
  bool failed_ = false;
};

}  // namespace weir::server

#endif  // WEIR_SERVER_REPLY_H_
