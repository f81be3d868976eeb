// Copy on write, and the moves of buffers and data that it consists of.
#ifndef WEIR_CHAIN_COW_H_
#define WEIR_CHAIN_COW_H_

#include <cstdint>

#include "weir/chain/mbuf.h"

namespace weir {

// Points m_data at room for `len` bytes with `lead` bytes in front of them, or with fewer, the
// address rounded down to the size of a long, if that does not fit. len <= M_SIZE(m).
void PlaceData(mbuf* m, int64_t lead, int len);

// Moves from's external buffer and data to `to`, an mbuf just allocated, without M_EXT. from is then
// empty, with its own buffer.
void MoveExt(mbuf* to, mbuf* from);

// Cuts the external buffer of m in two by sharing it: m keeps `len` bytes of data, a new mbuf
// behind it gets the rest and M_EOR. 0, or ENOBUFS and nothing has changed.
int ShareRest(mbuf* m, int len, int how);

// The same for any buffer: small data is copied, and a buffer of which m keeps nothing moves. 0, or
// ENOBUFS and nothing has changed.
int CutRest(mbuf* m, int len, int how);

// Copies n's data behind last's if it fits, exactly or with room to spare, and last may be written;
// or takes it as it is if it lies there already, in a buffer that they share, as m_split leaves it.
// Never behind M_EOR: that would move the mark. Never between types: the data would change its own.
// False: nothing has changed. n is still there either way.
bool CoalesceFitting(mbuf* last, const mbuf* n);  // that it fits is known
inline bool Coalesce(mbuf* last, const mbuf* n) {
  return n->m_len <= M_TRAILINGROOM(last) && CoalesceFitting(last, n);
}

// Gives m, which stays where it is, a buffer that it may write, with the same data. 0, EMSGSIZE
// (above MJUM16BYTES of data), or ENOBUFS; on failure nothing has changed.
int MakePrivate(mbuf* m, int how);

// The same for the buffers that hold the bytes [off, end) of a chain, as far as it has them; what
// is larger than any buffer is cut. The bytes stay what they are, so a failure half-way leaves
// nothing to undo.
int MakeRangePrivate(mbuf* m, int64_t off, int64_t end, int how);

}  // namespace weir

#endif  // WEIR_CHAIN_COW_H_
