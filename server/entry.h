// One key and its value. Small values stand behind the key in one piece of memory; others are
// Chains that hold the clusters they arrived in.
//
//   +--------+-----+---------------+         +--------+-----+
//   | Entry  | key | value | spare |    or   | Entry  | key |   chain -> mbuf -> mbuf
//   +--------+-----+---------------+         +--------+-----+
//
// Thread rule: under the lock of its shard.
#ifndef WEIR_SERVER_ENTRY_H_
#define WEIR_SERVER_ENTRY_H_

#include <boost/intrusive/list.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "weir/chain/chain.h"

namespace weir::server {

struct ByUse;
struct ByExpiry;
using UseHook = boost::intrusive::list_base_hook<boost::intrusive::tag<ByUse>>;
using ExpiryHook =
    boost::intrusive::list_base_hook<boost::intrusive::tag<ByExpiry>,
                                     boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

class Entry : public UseHook, public ExpiryHook {
 public:
  static constexpr int64_t kNever = 0;

  struct Delete {
    void operator()(Entry* entry) const { Destroy(entry); }
  };
  using Owner = std::unique_ptr<Entry, Delete>;

  // With room for a small value of `room` bytes, and the empty value.
  static Owner Make(std::string_view key, size_t room);
  static void Destroy(Entry* entry);

  std::string_view key() const { return {data(), key_size_}; }
  size_t value_size() const { return value_size_; }
  bool is_chain() const { return chain_.get() != nullptr; }
  // The value if it is not a chain, else empty.
  std::string_view text() const {
    return is_chain() ? std::string_view() : std::string_view(data() + key_size_, value_size_);
  }
  Chain& chain() { return chain_; }

  // Whether a small value of n bytes can stand here without a waste of more than half.
  bool Fits(size_t n) const { return n <= room_ && (room_ <= 64 || n >= room_ / 2); }
  // value.size() <= room.
  void SetText(std::string_view value);
  void SetChain(Chain chain, size_t size);
  // The value as a chain, which is then the caller's. For a chain only.
  Chain TakeChain();

  int64_t used_at_ms = 0;  // last
  int64_t expires_at_ms = kNever;
  bool Expired(int64_t now_ms) const { return expires_at_ms != kNever && expires_at_ms <= now_ms; }

  // Bytes of memory outside of mbufs.
  size_t bytes() const { return bytes_; }
  // Bytes of the mbufs and clusters that the value holds, shared ones included.
  size_t ChainBytes() const;
  // How many objects of `zone` come free with the value; any zone if it is -1.
  long ObjectsHeldAlone(int zone) const;

 private:
  Entry() = default;
  ~Entry() = default;

  char* data() { return reinterpret_cast<char*>(this + 1); }
  const char* data() const { return reinterpret_cast<const char*>(this + 1); }

  Chain chain_;
  size_t value_size_ = 0;
  size_t bytes_ = 0;
  uint32_t key_size_ = 0;
  uint32_t room_ = 0;
};

}  // namespace weir::server

#endif  // WEIR_SERVER_ENTRY_H_
