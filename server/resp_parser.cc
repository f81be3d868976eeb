#include "weir/server/resp_parser.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "weir/chain/cursor.h"
#include "weir/server/inline_args.h"
#include "weir/server/number.h"
#include "weir/server/text.h"

namespace weir::server {

RespParser::Result RespParser::Wrong(std::string_view what) {
  error_ = Concat("ERR Protocol error: ", what);
  return Result::kError;
}

RespParser::Result RespParser::Next(ByteQueue& in, Args& args) {
  for (;;) {
    Result result;
    switch (state_) {
      case State::kStart:
        result = Start(in, args);
        break;
      case State::kBulkLength:
        result = BulkLength(in);
        break;
      case State::kBulk:
        result = Bulk(in, args);
        break;
    }
    if (result != Result::kRequest) return result;
    if (args.cost() > limits_.request) return Result::kTooLarge;
    // kRequest from a step means that it is done; the request is when no word is missing.
    if (state_ == State::kStart && args.size() > 0) return result;
  }
}

RespParser::Result RespParser::Start(ByteQueue& in, Args& args) {
  if (in.empty()) return Result::kMore;
  return in.cursor().peek() == static_cast<std::byte>('*') ? ArrayLength(in) : Inline(in, args);
}

RespParser::Result RespParser::Inline(ByteQueue& in, Args& args) {
  Cursor at = in.cursor();
  auto end = at.find('\n', scanned_);
  if (!end) {
    if (in.size() > limits_.line) return Wrong("too big inline request");
    scanned_ = in.size();
    return Result::kMore;
  }
  scanned_ = 0;
  std::string line;
  at.read_to(line, *end);
  in.Drop(*end + 1);
  if (line.ends_with('\r')) line.pop_back();
  if (!SplitInline(line, args)) return Wrong("unbalanced quotes in request");
  return Result::kRequest;
}

// Takes a line off: its first character and the rest, of which no more than any number needs.
RespParser::Result RespParser::NumberLine(ByteQueue& in, const char* too_big, char* first,
                                          std::string* number) {
  Cursor at = in.cursor();
  auto end = at.find('\r', scanned_);
  if (!end && in.size() > limits_.line) return Wrong(too_big);
  if (!end || *end + kLineEnd > in.size()) {
    scanned_ = end.value_or(in.size());
    return Result::kMore;
  }
  scanned_ = 0;
  // An empty line has no first character but its end.
  *first = static_cast<char>(*at.read());
  if (*end > 0) at.read_to(*number, std::min(*end - 1, kAnyNumber));
  in.Drop(*end + kLineEnd);
  return Result::kRequest;
}

RespParser::Result RespParser::ArrayLength(ByteQueue& in) {
  char star;
  std::string number;
  Result result = NumberLine(in, "too big mbulk count string", &star, &number);
  if (result != Result::kRequest) return result;
  auto words = ParseInt(number);
  if (!words || *words > std::numeric_limits<int32_t>::max()) {
    return Wrong("invalid multibulk length");
  }
  if (*words > 0) {
    words_left_ = *words;
    state_ = State::kBulkLength;
  }
  return result;
}

RespParser::Result RespParser::BulkLength(ByteQueue& in) {
  char dollar;
  std::string number;
  Result result = NumberLine(in, "too big bulk count string", &dollar, &number);
  if (result != Result::kRequest) return result;
  if (dollar != '$') return Wrong(Concat("expected '$', got '", std::string(1, dollar), "'"));
  auto length = ParseInt(number);
  if (!length || *length < 0 || static_cast<uint64_t>(*length) > limits_.bulk) {
    return Wrong("invalid bulk length");
  }
  bulk_length_ = static_cast<size_t>(*length);
  state_ = State::kBulk;
  return result;
}

RespParser::Result RespParser::Bulk(ByteQueue& in, Args& args) {
  // What follows a word is taken to be its \r\n without a look.
  if (in.size() < bulk_length_ + kLineEnd) {
    return args.cost() + in.size() > limits_.request ? Result::kTooLarge : Result::kMore;
  }
  if (bulk_length_ >= kShareFrom) {
    auto chain = in.Cut(bulk_length_, kLineEnd);
    if (!chain) return Result::kNoMemory;
    args.Add(*std::move(chain), bulk_length_);
  } else {
    Cursor at = in.cursor();
    args.Add(at, bulk_length_);
    in.Drop(bulk_length_ + kLineEnd);
  }
  state_ = --words_left_ > 0 ? State::kBulkLength : State::kStart;
  return Result::kRequest;
}

}  // namespace weir::server
