// Owners of external memory for the differential test of the C++ face. A ledger knows of each
// memory whether its owner has ended: that happens once, or the test aborts.
#ifndef WEIR_TESTS_CHAIN_OWNERS_H_
#define WEIR_TESTS_CHAIN_OWNERS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>

#include "weir/chain/external.h"

namespace weir {

// Memory on the heap, of exactly `size` bytes; its number.
uint32_t NewOwned(size_t size);
std::span<char> OwnedBytes(uint32_t id);
bool OwnedEnded(uint32_t id);
// What an owner does when it is called, if it `calls` at all, and when it ends, with which the
// memory is gone.
void CallOwned(uint32_t id);
void EndOwned(uint32_t id, bool calls = false);
// Aborts if an owner has not ended; forgets them all.
void ForgetOwned();

// Ends it when destroyed; its move constructor does something, so it lives on the heap.
class OwnerThatMoves {
 public:
  explicit OwnerThatMoves(uint32_t id) : id_(id), owns_(true) {}
  OwnerThatMoves(OwnerThatMoves&& other) noexcept
      : id_(other.id_), owns_(std::exchange(other.owns_, false)) {}
  ~OwnerThatMoves() {
    if (owns_) EndOwned(id_);
  }

 private:
  uint32_t id_;
  bool owns_;
};

// The same, but its bytes may be copied instead: it lives inside the mbuf.
class OwnerInside : public OwnerThatMoves {
  using OwnerThatMoves::OwnerThatMoves;
};
template <>
inline constexpr bool kRelocatable<OwnerInside> = true;
static_assert(external::kInside<OwnerInside> && !external::kInside<OwnerThatMoves>);

struct LargeOwner : OwnerThatMoves {
  using OwnerThatMoves::OwnerThatMoves;
  char more[100] = {};
};

struct alignas(32) AlignedOwner : OwnerThatMoves {
  using OwnerThatMoves::OwnerThatMoves;
};

// Ends it when called; nothing when destroyed.
struct OwnerToCall {
  uint32_t id;
  void operator()() const {
    CallOwned(id);
    EndOwned(id, true);
  }
};
static_assert(external::kInside<OwnerToCall>);

// Is called, then ends it when destroyed.
class CalledOwner {
 public:
  explicit CalledOwner(uint32_t id) : id_(id), owns_(true) {}
  CalledOwner(CalledOwner&& other) noexcept
      : id_(other.id_), owns_(std::exchange(other.owns_, false)) {}
  ~CalledOwner() {
    if (owns_) EndOwned(id_, true);
  }
  void operator()() { CallOwned(id_); }

 private:
  uint32_t id_;
  bool owns_;
};

inline void DeleteOwner(OwnerThatMoves* owner) { delete owner; }

// visit(owner) with an owner of one of the kinds, that owns `id`.
inline constexpr uint32_t kOwnerKinds = 10;
template <typename Visit>
void WithOwner(uint32_t kind, uint32_t id, Visit visit) {
  switch (kind) {
    case 0:
      return visit(std::make_unique<OwnerThatMoves>(id));
    case 1:
      return visit(std::shared_ptr<OwnerThatMoves>(new OwnerThatMoves(id)));
    case 2:
      return visit(OwnerToCall{id});
    case 3:
      return visit(OwnerThatMoves(id));
    case 4:
      return visit(OwnerInside(id));
    case 5:
      return visit(LargeOwner(id));
    case 6:
      return visit(AlignedOwner(id));
    case 7:
      return visit(std::function<void()>(OwnerToCall{id}));
    default:
      using Deleted = std::unique_ptr<OwnerThatMoves, void (*)(OwnerThatMoves*)>;
      return kind == 8 ? visit(Deleted(new OwnerThatMoves(id), DeleteOwner))
                       : visit(CalledOwner(id));
  }
}

}  // namespace weir

#endif  // WEIR_TESTS_CHAIN_OWNERS_H_
