// Chains of new memory: copied, external, and moved.
#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "tests/chain_cxx_ops.h"
#include "tests/chain_owners.h"
#include "tests/chain_pieces.h"

namespace weir {
namespace {

// That they are a packet with an empty header, or a plain chain.
Flat Plain(std::string_view bytes, bool packet) {
  Flat flat;
  flat.bytes.assign(bytes.begin(), bytes.end());
  flat.packet = packet;
  return flat;
}

}  // namespace

void ChainCxxOps::From() {
  std::string_view text = Text(source_->OneIn(8) ? 50000 : 3000);
  bool huge = source_->OneIn(32);
  if (huge) text = {text.data(), size_t{INT32_MAX} + 1};
  bool as_span = source_->Below(2) == 1;
  NoteSizes("from", text.size());
  Chain chain;
  errno = 99;
  {
    Armed armed(this);
    chain = as_span ? Chain::from(std::as_bytes(std::span(text))) : Chain::from(text);
  }
  if (chain.get() == nullptr && huge) return Expect(errno == EMSGSIZE, "EMSGSIZE");
  if (chain.get() == nullptr) return ExpectFailure(true, errno);
  Expect(errno == 0 && !huge, "errno 0");
  Put({std::move(chain), Plain(text, true)});
}

void ChainCxxOps::External() {
  uint32_t kind = source_->Below(kOwnerKinds);
  size_t size = static_cast<size_t>(source_->Length(source_->OneIn(8) ? 40000 : 3000));
  bool constant = source_->OneIn(4);
  uint32_t how = source_->Below(4);  // a plain mbuf, one with a header, or a Chain
  NoteSizes("external", kind, size);
  uint32_t id = NewOwned(size);
  std::span<char> bytes = OwnedBytes(id);
  if (size > 0) std::memcpy(bytes.data(), RandomBytes(source_, static_cast<int>(size)), size);
  Flat flat = Plain({bytes.data(), size}, how > 0);
  WithOwner(kind, id, [&](auto owner) {
    auto make = [&] {
      if (how > 1) {
        return constant ? Chain::from_external(std::span<const char>(bytes), std::move(owner))
                        : Chain::from_external(bytes, std::move(owner));
      }
      Chain chain =
          Chain::adopt(how == 0 ? m_get(M_DONTWAIT, MT_DATA) : m_gethdr(M_DONTWAIT, MT_DATA));
      if (chain.get() == nullptr) return chain;
      bool done = constant ? attach_external(chain.get(), std::as_bytes(bytes), std::move(owner))
                           : attach_external(chain.get(), bytes, std::move(owner));
      if (done) return chain;
      const int error = errno;
      chain.clear();
      errno = error;
      return chain;
    };
    Chain chain;
    {
      Armed armed(this);
      chain = make();
    }
    if (chain.get() == nullptr) {
      ExpectFailure(true, errno);
      Expect(!OwnedEnded(id), "an owner that is left alone");
      chain = make();
    }
    Expect(chain.get() != nullptr && !OwnedEnded(id), "an owner");
    Expect(((chain.get()->m_flags & M_RDONLY) != 0) == constant, "memory that may be written");
    Put({std::move(chain), std::move(flat)});
  });
}

// An owner that is copied; and containers that are their own.
void ChainCxxOps::Container() {
  std::string_view text = Text(source_->OneIn(8) ? 40000 : 3000);
  uint32_t kind = source_->Below(4);
  NoteSizes("container", kind, text.size());
  auto make = [&](auto container) {
    Chain chain;
    errno = 99;
    {
      Armed armed(this);
      chain = Chain::from_container(std::move(container));
    }
    if (chain.get() == nullptr) {
      ExpectFailure(true, errno);
      Expect(std::equal(text.begin(), text.end(), reinterpret_cast<const char*>(container.data()),
                        reinterpret_cast<const char*>(container.data() + container.size())),
             "the container as it was");
      return;
    }
    Expect(errno == 0, "errno 0");
    Put({std::move(chain), Plain(text, true)});
  };
  auto* first = reinterpret_cast<const std::byte*>(text.data());
  switch (kind) {
    case 0:
      return make(std::string(text));
    case 1:
      return make(std::vector<std::byte>(first, first + text.size()));
    case 2: {
      std::array<char, 100> array;
      text = {RandomBytes(source_, 100), 100};
      std::copy(text.begin(), text.end(), array.begin());
      return make(array);
    }
    default: {
      uint32_t id = NewOwned(text.size());
      std::copy(text.begin(), text.end(), OwnedBytes(id).begin());
      const std::shared_ptr<OwnerThatMoves> owner(new OwnerThatMoves(id));
      Chain chain;
      {
        Armed armed(this);
        chain = Chain::from_external(std::as_writable_bytes(OwnedBytes(id)), owner);
      }
      Expect(owner.use_count() == (chain.get() == nullptr ? 1 : 2), "a copy of the owner");
      if (chain.get() == nullptr) return ExpectFailure(true, errno);
      Put({std::move(chain), Plain(text, true)});
    }
  }
}

// Bytes of a chain that the new one owns.
void ChainCxxOps::OwnedByChain() {
  Held held = Take();
  Chain inner = held.chain.copy();  // what it holds, no other chain does: CheckCounts sees it not
  bool write = source_->Below(2) == 1;
  NoteSizes("owned by a chain", inner.size(), write);
  std::span<const std::byte> piece;
  for (auto each : inner) {
    piece = each;
    if (source_->Below(2)) break;
  }
  std::span<std::byte> writable(const_cast<std::byte*>(piece.data()), piece.size());
  Expect(inner.is_writable(), "a writable copy");
  Flat flat = Plain({reinterpret_cast<const char*>(piece.data()), piece.size()}, true);
  Put(std::move(held));
  const mbuf* before = inner.get();
  Chain outer;
  {
    Armed armed(this);
    outer = write ? Chain::from_external(writable, std::move(inner))
                  : Chain::from_external(piece, std::move(inner));
  }
  if (outer.get() == nullptr) {
    Expect(inner.get() == before, "the owner as it was");
    return ExpectFailure(true, errno);
  }
  Expect(inner.get() == nullptr, "an owner that was moved");
  Put({std::move(outer), std::move(flat)});
}

void ChainCxxOps::Move() {
  Held held = Take();
  Note("move");
  mbuf* m = held.chain.get();
  Chain moved(std::move(held.chain));
  Expect(held.chain.get() == nullptr && moved.get() == m, "a move");
  Held other = Take();
  if (source_->OneIn(4)) {
    other.chain = std::move(moved);  // frees what it had
    held.chain = std::move(other.chain);
    return Put(std::move(held));
  }
  Chain& self = moved;
  moved = std::move(self);
  Expect(moved.get() == m, "itself");
  if (source_->OneIn(8)) {
    moved.clear();
    Expect(moved.get() == nullptr && moved.empty(), "nothing");
    held.flat = Flat();
  }
  std::swap(held.chain, moved);
  Put(std::move(other));
  Put(std::move(held));
}

}  // namespace weir
