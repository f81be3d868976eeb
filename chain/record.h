// Mbufs and clusters that are recorded (alloc/held.h): a bit of m_state and of m_ext.ext_pool says
// so. It makes the inline functions leave such mbufs to the functions behind them, so that who is
// not recorded pays nothing.
#ifndef WEIR_CHAIN_RECORD_H_
#define WEIR_CHAIN_RECORD_H_

#include <cstdint>

#include "weir/alloc/held.h"
#include "weir/chain/inline.h"
#include "weir/chain/mbuf.h"

namespace weir {

// What happens to an mbuf or a cluster, in the history of its record. What weir_touch says has the
// codes above these.
enum Event : uint8_t {
  kEventNone,
  kEventAllocated,
  kEventCluster,   // got an external buffer
  kEventClone,     // shares the buffer of another
  kEventShared,    // of a cluster: one more holder
  kEventMoved,     // its buffer went to another mbuf, or away
  kEventQueued,    // mq_enqueue
  kEventDequeued,  // mq_dequeue
  kEvents,
  kFirstTouch = 32
};

static_assert(kMaxPools <= kExtRecorded && (uint32_t{kMaxPools} - 1) << 24 < kMbufRecorded);

// m_state of a live mbuf of this set, recorded or not, with a cluster to itself or not.
inline bool Live(const mbuf* m, int pool) {
  return ((m->m_state ^ LiveState(m, pool)) & ~(kMbufRecorded | kMbufPacket)) == 0;
}
inline bool Recorded(const mbuf* m) {
  return ((m->m_state ^ LiveState(m, m->m_pool)) & kMbufRecorded) != 0;
}
inline bool ExtRecorded(const mbuf* m) { return (m->m_ext.ext_pool & kExtRecorded) != 0; }
// The set that m's external buffer is of.
inline int ExtPool(const mbuf* m) { return m->m_ext.ext_pool & (kExtRecorded - 1); }

// m is new, or has a new cluster, or both, and the allocation was chosen.
enum NewParts { kNewMbuf = 1, kNewCluster = 2, kNewPacket = 3 };
void Record(mbuf* m, NewParts parts);

// The record of m's external buffer, if it has one, goes: the buffer is about to be freed.
inline void DropExtRecord(mbuf* m) {
  if (!ExtRecorded(m)) return;
  g_held.Drop(m->m_ext.ext_buf);
  m->m_ext.ext_pool &= static_cast<uint16_t>(~kExtRecorded);
}

// Something happened to m, to its external buffer, or m has another external buffer, or none.
void NoteRecorded(const mbuf* m, uint8_t event);
void NoteExtRecorded(const mbuf* m, uint8_t event);
void NoteExtOfRecorded(const mbuf* m, uint8_t event);
inline void Note(const mbuf* m, uint8_t event) {
  if (Recorded(m)) [[unlikely]]
    NoteRecorded(m, event);
}
inline void NoteExt(const mbuf* m, uint8_t event) {
  if (ExtRecorded(m)) [[unlikely]]
    NoteExtRecorded(m, event);
}
inline void NoteExtOf(const mbuf* m, uint8_t event) {
  if (Recorded(m)) [[unlikely]]
    NoteExtOfRecorded(m, event);
}

}  // namespace weir

#endif  // WEIR_CHAIN_RECORD_H_
