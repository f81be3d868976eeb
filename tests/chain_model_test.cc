// Random operations on chains, held against the flat model; and the fuzzer's corpus again.
#include "tests/chain_model_rounds.h"
#include "tests/chain_ops.h"

namespace weir {
namespace {

TEST(ChainModel, RandomOperationsDoWhatTheFlatModelDoes) { RunRandomOperations(RunOps<>); }

TEST(ChainModel, TheCorpusOfTheFuzzerStillPasses) { RunCorpus("tests/corpus/chain", RunOps<>); }

}  // namespace
}  // namespace weir
