// Operations on packet headers and tags.
#include "tests/chain_ops.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "tests/chain_pieces.h"

namespace weir {

void ChainOps::EditTags() {
  Live& live = Pick();
  int id = static_cast<int>(source_->Below(4)) | (source_->Below(2) ? MTAG_PERSISTENT : 0);
  uint32_t what = source_->Below(8);
  Note("tags", id, static_cast<int>(what));
  std::vector<FlatTag>& tags = live.flat.tags;
  auto same = [&](const FlatTag& t) { return t.id == id && t.cookie == 9; };
  if (what < 4) {
    std::string data(RandomBytes(source_, 40), source_->Below(40));
    m_tag* t = m_tag_alloc(9, id, static_cast<int>(data.size()), M_WAIT);
    memcpy(t + 1, data.data(), data.size());
    bool stored = m_tag_prepend(live.m, t) == 0;
    Expect(stored == live.flat.packet, "tags on packets only");
    if (!stored) return m_tag_free(t);
    tags.insert(tags.begin(), FlatTag{9, id, std::move(data)});
  } else if (what < 7) {
    m_tag* t = m_tag_locate(live.m, 9, id, nullptr);
    auto want = std::find_if(tags.begin(), tags.end(), same);
    Expect((t != nullptr) == (want != tags.end()), "the tag");
    if (t == nullptr) return;
    if (what == 6) {
      m_tag_delete_chain(live.m, t);
      tags.erase(want, tags.end());
    } else {
      m_tag_delete(live.m, t);
      tags.erase(want);
    }
  } else {
    m_tag_delete_nonpersistent(live.m);
    std::erase_if(tags, [](const FlatTag& t) { return !(t.id & MTAG_PERSISTENT); });
  }
}

void ChainOps::CopyTags() {
  Live& to = Pick();
  const Live& from = live_[source_->Below(static_cast<uint32_t>(live_.size()))];
  Note("tag_copy_chain");
  int done;
  {
    Armed armed(this);
    done = m_tag_copy_chain(to.m, from.m, M_DONTWAIT);
  }
  bool right = to.flat.packet && from.flat.packet;
  if (!done) ExpectFailure(right, errno);
  if (!right) return Expect(!done, "EINVAL");
  to.flat.tags = done ? from.flat.tags : std::vector<FlatTag>();
}

// The header moves, or is copied, to a new mbuf in front.
void ChainOps::MoveHeader() {
  Live& live = Pick();
  bool copy = source_->Below(2) == 1;
  Note(copy ? "dup_pkthdr" : "move_pkthdr");
  mbuf* m = m_get(M_WAIT, MT_DATA);
  if (source_->Below(2)) m_clget(m, M_WAIT);
  bool done;
  {
    Armed armed(this);
    done = copy ? m_dup_pkthdr(m, live.m, M_DONTWAIT) == 1 : m_move_pkthdr(m, live.m) == 0;
    if (!done && !copy) errno = EINVAL;
  }
  if (!done) {
    ExpectFailure(live.flat.packet, errno);
    m_free(m);
    return;
  }
  Expect(live.flat.packet, "EINVAL");
  if (copy) m_demote_pkthdr(live.m);
  m->m_flags &= ~M_EOR;
  m->m_next = live.m;
  live.m = m;
}

void ChainOps::ResetHeader() {
  Live& live = Pick();
  if (!source_->OneIn(4)) return;
  Note("resethdr");
  Expect(m_resethdr(live.m) == (live.flat.packet ? 0 : EINVAL), "EINVAL without a header");
  if (!live.flat.packet) return;
  live.flat.header = 0;
  live.flat.flags = 0;
  live.flat.tags.clear();
}

void ChainOps::Demote() {
  Live& live = Pick();
  if (!source_->OneIn(4)) return;
  bool all = source_->Below(2) == 1;
  Note("demote", all);
  if (all) {
    Expect(m_demote(live.m, 1, M_PROTO12) == 0, "0");
    Expect((live.m->m_flags & M_PROTO12) == (live.flat.flags & M_PROTO12), "the flag kept");
    live.m->m_flags &= ~M_PROTO12;
  } else {
    Expect((m_demote_pkthdr(live.m) == 0) == live.flat.packet, "0");
  }
  live.flat.flags = 0;
  live.flat.packet = false;
  live.flat.tags.clear();
}

}  // namespace weir
