// Random chains for the differential test, with buffers of every kind, and random bytes to write
// into them.
#ifndef WEIR_TESTS_CHAIN_PIECES_H_
#define WEIR_TESTS_CHAIN_PIECES_H_

#include "tests/byte_source.h"
#include "tests/chain_model.h"

namespace weir {

// `len` arbitrary bytes, that stay what they are; len up to kMaxRandom.
inline constexpr int kMaxRandom = 1 << 17;
const char* RandomBytes(ByteSource* source, int len);

// A chain of 1 to 12 mbufs and its model. Read-only buffers are memory that cannot be written.
mbuf* MakeChain(ByteSource* source, Flat* flat);

// Callers' buffers that are alive.
long CallersBuffers();

}  // namespace weir

#endif  // WEIR_TESTS_CHAIN_PIECES_H_
