// libFuzzer's way into the differential test of chains. Its corpus is tests/corpus/chain, which
// chain_model_test replays.
#include "tests/chain_ops.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  weir::ByteSource source(data, size);
  weir::RunOps(&source, UINT64_MAX, "this input");
  return 0;
}
