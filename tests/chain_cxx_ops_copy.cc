// Operations that make another chain of one.
#include <cerrno>
#include <utility>

#include "tests/chain_cxx_ops.h"

namespace weir {

void ChainCxxOps::Share() {
  Held held = Take();
  size_t size = held.flat.bytes.size();
  size_t at = source_->Below(3) == 0 ? 0 : Amount(size);
  bool all = source_->OneIn(3);
  size_t length = all ? Chain::kAll : Amount(at <= size ? size - at : size);
  NoteSizes("share", at, length);
  all = length == Chain::kAll;
  bool right = at <= size && (all || length <= size - at);
  size_t range = !right ? 0 : all ? size - at : length;
  Held other;
  errno = 99;
  {
    Armed armed(this);
    other.chain = held.chain.share(at, length);
  }
  if (const mbuf* m = other.chain.get()) {
    Expect(right && range > 0, "nothing");
    other.flat =
        Copied(held.flat, held.chain.get(), static_cast<int>(at), static_cast<int>(range), false);
    MayBePacket(&other);
    bool room = (m->m_flags & M_EXT) || m->m_len <= MHLEN;
    Expect(other.flat.packet || !room, "a packet");
  } else if (right && range == 0) {
    Expect(errno == 0, "errno 0");
  } else {
    ExpectFailure(right, errno);
  }
  Put(std::move(held));
  Put(std::move(other));
}

void ChainCxxOps::CopyAll() {
  Held held = Take();
  NoteSizes("copy");
  Held other;
  errno = 99;
  {
    Armed armed(this);
    other.chain = std::as_const(held.chain).copy();
  }
  if (other.chain.get() != nullptr) {
    Expect(other.chain.is_writable(), "a writable copy");
    other.flat = held.flat;
    MayBePacket(&other);
  } else if (held.chain.get() == nullptr) {
    Expect(errno == 0, "errno 0");
  } else {
    ExpectFailure(true, errno);
  }
  Put(std::move(held));
  Put(std::move(other));
}

void ChainCxxOps::SplitAt() {
  Held held = Take();
  size_t size = held.flat.bytes.size();
  size_t at = Amount(size);
  NoteSizes("split_at", at);
  Held tail;
  errno = 99;
  {
    Armed armed(this);
    tail.chain = held.chain.split_at(at);
  }
  if (tail.chain.get() == nullptr) {
    if (at == size) {
      Expect(errno == 0, "errno 0");
    } else {
      ExpectFailure(at < size, errno);
      Expect(at > 0, "all of it");
    }
  } else if (at == 0) {
    Expect(size > 0 && held.chain.get() == nullptr, "all of it");
    tail.flat = std::exchange(held.flat, Flat());
  } else {
    Expect(at < size, "no tail");
    tail.flat = CutOff(&held.flat, held.chain.get(), tail.chain.get(), static_cast<int>(at));
    MayBePacket(&tail);
  }
  Put(std::move(held));
  Put(std::move(tail));
}

}  // namespace weir
