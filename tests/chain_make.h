// Chains of any shape for tests, what they hold, and whether everything came back.
#ifndef WEIR_TESTS_CHAIN_MAKE_H_
#define WEIR_TESTS_CHAIN_MAKE_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

#include "weir/chain/mbuf.h"

namespace weir {

enum class Buffer {
  kSmall,     // the mbuf's own
  kCluster,   // MCLBYTES
  kPage,      // MJUMPAGESIZE
  kJumbo9,    // MJUM9BYTES
  kJumbo16,   // MJUM16BYTES
  kExternal,  // a caller's, 40,000 bytes
  kReadOnly,  // the same with M_RDONLY
};

// One mbuf: `len` bytes of data behind `lead` bytes of room.
struct Piece {
  Buffer buffer = Buffer::kSmall;
  int lead = 0;
  int len = 0;
};

// Letters that differ from their neighbours; chains made later hold others.
std::string Pattern(size_t len);

// A chain of these mbufs, filled with a pattern. A packet has a header with every field set.
mbuf* Chain(std::initializer_list<Piece> pieces);
mbuf* Packet(std::initializer_list<Piece> pieces);

// What the chain holds.
std::string Bytes(const mbuf* m);
std::vector<int> Lengths(const mbuf* m);

// Every byte of the buffers of the chain, data or not: to show that nobody wrote there.
std::string Buffers(const mbuf* m);

// Fails the test unless the chain is sound and holds `bytes`.
void ExpectChain(const mbuf* m, const std::string& bytes);

// Adds a tag whose data is `data`.
void AddTag(mbuf* m, int id, const std::string& data);
// The ids and data of m's tags.
std::string Tags(mbuf* m);

// How many callers' buffers are alive.
int ExternalInUse();

// Runs `attempt` on what `make` returns, with the first allocation (from a zone, or of a tag or
// count) failing, then with the second, and so on until it returns true for success. It must free
// what it owns either way; that nothing leaks is checked after each. Returns how often it failed.
int ForEachFailure(const std::function<mbuf*()>& make, const std::function<bool(mbuf*)>& attempt);

// Checks that a test gives everything back.
class ChainTest : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

 private:
  std::vector<int64_t> before_;
};

}  // namespace weir

#endif  // WEIR_TESTS_CHAIN_MAKE_H_
