// Room reserved behind a chain, filled and committed.
#include <cerrno>
#include <cstring>
#include <utility>

#include "tests/chain_cxx_ops.h"
#include "tests/chain_pieces.h"
#include "weir/chain/asio.h"

namespace weir {

void ChainCxxOps::CommitRoom(Held* held, const std::vector<iovec>& room, bool all) {
  std::string data;
  for (const iovec& piece : room) {
    Expect(piece.iov_len > 0, "no empty piece");
    int len = static_cast<int>(piece.iov_len);
    const char* from = RandomBytes(source_, len);
    std::memcpy(piece.iov_base, from, piece.iov_len);
    data.append(from, piece.iov_len);
  }
  MayBePacket(held);
  Verify(*held);  // it is not part of the chain yet
  if (all && source_->OneIn(4)) {
    size_t more = data.size() + 1 + (source_->Below(2) ? 0 : size_t{1} << 33);
    errno = 99;
    Expect(!held->chain.commit(more) && errno == EINVAL, "EINVAL");
    Verify(*held);
  }
  size_t n = static_cast<size_t>(source_->Length(static_cast<int>(data.size())));
  NoteSizes("commit", n, data.size());
  Expect(held->chain.commit(n), "success");
  held->flat.bytes.insert(held->flat.bytes.end(), data.begin(),
                          data.begin() + static_cast<long>(n));
  MayBePacket(held);
  const mbuf* m = held->chain.get();
  Expect((m == nullptr) == (held->flat.Size() == 0), "nothing without data");
  if (m == nullptr) held->flat = Flat();
  const mbuf* last = m_last(held->chain.get());
  Expect(last == m || last->m_len > 0 || (last->m_flags & M_EOR), "the rest given back");
}

void ChainCxxOps::Reserve() {
  Held held = Take();
  size_t n = static_cast<size_t>(source_->Length(source_->OneIn(8) ? 30000 : 5000));
  uint32_t entries = source_->Below(2) ? 100 : source_->Below(4);
  bool as_iovec = source_->Below(2) == 1;
  NoteSizes(as_iovec ? "reserve iovec" : "reserve", n, entries);
  std::vector<iovec> room;
  errno = 99;
  if (as_iovec) {
    room.resize(entries);
    int filled;
    {
      Armed armed(this);
      filled = held.chain.reserve(n, room);
    }
    Expect(filled >= 0 && static_cast<uint32_t>(filled) <= entries, "no more entries");
    room.resize(static_cast<size_t>(filled));
  } else {
    Room pieces;
    {
      Armed armed(this);
      pieces = held.chain.reserve(n);
    }
    for (std::span<std::byte> piece : pieces) room.push_back({piece.data(), piece.size()});
    auto buffers = mutable_buffers(pieces);
    auto buffer = buffers.begin();
    for (const iovec& piece : room) {
      boost::asio::mutable_buffer same = *buffer++;
      Expect(same.data() == piece.iov_base && same.size() == piece.iov_len, "the same buffer");
    }
    Expect(buffer == buffers.end(), "no more buffers");
  }
  size_t total = 0;
  for (const iovec& piece : room) total += piece.iov_len;
  if (room.empty() && n > 0 && !(as_iovec && entries == 0)) {
    ExpectFailure(true, errno);
    return Put(std::move(held));
  }
  bool all = !as_iovec || room.size() < entries;
  Expect(total >= n || !all, "as much room");
  if (entries > 0 || !as_iovec) {
    CommitRoom(&held, room, all);
  }
  Put(std::move(held));
}

}  // namespace weir
