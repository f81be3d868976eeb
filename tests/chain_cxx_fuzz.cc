// libFuzzer's way into the differential test of the C++ face. Its corpus is tests/corpus/chain_cxx,
// which chain_cxx_model_test replays.
#include "tests/chain_cxx_ops.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  weir::ByteSource source(data, size);
  weir::RunCxxOps(&source, UINT64_MAX, "this input");
  return 0;
}
