// The words of one request. Small ones are copied together, so that the cluster they came in is
// free again; those of kShareFrom bytes and more stay in their clusters, as Chains.
//
// Thread rule: one thread.
#ifndef WEIR_SERVER_ARGS_H_
#define WEIR_SERVER_ARGS_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "weir/chain/chain.h"
#include "weir/chain/cursor.h"

namespace weir::server {

// Values from here on are never copied between socket and socket.
inline constexpr size_t kShareFrom = 1024;

class Args {
 public:
  size_t size() const { return args_.size(); }
  size_t length(size_t i) const { return args_[i].length; }
  // Whether word i is a Chain of its own, which may then be taken.
  bool is_chain(size_t i) const { return args_[i].chain != kNone; }
  Chain& chain(size_t i) { return chains_[args_[i].chain]; }

  // Word i in one piece, valid until Clear(). Copies a Chain, which must still be there.
  std::string_view text(size_t i);
  std::string_view operator[](size_t i) { return text(i); }
  // At most the first n bytes of it, copied.
  std::string prefix(size_t i, size_t n) const;

  // What the words take: bytes, and some for each word.
  size_t cost() const { return cost_; }

  void Add(std::string_view word);
  // Adds the next n bytes, which are there.
  void Add(Cursor& from, size_t n);
  void Add(Chain chain, size_t length);
  void Clear();

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  static constexpr size_t kCostOfWord = 16;
  static constexpr size_t kKeptCapacity = 16 * 1024;

  struct Arg {
    size_t offset;  // in small_
    uint32_t length;
    uint32_t chain;  // in chains_, or kNone
  };

  std::vector<Arg> args_;
  std::string small_;
  std::vector<Chain> chains_;
  std::deque<std::string> flat_;  // of Chains whose text was asked for
  size_t cost_ = 0;
};

}  // namespace weir::server

#endif  // WEIR_SERVER_ARGS_H_
