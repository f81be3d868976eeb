// What a chain means, flat: its bytes, its header, where records end. The model that the chains of
// the differential test are held against.
#ifndef WEIR_TESTS_CHAIN_MODEL_H_
#define WEIR_TESTS_CHAIN_MODEL_H_

#include <cstdint>
#include <string>
#include <vector>

#include "weir/chain/mbuf.h"

namespace weir {

struct FlatTag {
  uint32_t cookie;
  int id;
  std::string data;
};

struct Flat {
  std::vector<char> bytes;
  std::vector<int> marks;  // M_EOR: how many bytes are before each end of a record; ascending
  bool packet = false;
  uint32_t header = 0;  // every field of the packet header follows from this number
  uint32_t flags = 0;   // those that travel with the header
  std::vector<FlatTag> tags;

  int Size() const { return static_cast<int>(bytes.size()); }

  void SetMarks(const mbuf* m);
  void AddMark(int at);
  bool HasMark(int at) const;
  // Marks up to `end` move there: what was in several mbufs is in one now.
  void MergeMarks(int end);
  // Bytes go away, marks in them move to where they were.
  void RemoveHead(int len);
  void RemoveTail(int len);
  void InsertHead(const char* data, int len);
  // Bytes in the middle; a mark at `at` stays there.
  void Insert(int at, const char* data, int len);
  void Erase(int at, int len);
  // Marks behind `begin` and in front of `end` move to `end`.
  void MergeMarks(int begin, int end);
  // How few mbufs can hold it, records apart, none more than MJUM16BYTES.
  int FewestMbufs() const;
  // Only the header, or [off, off + len) without it; marks inside the range, not at its ends.
  Flat Header() const;
  Flat Range(int off, int len) const;
  void Append(const Flat& other);
};

// Sets all of m's header but len and tags, as Flat::header == id says.
void FillHeader(mbuf* m, uint32_t id);

// Why the chain is not what the model says, or NULL.
const char* Difference(mbuf* m, const Flat& flat);

}  // namespace weir

#endif  // WEIR_TESTS_CHAIN_MODEL_H_
