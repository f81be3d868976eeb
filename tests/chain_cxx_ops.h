// The differential test of the C++ face: what ChainOps does, with the operations of Chain, Cursor,
// Writer, Queue and owners of external memory among those of the BSD face, on the same chains.
#ifndef WEIR_TESTS_CHAIN_CXX_OPS_H_
#define WEIR_TESTS_CHAIN_CXX_OPS_H_

#include <cstddef>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/chain_ops.h"
#include "weir/chain/chain.h"
#include "weir/chain/cursor.h"
#include "weir/chain/queue.h"

namespace weir {

class ChainCxxOps : public ChainOps {
 public:
  using ChainOps::ChainOps;
  ~ChainCxxOps() override;

 protected:
  void Operate() override;
  void Check() override;
  std::vector<const mbuf*> Heads() const override;

 private:
  // A chain that an operation works on, taken from the live ones meanwhile.
  struct Held {
    Chain chain;
    Flat flat;
  };
  struct Line {
    Queue queue;
    std::deque<Flat> packets;
    size_t max_packets = Queue::kNoBound;
    size_t max_bytes = Queue::kNoBound;

    size_t Bytes() const;
    bool Fits(size_t packets, size_t bytes) const;
  };

  void OtherFace() { ChainOps::Operate(); }
  void From();
  void External();
  void Container();
  void OwnedByChain();
  void Move();
  void Inspect();
  void ReadPieces();
  void ReadWithCursor();
  void Find();
  void FillWritable();
  void OverwriteBytes();
  void Headers();
  void Share();
  void CopyAll();
  void SplitAt();
  void AppendChain();
  void AppendBytes();
  void PrependRoom();
  void TrimFront();
  void TrimBack();
  void Coalesce();
  void Reserve();
  void Write();
  void Push();
  void Pop();
  void Splice();
  void Relist();

  // One of the live chains, or now and then one that owns nothing; and back.
  Held Take();
  void Put(Held held);
  void Verify(const Held& held);
  // What `held` became a packet of, if it was a plain chain.
  void MayBePacket(Held* held);
  // Marks in front of all data may go with the mbufs that they were on.
  void MayLoseFirstMark(Held* held);

  // As Argument, for the lengths of this face.
  size_t Amount(size_t size);
  std::string_view Text(int max);
  void NoteSizes(const char* op, size_t a = 0, size_t b = 0);

  // Fills the room and commits a part; `all`: it is all that was reserved.
  void CommitRoom(Held* held, const std::vector<iovec>& room, bool all);
  // One read of the cursor, where `text` is ahead.
  void ReadOnce(Cursor* in, std::string_view text);

  Line lines_[2];
};

// RunOps, and in the end each owner of external memory has ended once.
void RunCxxOps(ByteSource* source, uint64_t count, const std::string& name);

}  // namespace weir

#endif  // WEIR_TESTS_CHAIN_CXX_OPS_H_
