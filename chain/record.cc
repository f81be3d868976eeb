#include "weir/chain/record.h"

#include <algorithm>

#include "weir/alloc/pools.h"
#include "weir/alloc/sampling.h"
#include "weir/alloc/slab.h"
#include "weir/alloc/stack_memo.h"
#include "weir/chain/from.h"
#include "weir/reclaim/futex.h"

namespace weir {

void Record(mbuf* m, NewParts parts) {
  ThreadRecord* t = PoolsOf(m).OwnIfAny();
  if (t == nullptr) return;
  HeldFigures f = {};
  f.pool = m->m_pool;
  f.stands_for = static_cast<uint32_t>(std::max<int64_t>(1, t->rate_seen));
  f.stack = CallingStack(*t);
  f.thread = t->tid.load(std::memory_order_relaxed);  // hint
  f.since_ns = MonotonicNs();
  f.history = kEventAllocated;
  if (parts & kNewCluster) {
    f.object = m->m_ext.ext_buf;
    f.zone = static_cast<uint32_t>(m_extzone(m));
    if (g_held.Add(f) != nullptr) {
      m->m_ext.ext_pool |= kExtRecorded;
      EndPacket(m);
    }
  }
  if (parts & kNewMbuf) {
    f.object = m;
    f.zone = WEIR_ZONE_MBUF;
    f.buffer = m->m_flags & M_EXT ? m->m_ext.ext_buf : nullptr;
    if (g_held.Add(f) != nullptr) m->m_state ^= kMbufRecorded;
  }
}

void NoteRecorded(const mbuf* m, uint8_t event) {
  if (HeldRecord* r = g_held.Find(m)) r->Note(event);
}

void NoteExtRecorded(const mbuf* m, uint8_t event) {
  HeldRecord* r = g_held.Find(m->m_ext.ext_buf);
  if (r == nullptr) return;
  r->Note(event);
  // Where to look up how many share it, if that place is there for good.
  if (g_slabs.Find(m->m_ext.ext_buf) == Slabs::kNone) return;
  r->Refer(ClusterCount(m_extzone(m), m->m_ext.ext_buf));
}

void NoteExtOfRecorded(const mbuf* m, uint8_t event) {
  HeldRecord* r = g_held.Find(m);
  if (r == nullptr) return;
  r->Refer(m->m_flags & M_EXT ? m->m_ext.ext_buf : nullptr);
  r->Note(event);
}

}  // namespace weir
