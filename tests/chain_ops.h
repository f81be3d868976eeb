// The differential test of the operations on chains: random ones, on a few live chains that share
// buffers, with random allocation failures. After each one every chain must still be what its flat
// model says; so nothing may ever be written through a buffer that another chain shares.
#ifndef WEIR_TESTS_CHAIN_OPS_H_
#define WEIR_TESTS_CHAIN_OPS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tests/byte_source.h"
#include "tests/chain_model.h"

namespace weir {

class ChainOps {
 public:
  // `name` is printed when a chain is not what it should be: how to run this again.
  ChainOps(ByteSource* source, std::string name);
  // Frees the chains, and aborts if anything is left.
  virtual ~ChainOps();

  // One operation and the check of all chains. Aborts, with the last operations, at a difference.
  void Step();

 protected:
  struct Live {
    mbuf* m;
    Flat flat;
  };
  // While it lives, allocations may fail, if this step is one of those.
  class Armed {
   public:
    explicit Armed(ChainOps* ops);
    ~Armed();
  };

  // What the harness of the C++ face does otherwise: an operation; the check of all chains; the
  // first mbuf of each.
  virtual void Operate();
  virtual void Check();
  virtual std::vector<const mbuf*> Heads() const;

  void Make();
  void Free();
  void Prepend();
  void Copy();
  void CopyPacket();
  void Dup();
  void CopyData();
  void Cat();
  void Adj();
  void Pullup();
  void Split();
  void DevGet();
  void CopyBack();
  void Append();
  void Look();
  void WriteInPlace();
  void EditTags();
  void CopyTags();
  void MoveHeader();
  void Demote();
  void EnsureContig();
  void Copyup();
  void Pulldown();
  void Inject();
  void Makespace();
  void StripHdr();
  void Defrag();
  void Collapse();
  void Unshare();
  void MakeWritable();
  void CopyBackCow();
  void GetRoom();
  void FromUio();
  void ToUio();
  void DeepCopy();
  void DupPkt();
  void Zeroize();
  void RemoveExt();
  void ResetHeader();
  void SplitMchain();

  // Copy and DeepCopy; Inject and Makespace.
  void CopyRange(bool deep);
  void OpenGap(bool anywhere);

  // What a copy of [off, off + range) of m holds, to its end with `all`, if a header goes along.
  static Flat Copied(const Flat& flat, const mbuf* m, int off, int range, bool all);
  // What `tail` holds, that was cut off m behind `len` bytes; *flat is then what m holds.
  static Flat CutOff(Flat* flat, const mbuf* m, const mbuf* tail, int len);

  Live& Pick();
  void Add(mbuf* m, Flat flat);
  void Remove(const Live& live);
  // An argument around 0..size, sometimes far outside.
  int Argument(int size);

  void Note(const char* op, int a = 0, int b = 0);
  void Compare(mbuf* m, const Flat& flat);
  void CheckCounts();
  void Expect(bool good, const char* what);
  // That `error` explains why an operation with arguments that are `right` failed.
  void ExpectFailure(bool right, int error);
  [[noreturn]] void Die(const char* why, mbuf* m);

  struct Noted {
    const char* op;
    int a, b;
    bool armed;
  };
  static constexpr uint64_t kNoted = 32;
  static constexpr size_t kMaxLive = 6;
  static constexpr int kMaxSize = 60000;  // a chain that is longer after its step is dropped

  ByteSource* source_;
  std::string name_;
  std::vector<Live> live_;
  bool arm_ = false;  // let allocations fail in this step
  uint64_t steps_ = 0;
  Noted noted_[kNoted] = {};
  int64_t before_[8];
};

// Runs up to `count` operations, or until the source is empty.
template <typename Ops = ChainOps>
void RunOps(ByteSource* source, uint64_t count, const std::string& name) {
  Ops ops(source, name);
  for (uint64_t i = 0; i < count && !source->Empty(); ++i) ops.Step();
}

}  // namespace weir

#endif  // WEIR_TESTS_CHAIN_OPS_H_
