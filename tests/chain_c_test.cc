// The public header from C11: chain_c_macros.c does the work.
#include "tests/chain_c_macros.h"
#include "tests/chain_make.h"

namespace weir {
namespace {

class CHeader : public ChainTest {};

TEST_F(CHeader, GetsAndFreesByMacro) { EXPECT_EQ(c_get_and_free(), 0); }
TEST_F(CHeader, PrependsAndCopiesHeadersByMacro) { EXPECT_EQ(c_prepend_and_header(), 0); }
TEST_F(CHeader, AddsExternalStorageByMacro) { EXPECT_EQ(c_external(), 0); }
TEST_F(CHeader, HasTheFieldsAsLvalues) { EXPECT_EQ(c_fields(), 0); }
TEST_F(CHeader, HasTheQueues) { EXPECT_EQ(c_queues(), 0); }
TEST_F(CHeader, HasUiosAndMchains) { EXPECT_EQ(c_uio_and_mchain(), 0); }
TEST_F(CHeader, HasTheOperationsOfTheThreeBsds) { EXPECT_EQ(c_chains(), 0); }

}  // namespace
}  // namespace weir
