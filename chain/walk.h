// What the operations on chains share: failing, and walks along a chain.
#ifndef WEIR_CHAIN_WALK_H_
#define WEIR_CHAIN_WALK_H_

#include <cerrno>
#include <cstdint>

#include "weir/chain/mbuf.h"

namespace weir {

// NULL with errno set to `error`.
inline mbuf* Fail(int error) {
  errno = error;
  return nullptr;
}

// The same, for an operation that owns m: frees it first, because freeing may touch errno.
inline mbuf* FailAndFree(mbuf* m, int error) {
  m_freem(m);
  return Fail(error);
}

// Bytes in the chain; 0 for NULL. 64 bits: shared clusters can make a chain of any length.
int64_t Total(const mbuf* m);

// Whether the chain is not NULL and [off, off + len) lies inside it. Walks no further than that.
bool Inside(const mbuf* m, int64_t off, int64_t len);

// Whether any mbuf of the chain holds a byte.
bool HasData(const mbuf* m);

}  // namespace weir

#endif  // WEIR_CHAIN_WALK_H_
