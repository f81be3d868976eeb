#include "weir/server/args.h"

#include <algorithm>
#include <span>
#include <utility>

namespace weir::server {

std::string_view Args::text(size_t i) {
  Arg& arg = args_[i];
  if (arg.chain == kNone) return std::string_view(small_).substr(arg.offset, arg.length);
  flat_.push_back(chains_[arg.chain].to_string());
  return flat_.back();
}

std::string Args::prefix(size_t i, size_t n) const {
  const Arg& arg = args_[i];
  n = std::min<size_t>(n, arg.length);
  if (arg.chain == kNone) return small_.substr(arg.offset, n);
  std::string text(n, '\0');
  chains_[arg.chain].copy_to(std::as_writable_bytes(std::span(text)));
  return text;
}

void Args::Add(std::string_view word) {
  args_.push_back({small_.size(), static_cast<uint32_t>(word.size()), kNone});
  small_.append(word);
  cost_ += word.size() + kCostOfWord;
}

void Args::Add(Cursor& from, size_t n) {
  args_.push_back({small_.size(), static_cast<uint32_t>(n), kNone});
  from.read_to(small_, n);
  cost_ += n + kCostOfWord;
}

void Args::Add(Chain chain, size_t length) {
  args_.push_back({0, static_cast<uint32_t>(length), static_cast<uint32_t>(chains_.size())});
  chains_.push_back(std::move(chain));
  cost_ += length + kCostOfWord;
}

void Args::Clear() {
  args_.clear();
  chains_.clear();
  flat_.clear();
  small_.clear();
  cost_ = 0;
  // What one large request took is not kept for the small ones that follow.
  if (small_.capacity() > kKeptCapacity) std::string().swap(small_);
  if (args_.capacity() > kKeptCapacity / sizeof(Arg)) std::vector<Arg>().swap(args_);
  if (chains_.capacity() > 64) std::vector<Chain>().swap(chains_);
}

}  // namespace weir::server
