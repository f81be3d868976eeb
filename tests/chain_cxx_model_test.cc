// Random operations of the C++ face among those of the other, held against the flat model; and the
// fuzzer's corpus again.
#include "tests/chain_cxx_ops.h"
#include "tests/chain_model_rounds.h"

namespace weir {
namespace {

TEST(ChainCxxModel, RandomOperationsDoWhatTheFlatModelDoes) { RunRandomOperations(RunCxxOps); }

TEST(ChainCxxModel, TheCorpusOfTheFuzzerStillPasses) {
  RunCorpus("tests/corpus/chain_cxx", RunCxxOps);
}

}  // namespace
}  // namespace weir
